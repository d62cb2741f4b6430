"""Stack files on ACK, and a mock of Alibaba Cloud."""

from __future__ import annotations

from typing import Any

from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import Cloud, Recording, run
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
CLUSTER, POOL, DISKS = "ManagedKubernetes", "NodePool", "StorageClass"
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
    """`slipway:cluster` of kind `ack`. `changes` replace its keys, None removes one."""
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
    """A cluster whose `default` pool has `changes`."""
    return ack(node_pools={"default": {**DEFAULT, **changes}})


def gpu(**changes: Any) -> dict[str, Any]:
    """A cluster whose `gpu` pool has `changes`, None removes a key."""
    pool = {key: value for key, value in {**GPU, **changes}.items() if value is not None}
    return ack(node_pools={"default": DEFAULT, "gpu": pool})


def stack(cluster: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A stack file with one model in a bucket. `changes` replace its keys."""
    return stack_file(
        **{
            "cluster": cluster or ack(),
            "gateway": {"kind": "nginx", "host": "models.example.com"},
            "volumes": None,
            "models": {"half_plus_two": model(source=OSS)},
            **changes,
        }
    )


#: A kubeconfig with credentials that must not be kept.
KUBECONFIG = """
clusters:
- cluster: {server: "https://unused", certificate-authority-data: QVVUSE9SSVRZ}
users:
- user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}
"""
ACCOUNT = "1234567890123456"
OIDC_PROVIDER = f"acs:ram::{ACCOUNT}:oidc-provider/ack-rrsa-c1"
OIDC_ISSUER = "https://oidc-ack.example.com/c1"
#: Outputs that the cloud computes, by type. `{name}` is the resource's name.
_COMPUTED: dict[str, dict[str, Any]] = {
    "cs/managedKubernetes:ManagedKubernetes": {
        "rrsaMetadata": {
            "enabled": True,
            "rrsaOidcIssuerUrl": OIDC_ISSUER,
            "ramOidcProviderArn": OIDC_PROVIDER,
            "ramOidcProviderName": "ack-rrsa-c1",
        },
    },
    "nlb/loadBalancer:LoadBalancer": {"dnsName": "{name}.nlb.example.com"},
    "ecs/eipAddress:EipAddress": {"ipAddress": "203.0.113.9"},
    "vpc/natGateway:NatGateway": {"snatTableIds": "stb-1"},
    "nas/mountTarget:MountTarget": {"mountTargetDomain": "1-abc.cn-hangzhou.nas.aliyuncs.com"},
    "ram/role:Role": {"arn": f"acs:ram::{ACCOUNT}:role/{{name}}"},
}


class Alibaba(Cloud):
    """Computed outputs, and the answers to functions."""

    def outputs_of(self, type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        computed = _COMPUTED.get(type_.removeprefix("alicloud:"), {})
        return {
            key: value.format(name=name) if isinstance(value, str) else value
            for key, value in computed.items()
        }

    def result_of(self, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answers = {
            "alicloud:cs/getClusterCredential:getClusterCredential": {
                "clusterId": "c1",
                "kubeConfig": KUBECONFIG,
                "id": "c1",
            },
            "alicloud:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT},
        }
        return answers.get(function, {})


def up(cluster: dict[str, Any] | None = None, **changes: Any) -> Recording:
    """What `up` registers for `stack(cluster, **changes)`. `preview` and `address` are passed to
    `run`."""
    settings = {key: changes.pop(key) for key in ("preview", "address") if key in changes}
    return run(lambda: deploy(load()), stack(cluster, **changes), cloud=Alibaba(), **settings)
