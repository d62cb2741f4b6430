"""New kinds that consist only of this file and a registry line each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import pulumi
import pytest

from components import plan, registry, schema
from components.config.addon_options import METRICS_API, AddonOptions, Capability, Evidence
from components.config.load import load
from components.config.model_options import ModelOptions, SourceOptions
from components.config.options import example
from components.contracts.addon import AddonArgs
from components.contracts.identity import NO_IDENTITY, BucketAccess, Identity
from components.contracts.source import ModelFiles, SourceArgs
from components.kubernetes.object import Fields, KubernetesObject
from components.protocols import OPEN_INFERENCE_V2
from components.runtimes.operator import OperatorRuntime
from components.runtimes.server_spec import ServerSpec
from components.sources.volume import own_volume
from components.stack import deploy
from components.workload import Workload
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import stack_file
from tests.unit.components.throw_away_runtime import PLAIN, Plain

ROOT = Path(__file__).parents[3]
_PROBE: Fields = {"tcpSocket": {"port": "rest"}}
ECHOES = Capability("echoes")


class EchoAddonOptions(AddonOptions):
    """An operator that makes echoes."""

    provides: ClassVar[frozenset[Capability]] = frozenset({ECHOES})
    requires: ClassVar[frozenset[Capability]] = frozenset({METRICS_API})
    evidence: ClassVar[Evidence] = Evidence(
        "apiextensions.k8s.io/v1", "CustomResourceDefinition", "echoes.example.com"
    )

    kind: Literal["echo-operator"] = "echo-operator"
    volume: int = 1
    """How loud it is"""


class EchoAddon(pulumi.ComponentResource):
    """The operator's definition."""

    def __init__(
        self,
        name: str,
        options: EchoAddonOptions,
        args: AddonArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("test:addons:Echo", name, None, opts)
        api, kind, crd = EchoAddonOptions.evidence.__dict__.values()
        fields = {"metadata": {"name": crd, "labels": {"volume": str(options.volume)}}}
        child = pulumi.ResourceOptions(parent=self)
        self.ready = [KubernetesObject(f"{name}-crd", api, kind, fields, child)]
        self.register_outputs({})


class OperatedOptions(ModelOptions):
    """A server that the operator runs."""

    model_config = example(runtime="operated")
    runtime: Literal["operated"]

    @property
    def requires(self) -> Mapping[Capability, str]:
        return {ECHOES: "runtime"}

    def server_image(self) -> str:
        return self.image or "example/operated:1"


class Operated(OperatorRuntime):
    """One custom resource."""

    kind = "operated"
    api_version = "example.com/v1"
    object_kind = "Echo"

    def program(self, files: Mapping[str, ModelFiles]) -> ServerSpec:
        (of_model,) = files.values()
        return ServerSpec(
            command=None,
            arguments=[of_model.path],
            protocol=OPEN_INFERENCE_V2,
            grpc_port=9000,
            rest_port=8080,
            startup_probe=_PROBE,
            readiness_probe=_PROBE,
            liveness_probe=_PROBE,
            cpu=("10m", "1"),
            memory=("32Mi", "64Mi"),
        )

    def manifest(self, pods: Workload) -> Fields:
        return {"template": pods.template()}

    def service(self, server: KubernetesObject) -> pulumi.Output[str]:
        return pulumi.Output.concat(server.name, "-predictor")


class MemoryOptions(SourceOptions):
    """A source without options."""

    model_config = example(kind="memory")
    kind: Literal["memory"]


class MemorySource:
    """An empty directory."""

    bucket_access: tuple[BucketAccess, ...] = ()

    def __init__(self, options: MemoryOptions, args: SourceArgs) -> None:
        self._model = args.model

    def files(self, at: str | None, identity: Identity = NO_IDENTITY) -> ModelFiles:
        return own_volume(self._model, at, {"emptyDir": {"sizeLimit": "1Mi"}})


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    for area, kind, options, component in (
        (registry.ADDONS, "echo-operator", "EchoAddonOptions", "EchoAddon"),
        (registry.RUNTIMES, "operated", "OperatedOptions", "Operated"),
        (registry.SOURCES, "memory", "MemoryOptions", "MemorySource"),
    ):
        line = registry.Kind(f"{__name__}:{options}", f"{__name__}:{component}")
        monkeypatch.setitem(area.entries, kind, line)
    monkeypatch.setitem(registry.RUNTIMES.entries, "plain", PLAIN)


def up(**changes: Any) -> Recording:
    return run(lambda: deploy(load()), stack_file(**changes))


def test_a_deployment_runtime_and_a_source_are_deployed_and_reached() -> None:
    recording = up(models={"m": {"runtime": "plain", "source": {"kind": "memory"}}})
    (container,) = recording.one("Deployment", "m-server").inputs["spec"]["template"]["spec"][
        "containers"
    ]
    assert container["image"] == "example/plain:1"
    assert recording.outputs["endpoints"]["m"]["runtime"] == "plain"


def test_a_server_gets_the_secrets_that_its_models_name_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Plain, "secrets", {})
    plain = {"runtime": "plain", "source": {"kind": "memory"}}
    config = stack_file(
        models={"a": {**plain, "environment": {"TOKEN": {"secret": "hub"}}}, "b": plain},
        secrets={"hub": "s3cr3t-t0ken", "other": "0ther-s3cr3t"},
    )
    run(lambda: deploy(load()), config, secret_keys=("secrets",))
    assert Plain.secrets == {"a": {"hub"}, "b": set()}


