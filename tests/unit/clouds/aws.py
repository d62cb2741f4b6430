"""Stack files on EKS, and a mock of AWS."""

from __future__ import annotations

import json
from typing import Any

from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import Cloud, Recording, Resource, run
from tests.unit.components.environment import model, stack_file

ACCOUNT = "111122223333"
BALANCER = {"hostname": "gateway-0a1b.elb.eu-central-1.amazonaws.com"}
ZONES = ("eu-central-1a", "eu-central-1b")
VPC = {"kind": "create", "zones": list(ZONES)}
DEFAULT_POOL: dict[str, Any] = {"machine_type": "m7i.large", "max": 3}
GPU_POOL: dict[str, Any] = {
    "machine_type": "g6.xlarge",
    "accelerator": {"kind": "nvidia-l4"},
    "min": 0,
    "max": 2,
}

S3 = {"kind": "s3", "uri": "s3://example-models/team/half_plus_two", "version": 1}
BOTH_POOLS = {"default": DEFAULT_POOL, "gpu": GPU_POOL}
PRIVATE = {"kind": "private", "from": ["10.9.0.0/24", "fd00::/64"]}
EXISTING = {
    "kind": "existing",
    "id": "vpc-0a1b2c3d",
    "private_subnets": {zone: f"subnet-0000000{at}" for at, zone in enumerate(ZONES)},
}
KEY = "arn:aws:kms:eu-central-1:111122223333:key/0a1b"


def cluster(**changes: Any) -> dict[str, Any]:
    """`slipway:cluster` of kind `eks`. `changes` replace its keys, None removes one."""
    whole = {
        "kind": "eks",
        "region": "eu-central-1",
        "vpc": VPC,
        "access": {"kind": "cidrs", "cidrs": ["203.0.113.0/24"]},
        "node_pools": {"default": DEFAULT_POOL},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


def pools(**others: Any) -> dict[str, Any]:
    """A cluster with the pool `default` and others."""
    return cluster(node_pools={"default": DEFAULT_POOL, **others})


def pool(**changes: Any) -> dict[str, Any]:
    """A cluster with a second pool `web`, which has `changes`."""
    return pools(web={**DEFAULT_POOL, **changes})


def gpu(**changes: Any) -> dict[str, Any]:
    """A cluster whose pool `gpu` has `changes`."""
    return pools(gpu={**GPU_POOL, **changes})


class Aws(Cloud):
    """Computed outputs such as names and ARNs, and the answers to functions."""

    def outputs_of(self, type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        package, _, kind = type_.rpartition(":")
        if not package.startswith("aws:"):
            return {}
        service = package.removeprefix("aws:").partition("/")[0]
        resource_name = inputs.get("name") or f"{name}-1a2b3c4"
        region = "" if service == "iam" else "eu-central-1"
        outputs: dict[str, Any] = {
            "name": resource_name,
            "arn": f"arn:aws:{service}:{region}:{ACCOUNT}:{kind.lower()}/{resource_name}",
        }
        if type_ == "aws:eks/cluster:Cluster":
            outputs |= {
                "endpoint": "https://0A1B2C.gr7.eu-central-1.eks.amazonaws.com",
                "certificateAuthority": {"data": "Q0E="},
                "vpcConfig": {**inputs["vpcConfig"], "clusterSecurityGroupId": "sg-0c1u57e4"},
            }
        if type_ == "aws:ec2/launchTemplate:LaunchTemplate":
            outputs["latestVersion"] = 1
        if type_ == "aws:ecr/repository:Repository":
            registry = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com"
            outputs["repositoryUrl"] = f"{registry}/{resource_name}"
        return outputs

    def result_of(self, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answers = {
            "aws:route53/getZone:getZone": {"zoneId": "Z0ZONE", "id": "Z0ZONE"},
            "aws:lb/getHostedZoneId:getHostedZoneId": {"id": "Z3BALANCER"},
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT},
        }
        return answers.get(function, {})


def up(preview: bool = False, **changes: Any) -> Recording:
    """What `up` registers. `changes` replace keys of the cluster, or `models`, `volumes` and `gateway`
    of the stack."""
    stack = {"volumes": None, "models": {"half_plus_two": model(source=S3)}}
    stack |= {key: changes.pop(key) for key in ("models", "volumes", "gateway") if key in changes}
    return run(
        lambda: deploy(load()),
        stack_file(cluster=cluster(**changes), **stack),
        address=BALANCER,
        cloud=Aws(),
        preview=preview,
    )


def statements(resource: Resource, key: str = "policy") -> list[dict[str, Any]]:
    """The statements of the policy document in the input `key`."""
    document: list[dict[str, Any]] = json.loads(resource.inputs[key])["Statement"]
    return document
