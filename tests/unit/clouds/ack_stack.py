"""Stacks on ACK to test with."""

from __future__ import annotations

from typing import Any

from tests.unit.components.environment import model, stack_file

OSS = {
    "kind": "oss",
    "uri": "oss://bucket/models/half_plus_two",
    "endpoint": "https://oss-cn-hangzhou-internal.aliyuncs.com",
}
CREATED = {
    "kind": "create",
    "cidr": "10.0.0.0/16",
    "zones": ["cn-hangzhou-i", "cn-hangzhou-j"],
}
EXISTING = {
    "kind": "existing",
    "id": "vpc-1",
    "cidr": "192.168.0.0/16",
    "nodes": {"cn-hangzhou-i": "vsw-1", "cn-hangzhou-j": "vsw-2"},
    "pods": {"cn-hangzhou-i": "vsw-3", "cn-hangzhou-j": "vsw-4"},
}
CIDRS = {"kind": "cidrs", "cidrs": ["203.0.113.0/24"]}
PRIVATE = {"kind": "private", "from": ["10.8.0.0/24"]}
DEFAULT = {"machine_type": "ecs.g7.xlarge", "min": 1, "max": 4}
GPU = {
    "machine_type": "ecs.gn7i-c8g1.2xlarge",
    "min": 0,
    "max": 2,
    "accelerator": {"kind": "nvidia-a10"},
}


def ack(**changes: Any) -> dict[str, Any]:
    """`slipway:cluster`; `changes` replace keys, None takes one out."""
    whole = {
        "kind": "ack",
        "region": "cn-hangzhou",
        "vpc": CREATED,
        "access": CIDRS,
        "node_pools": {"default": DEFAULT, "gpu": GPU},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def pools(**changes: Any) -> dict[str, Any]:
    """The same with another `default` pool."""
    return ack(node_pools={"default": {**DEFAULT, **changes}})


def gpu(**changes: Any) -> dict[str, Any]:
    """The same with another `gpu` pool."""
    one = {key: value for key, value in {**GPU, **changes}.items() if value is not None}
    return ack(node_pools={"default": DEFAULT, "gpu": one})


def stack(cluster: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A whole stack file: one model in a bucket."""
    return stack_file(
        **{
            "cluster": cluster or ack(),
            "gateway": {"kind": "nginx", "host": "models.example.com"},
            "volumes": None,
            "models": {"half_plus_two": model(source=OSS)},
            **changes,
        }
    )
