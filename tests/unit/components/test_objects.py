"""How many Kubernetes objects a model takes, with everything on that makes one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from components import registry
from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import model, stack_file

MOST = 10
LISTED = Path(__file__).parents[3] / "docs" / "objects.md"
#: What each runtime has beyond its least that makes an object more.
MORE: dict[str, dict[str, Any]] = {"custom": {"environment": {"TOKEN": {"secret": "hub"}}}}
BALANCER = {"kind": "load_balancer", "port": 9090}
COMBINATIONS = list(product(registry.RUNTIMES.kinds(), registry.SOURCES.kinds()))


def least(area: str, kind: str) -> dict[str, Any]:
    """The example in a kind's options."""
    extra = registry.AREAS[area].options(kind).model_config["json_schema_extra"]
    found: dict[str, Any] = extra["examples"][0]
    return found


def up(runtime: str, source: str, **options: Any) -> Recording:
    served = model(
        **least("runtimes", runtime) | MORE.get(runtime, {}),
        source=least("sources", source),
        replicas=2,
        **options,
    )
    volumes = {"models": {"size": "1Gi", "access_mode": "ReadWriteMany"}}
    config = stack_file(models={"m": served}, volumes=volumes, secrets={"hub": "t0ken"})
    return run(lambda: deploy(load()), config, secret_keys=("secrets",))


def own(recording: Recording) -> list[str]:
    """The kinds of the model's own objects."""
    return sorted(
        each.kind
        for each in recording.of_package("kubernetes")
        if each.name.startswith("m-") and not each.read
    )


@pytest.mark.parametrize(("runtime", "source"), COMBINATIONS)
def test_a_model_with_everything_on_takes_ten_objects_at_most(runtime: str, source: str) -> None:
    # One is left for the autoscaler.
    assert 5 <= len(own(up(runtime, source))) < MOST


@pytest.mark.parametrize(("runtime", "source"), COMBINATIONS)
def test_an_exposed_model_takes_no_more(runtime: str, source: str) -> None:
    exposed = own(up(runtime, source, expose=BALANCER))
    assert len(exposed) < len(own(up(runtime, source)))
    assert exposed.count("Service") == 2
    assert "Ingress" not in exposed


def listed() -> Mapping[str, str]:
    """Kinds and when there is one, as the documentation lists them."""
    rows = re.findall(r"^\| (\w+) +\| (.+?) +\|$", LISTED.read_text(), re.MULTILINE)
    return dict(rows)


def test_the_documentation_lists_every_kind_of_object() -> None:
    made = {
        kind
        for (runtime, source), options in product(COMBINATIONS, ({}, {"expose": BALANCER}))
        for kind in own(up(runtime, source, **options))
    }
    assert made <= listed().keys()