def test_an_operator_runtime_depends_on_its_add_on_and_on_what_that_requires() -> None:
    recording = up(models={"m": {"runtime": "operated", "source": {"kind": "memory"}}})
    server = recording.one("Echo", "m-server")
    assert server.inputs["metadata"]["annotations"] == {"pulumi.com/waitFor": "condition=Ready"}
    template = server.inputs["spec"]["template"]
    policy = recording.one("NetworkPolicy", "m-callers").inputs["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    assert "echo-operator-crd" in recording.needs(server)
    assert "metrics-server-api" in recording.needs(recording.one("CustomResourceDefinition"))
    assert recording.one("Ingress", "m-route-grpc").dependencies
    assert recording.outputs["endpoints"]["m"]["protocol"] == "open-inference-v2"
    assert recording.of("Deployment", "m-server") == []


def test_the_stack_file_configures_the_add_on_or_adopts_it() -> None:
    loud = up(models={}, addons={"echo-operator": {"volume": 11}})
    assert loud.one("CustomResourceDefinition").inputs["metadata"]["labels"] == {"volume": "11"}
    adopted = up(models={}, addons={"echo-operator": {"kind": "present"}})
    found = adopted.one("CustomResourceDefinition")
    assert (found.read, found.inputs["id"]) == (True, "echoes.example.com")
    assert adopted.of("APIService") == [], "what the cluster has needs nothing more"


def test_a_misspelt_option_of_the_add_on_is_reported_with_its_key() -> None:
    with pytest.raises(pulumi.RunError) as refused:
        up(addons={"echo-operator": {"volum": 2}})
    assert "slipway:addons.echo-operator.volum is `2`" in str(refused.value)
    assert "did you mean `volume`?" in str(refused.value)


def test_the_schema_and_the_table_of_needs_know_every_kind() -> None:
    known = json.dumps(schema.schema())
    for kind in ("echo-operator", "plain", "operated", "memory"):
        assert f'"{kind}"' in known
    assert "| `echo-operator` | echoes | metrics API (metrics.k8s.io) |" in plan.needs_table()
    assert '"echo-operator" -> "metrics-server"' in plan.needs_drawing()


def test_every_capability_that_an_add_on_requires_is_provided_by_one() -> None:
    every = [registry.ADDONS.options(name) for name in registry.ADDONS.kinds()]
    assert set().union(*(each.requires for each in every)) <= set().union(
        *(each.provides for each in every)
    )
