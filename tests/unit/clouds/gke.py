"""Stack files on GKE, and a mock of Google Cloud."""

from __future__ import annotations

from typing import Any

from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import Cloud, Recording, run
from tests.unit.components.environment import model, stack_file

NUMBER = "123456789012"
#: The ID of the key that the stack makes.
KEY = "cluster-key-id"
CLUSTER = "gcp:container/cluster:Cluster"
POOL = "gcp:container/nodePool:NodePool"


class Gcp(Cloud):
    """Computed outputs, and the project's number."""

    def outputs_of(self, type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        if type_ == CLUSTER:
            return _control_plane(inputs)
        if type_ == "gcp:serviceaccount/account:Account":
            email = "nodes@my-project.iam.gserviceaccount.com"
            return {"email": email, "member": f"serviceAccount:{email}"}
        if type_ == "gcp:projects/serviceIdentity:ServiceIdentity":
            return {"member": f"serviceAccount:agent-of-{inputs['service']}"}
        if type_ == "gcp:artifactregistry/repository:Repository":
            repository = inputs["repositoryId"]
            url = f"us-central1-docker.pkg.dev/my-project/{repository}"
            return {"name": repository, "registryUri": url}
        return {}

    def result_of(self, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
        is_project = function == "gcp:organizations/getProject:getProject"
        return {"number": NUMBER} if is_project else {}


def _control_plane(inputs: dict[str, Any]) -> dict[str, Any]:
    endpoints = inputs["controlPlaneEndpointsConfig"]
    dns_endpoint = {**endpoints["dnsEndpointConfig"], "endpoint": "gke-1a2b.us-central1.gke.goog"}
    return {
        "name": "cluster-control-plane-1a2b3c4",
        "endpoint": "203.0.113.20",
        "masterVersion": "1.35.8-gke.1036000",
        "masterAuth": {**inputs["masterAuth"], "clusterCaCertificate": "Q0E="},
        "privateClusterConfig": {**inputs["privateClusterConfig"], "privateEndpoint": "10.0.0.2"},
        "controlPlaneEndpointsConfig": {**endpoints, "dnsEndpointConfig": dns_endpoint},
    }


DEFAULT = {"machine_type": "e2-standard-4", "min": 1, "max": 3}
GPU = {
    "machine_type": "g2-standard-8",
    "min": 0,
    "max": 2,
    "accelerator": {"kind": "nvidia-l4", "count": 1},
}


def cluster(**changes: Any) -> dict[str, Any]:
    """`slipway:cluster` of kind `gke`. `changes` replace its keys, None removes one."""
    whole = {
        "kind": "gke",
        "project": "my-project",
        "region": "us-central1",
        "vpc": {"kind": "create"},
        "access": {"kind": "dns"},
        "node_pools": {"default": DEFAULT, "gpu": GPU},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def without_gpus(**changes: Any) -> dict[str, Any]:
    """A cluster with the pool `default` alone. `changes` replace its keys."""
    return cluster(**{"node_pools": {"default": DEFAULT}, **changes})


def vpc(**changes: Any) -> dict[str, Any]:
    """A cluster without GPUs whose network has `changes`."""
    return without_gpus(vpc={"kind": "create", **changes})


def pools(**others: Any) -> dict[str, Any]:
    """A cluster with the pool `default` and others."""
    return cluster(node_pools={"default": DEFAULT, **others})


def gpu(**changes: Any) -> dict[str, Any]:
    """A cluster whose pool `gpu` has `changes`."""
    return pools(gpu={**GPU, **changes})


def stack(**changes: Any) -> dict[str, Any]:
    """A stack file with one model in a bucket. `changes` replace keys of the cluster."""
    source = {"kind": "gcs", "uri": "gs://my-models/half_plus_two", "version": 1}
    return stack_file(
        cluster=cluster(**changes), volumes=None, models={"half_plus_two": model(source=source)}
    )


def up(config: dict[str, Any] | None = None, **changes: Any) -> Recording:
    """What `up` registers for `config`, or for `stack(**changes)`."""
    return run(lambda: deploy(load()), config or stack(**changes), cloud=Gcp())


def pool(recording: Recording, name: str) -> dict[str, Any]:
    """The inputs of a node pool."""
    return recording.one("NodePool", f"cluster-{name}").inputs
