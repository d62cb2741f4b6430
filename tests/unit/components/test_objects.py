"""How many Kubernetes objects a model takes if all options are set that add one."""

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
from tests.unit.components.environment import MOST_OBJECTS, model, stack_file

LISTED = Path(__file__).parents[3] / "docs" / "objects.md"
#: Options of every runtime that add an object: a Secret, a HorizontalPodAutoscaler and a
#: PodDisruptionBudget.
MORE: dict[str, Any] = {
    "environment": {"TOKEN": {"secret": "hub"}},
    "replicas": {"min": 1, "max": 5},
}
#: Options of one runtime that add an object: a ConfigMap.
MORE_OF_ONE: dict[str, dict[str, Any]] = {"triton": {"versions": "all"}}
BALANCER = {"kind": "load_balancer", "port": 9090}
COMBINATIONS = list(product(registry.RUNTIMES.kinds(), registry.SOURCES.kinds()))


def least(area: str, kind: str) -> dict[str, Any]:
    """The example in a kind's options."""
    extra = registry.AREAS[area].options(kind).model_config["json_schema_extra"]
    found: dict[str, Any] = extra["examples"][0]
    return found


def up(runtime: str, source: str, **options: Any) -> Recording:
    served = model(
        **least("runtimes", runtime) | MORE | MORE_OF_ONE.get(runtime, {}),
        source=least("sources", source),
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
def test_a_model_takes_eleven_objects_only_with_a_configuration_file_a_secret_and_a_volume(
    runtime: str, source: str
) -> None:
    found = own(up(runtime, source))
    assert {"Secret", "HorizontalPodAutoscaler", "PodDisruptionBudget"} <= set(found)
    assert ("ConfigMap" in found) == (runtime in ("tfserving", "triton"))
    assert ("PersistentVolume" in found) == (source in ("nfs", "oss"))
    has_most = {"ConfigMap", "PersistentVolume"} <= set(found)
    assert len(found) == MOST_OBJECTS if has_most else len(found) < MOST_OBJECTS


def test_the_documentation_has_the_most_objects_of_a_model() -> None:
    assert MOST_OBJECTS == 11
    most = "at most ten, or eleven if it has a configuration file, a secret variable, and a source"
    assert f"{most} of kind `nfs` or `oss`" in LISTED.read_text()


@pytest.mark.parametrize(("runtime", "source"), COMBINATIONS)
def test_an_exposed_model_takes_no_more(runtime: str, source: str) -> None:
    exposed = own(up(runtime, source, expose=BALANCER))
    assert len(exposed) < len(own(up(runtime, source)))
    assert exposed.count("Service") == 2
    assert "Ingress" not in exposed


def listed() -> Mapping[str, str]:
    """Kinds and their conditions, as the documentation lists them."""
    rows = re.findall(r"^\| (\w+) +\| (.+?) +\|$", LISTED.read_text(), re.MULTILINE)
    return dict(rows)


def test_the_documentation_lists_every_kind_of_object() -> None:
    kinds = {
        kind
        for (runtime, source), options in product(COMBINATIONS, ({}, {"expose": BALANCER}))
        for kind in own(up(runtime, source, **options))
    }
    assert kinds <= listed().keys()
