"""Clusters on the clouds that are accepted, and that have every key between them."""

from __future__ import annotations

from typing import Any

from tests.unit.clouds import ack_stack, aws, gke

POOL = {
    "min": 1,
    "max": 3,
    "spot": {"on_demand": 1},
    "labels": {"team": "a"},
    "taints": ["team=a:PreferNoSchedule"],
    "disk": "200Gi",
}


def whole_eks() -> dict[str, Any]:
    web = {
        **POOL,
        "machine_type": "m7i.large",
        "zones": ["eu-central-1a"],
        "image_family": "BOTTLEROCKET",
    }
    gpu = {**aws.GPU_POOL, "gpu_driver": "device-plugin"}
    return aws.cluster(
        name="models",
        version="1.35",
        vpc={**aws.VPC, "cidr": "10.0.0.0/16", "nat": "one"},
        service_cidr="172.21.0.0/16",
        encryption_key=aws.KEY,
        deletion_protection=False,
        node_pools={"default": aws.DEFAULT_POOL, "web": web, "gpu": gpu},
        dns={"zone": "example.com"},
        administrators={"me": "arn:aws:iam::111122223333:role/platform"},
        autoscaler="none",
        shared_storage=True,
        internal_load_balancers=True,
        repositories=["models"],
        container_logs=False,
        log_retention_days=30,
    )


def whole_gke() -> dict[str, Any]:
    web = {
        **POOL,
        "machine_type": "e2-standard-4",
        "zones": ["us-central1-a"],
        "image_family": "UBUNTU_CONTAINERD",
        "disk_type": "pd-ssd",
    }
    return gke.cluster(
        version="1.35",
        vpc={
            "kind": "create",
            "cidr": "10.0.0.0/16",
            "zones": ["us-central1-a", "us-central1-b"],
            "pods": "10.4.0.0/14",
        },
        service_cidr="172.21.0.0/16",
        access={"kind": "private", "from": ["10.9.0.0/24"]},
        encryption_key="projects/p/locations/us-central1/keyRings/r/cryptoKeys/k",
        deletion_protection=False,
        node_pools={
            "default": gke.DEFAULT,
            "web": web,
            "gpu": {**gke.GPU, "gpu_driver": "latest"},
        },
        dns={"zone": "example.com", "managed_zone": "example-com"},
        channel="stable",
        maintenance={"days": ["SA", "SU"], "start": "03:00", "hours": 8},
        security_group="gke-security-groups@example.com",
        filestore_tier="enterprise",
    )


def whole_ack() -> dict[str, Any]:
    gpu = {
        **ack_stack.GPU,
        "driver": "550.144.03",
        "gpu_driver": "device-plugin",
        "alternatives": ["ecs.gn7i-c16g1.4xlarge"],
        "upgrade": True,
    }
    web = {**POOL, "machine_type": "ecs.g7.xlarge", "zones": ["cn-hangzhou-i"]}
    return ack_stack.ack(
        version="1.36",
        service_cidr="172.21.0.0/16",
        kms_instance="kst-1",
        deletion_protection=False,
        node_pools={"default": ack_stack.DEFAULT, "gpu": gpu, "web": web},
        dns={"zone": "example.com"},
        log_project="slipway-logs",
        log_days=30,
        registry={"instance": "cri-1", "namespaces": ["models"]},
        shared_storage=True,
    )
