"""What AWS answers."""

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
    """`slipway:cluster` of kind `eks`; None takes a key out."""
    whole = {
        "kind": "eks",
        "region": "eu-central-1",
        "vpc": VPC,
        "access": {"kind": "cidrs", "cidrs": ["203.0.113.0/24"]},
        "node_pools": {"default": DEFAULT_POOL},
        **changes,
    }
    return {key: value for key, value in whole.items() if value is not None}


class Aws(Cloud):
    """Names, ARNs, and what EKS says of a cluster."""

    def outputs_of(self, type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        package, _, kind = type_.rpartition(":")
        if not package.startswith("aws:"):
            return {}
        service = package.removeprefix("aws:").partition("/")[0]
        named = inputs.get("name") or f"{name}-1a2b3c4"
        region = "" if service == "iam" else "eu-central-1"
        found: dict[str, Any] = {
            "name": named,
            "arn": f"arn:aws:{service}:{region}:{ACCOUNT}:{kind.lower()}/{named}",
        }
        if type_ == "aws:eks/cluster:Cluster":
            found |= {
                "endpoint": "https://0A1B2C.gr7.eu-central-1.eks.amazonaws.com",
                "certificateAuthority": {"data": "Q0E="},
                "vpcConfig": {**inputs["vpcConfig"], "clusterSecurityGroupId": "sg-0c1u57e4"},
            }
        if type_ == "aws:ec2/launchTemplate:LaunchTemplate":
            found["latestVersion"] = 1
        if type_ == "aws:ecr/repository:Repository":
            found["repositoryUrl"] = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/{named}"
        return found

    def result_of(self, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answers = {
            "aws:route53/getZone:getZone": {"zoneId": "Z0ZONE", "id": "Z0ZONE"},
            "aws:lb/getHostedZoneId:getHostedZoneId": {"id": "Z3BALANCER"},
            "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": ACCOUNT},
        }
        return answers.get(function, {})


def up(preview: bool = False, **changes: Any) -> Recording:
    """A stack with `changes` of its cluster; `models` and `volumes` are the stack's."""
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
    found: list[dict[str, Any]] = json.loads(resource.inputs[key])["Statement"]
    return found
