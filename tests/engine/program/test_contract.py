"""Every runtime with every source, with a fixed and a scaled number of pods, on a real API server:
strict validation, and Pod Security *restricted* without a warning. The kinds are those of the
registry."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from components import registry
from tests.engine.apiserver import ApiServer
from tests.engine.program.dry_run import check_accepted, objects_of
from tests.unit.components.environment import MOST_OBJECTS, stack_file
from tests.unit.components.throw_away_runtime import PLAIN

SCALING: dict[str, Any] = {
    "fixed": 2,
    "scaled": {
        "min": 1,
        "max": 5,
        "cpu": 70,
        "memory": 80,
        "scale_up": {"policies": [{"type": "Pods", "value": 1, "period_seconds": 60}]},
        "scale_down": {"stabilization_window_seconds": 600, "select_policy": "Min"},
    },
}


def least(area: str, kind: str) -> dict[str, Any]:
    """The smallest valid options of a kind: the example in its options."""
    options = registry.AREAS[area].options(kind)
    extra = options.model_config.get("json_schema_extra", {})
    assert "examples" in extra, f"{area}: the options of `{kind}` have no `example(...)`"
    found: dict[str, Any] = extra["examples"][0]
    return found


def combinations() -> list[tuple[str, str, str]]:
    return list(product(registry.RUNTIMES.kinds(), registry.SOURCES.kinds(), SCALING))


def check(cluster: ApiServer, runtime: str, source: str, scaling: str) -> None:
    model = {
        **least("runtimes", runtime),
        "source": least("sources", source),
        "replicas": SCALING[scaling],
    }
    existing = {"kind": "existing", "kubeconfig": str(cluster.kubeconfig)}
    metrics = "metrics-server" if scaling == "scaled" else None
    stack = stack_file(cluster=existing, models={"half_plus_two": model}, metrics=metrics)
    resources = objects_of(stack)
    own = [each.name for each in resources if each.name.startswith("half-plus-two-")]
    assert 4 <= len(own) <= MOST_OBJECTS, own
    check_accepted(cluster, resources)


@pytest.mark.parametrize(("runtime", "source", "scaling"), combinations())
def test_the_api_accepts_every_object_without_a_warning(
    restricted: ApiServer, runtime: str, source: str, scaling: str
) -> None:
    check(restricted, runtime, source, scaling)


def test_a_new_runtime_is_checked_by_its_registry_line_alone(
    restricted: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.RUNTIMES.entries, "plain", PLAIN)
    of_plain = [each for each in combinations() if each[0] == "plain"]
    assert of_plain
    for each in of_plain:
        check(restricted, *each)
