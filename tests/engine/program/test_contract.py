"""Every runtime with every source, fixed and scaled, before a real API server: strict validation,
and Pod Security *restricted* without a warning. A kind joins by its registry line."""

from __future__ import annotations

from itertools import product
from typing import Any, Literal

import pytest

from components import registry
from components.config.model_options import ModelOptions
from components.config.options import example
from components.contracts.source import ModelFiles
from components.protocols import TENSORFLOW_SERVING
from components.runtimes.deployment import DeploymentRuntime
from components.runtimes.server_spec import ServerSpec
from tests.engine.apiserver import ApiServer
from tests.engine.program.shown import shown_to, written
from tests.unit.components.environment import stack_file

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
#: "With everything on" (docs/objects.md).
MOST_OBJECTS = 10


def least(area: str, kind: str) -> dict[str, Any]:
    """The example in a kind's options: what a stack file has to say at least."""
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
    reached = {"kind": "existing", "kubeconfig": str(cluster.kubeconfig)}
    metrics = "metrics-server" if scaling == "scaled" else None
    stack = stack_file(cluster=reached, models={"half_plus_two": model}, metrics=metrics)
    resources = written(stack)
    own = [each.name for each in resources if each.name.startswith("half-plus-two-")]
    assert 4 <= len(own) <= MOST_OBJECTS, own
    shown_to(cluster, resources)


@pytest.mark.parametrize(("runtime", "source", "scaling"), combinations())
def test_the_api_takes_every_object_and_has_nothing_to_warn_of(
    restricted: ApiServer, runtime: str, source: str, scaling: str
) -> None:
    check(restricted, runtime, source, scaling)


class EchoOptions(ModelOptions):
    """A runtime of this test."""

    model_config = example(runtime="echo")
    runtime: Literal["echo"]

    def server_image(self) -> str:
        return self.image or "example/echo:1"


class Echo(DeploymentRuntime):
    """A runtime that is nothing but its file and a registry line."""

    kind = "echo"

    def program(self, files: Any) -> ServerSpec:
        (model,) = files.values()
        assert isinstance(model, ModelFiles)
        probe = {"tcpSocket": {"port": "rest"}}
        return ServerSpec(
            command=None,
            arguments=[model.path],
            protocol=TENSORFLOW_SERVING,
            grpc_port=None,
            rest_port=8080,
            startup_probe=probe,
            readiness_probe=probe,
            liveness_probe=probe,
            cpu=("10m", "1"),
            memory=("32Mi", "64Mi"),
        )


def test_a_new_runtime_is_checked_by_its_registry_line_alone(
    restricted: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = registry.Kind(f"{__name__}:EchoOptions", f"{__name__}:Echo")
    monkeypatch.setitem(registry.RUNTIMES.entries, "echo", line)
    joined = [one for one in combinations() if one[0] == "echo"]
    assert joined
    for one in joined:
        check(restricted, *one)
