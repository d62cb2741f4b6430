"""The same models on every kind of cluster."""

from __future__ import annotations

from typing import Any

import pytest

from components import registry
from components.config.load import load
from components.stack import deploy
from tests.unit.clouds import ack_stack, aws, gke
from tests.unit.clouds.every import CLOUDS
from tests.unit.clouds.platform_stack import CLUSTER, Platform
from tests.unit.components.engine import Cloud, Recording, run
from tests.unit.components.environment import model, stack_file

PVC = {"kind": "pvc", "claim": "models", "path": "half_plus_two"}
MODELS = {
    "half_plus_two": model(source=PVC, replicas={"min": 1, "max": 3}),
    "cifar10": {
        "runtime": "triton",
        "source": {**PVC, "path": "triton/cifar10"},
        "accelerator": {"kind": "nvidia"},
    },
}
_GPUS = {
    "gpu": {
        "accelerator": {"kind": "nvidia-l4"},
        "labels": {"pool": "gpu"},
        "taints": ["nvidia.com/gpu=present:NoSchedule"],
    }
}
CLUSTERS: dict[str, dict[str, Any]] = {
    "ack": ack_stack.ack(),
    "eks": aws.cluster(node_pools=aws.BOTH_POOLS),
    "existing": {"kind": "existing", "node_pools": _GPUS},
    "gke": gke.cluster(),
    "local": {"kind": "local", "node_pools": _GPUS},
    "reference": {**CLUSTER, "node_pools": _GPUS},
}


def up(kind: str) -> Recording:
    config = stack_file(cluster=CLUSTERS[kind], models=MODELS)
    cloud = Platform({"kind": "eks", "name": "platform"}, CLOUDS.get(kind, Cloud()))
    return run(lambda: deploy(load()), config, cloud=cloud)


def served(recording: Recording) -> dict[str, Any]:
    """The parts of the models' objects that do not depend on the kind of cluster."""
    parts = {}
    for name in ("half-plus-two", "cifar10"):
        pod = recording.one("Deployment", f"{name}-server").inputs["spec"]["template"]["spec"]
        parts[name] = {key: pod[key] for key in ("containers", "securityContext", "volumes")}
        parts[f"{name} ports"] = recording.one("Service", f"{name}-service").inputs["spec"]["ports"]
        (grpc,) = recording.one("Ingress", f"{name}-route-grpc").inputs["spec"]["rules"]
        parts[f"{name} route"] = grpc["http"]["paths"][0]["path"]
    return parts


def test_all_kinds_of_clusters_are_tested() -> None:
    assert sorted(CLUSTERS) == registry.CLUSTERS.kinds()


@pytest.mark.parametrize("kind", CLUSTERS)
def test_the_same_models_are_served_on_every_kind_of_cluster(kind: str) -> None:
    local, other = up("local"), up(kind)
    assert served(other) == served(local)
    assert other.outputs["endpoints"].keys() == local.outputs["endpoints"].keys() == MODELS.keys()
    pod = other.one("Deployment", "cifar10-server").inputs["spec"]["template"]["spec"]
    assert [each["key"] for each in pod["tolerations"]] == ["nvidia.com/gpu"]
    assert pod["affinity"]["nodeAffinity"]
