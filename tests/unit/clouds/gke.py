"""Stack files on GKE, and what Google Cloud answers."""

from __future__ import annotations

from typing import Any

from components.config.load import load
from components.stack import deploy
from tests.unit.components import engine
from tests.unit.components.engine import Recording
from tests.unit.components.environment import model, stack_file

NUMBER = "123456789012"
CLUSTER = "gcp:container/cluster:Cluster"
POOL = "gcp:container/nodePool:NodePool"


def _control_plane(inputs: dict[str, Any]) -> dict[str, Any]:
    endpoints = inputs["controlPlaneEndpointsConfig"]
    by_name = {**endpoints["dnsEndpointConfig"], "endpoint": "gke-1a2b.us-central1.gke.goog"}
    return {
        "name": "cluster-control-plane-1a2b3c4",
        "endpoint": "203.0.113.20",
        "masterVersion": "1.35.8-gke.1036000",
        "masterAuth": {**inputs["masterAuth"], "clusterCaCertificate": "Q0E="},
        "privateClusterConfig": {**inputs["privateClusterConfig"], "privateEndpoint": "10.0.0.2"},
        "controlPlaneEndpointsConfig": {**endpoints, "dnsEndpointConfig": by_name},
    }


engine.CALLS["gcp:organizations/getProject:getProject"] = {"number": NUMBER}
engine.ANSWERS |= {
    CLUSTER: _control_plane,
    "gcp:serviceaccount/account:Account": lambda inputs: {
        "email": "nodes@my-project.iam.gserviceaccount.com",
        "member": "serviceAccount:nodes@my-project.iam.gserviceaccount.com",
    },
    "gcp:projects/serviceIdentity:ServiceIdentity": lambda inputs: {
        "member": f"serviceAccount:agent-of-{inputs['service']}"
    },
    "gcp:artifactregistry/repository:Repository": lambda inputs: {
        "name": inputs["repositoryId"],
        "registryUri": f"us-central1-docker.pkg.dev/my-project/{inputs['repositoryId']}",
    },
}

DEFAULT = {"machine_type": "e2-standard-4", "min": 1, "max": 3}
GPU = {
    "machine_type": "g2-standard-8",
    "min": 0,
    "max": 2,
    "accelerator": {"kind": "nvidia-l4", "count": 1},
}


def cluster(**changes: Any) -> dict[str, Any]:
    """`slipway:cluster`; `changes` replace its keys, None takes one out."""
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


def stack(**changes: Any) -> dict[str, Any]:
    """A stack file on GKE whose model is read from a bucket; `changes` replace keys of the
    cluster."""
    source = {"kind": "gcs", "uri": "gs://my-models/half_plus_two", "version": 1}
    return stack_file(
        cluster=cluster(**changes), volumes=None, models={"half_plus_two": model(source=source)}
    )


def up(config: dict[str, Any] | None = None, **changes: Any) -> Recording:
    """What `up` registers of `config`, or of `stack(**changes)`."""
    return engine.run(lambda: deploy(load()), config or stack(**changes))
