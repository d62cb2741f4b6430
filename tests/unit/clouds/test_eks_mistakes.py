"""Each mistake in a cluster on EKS is reported with its key and its fix, without AWS' SDK."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components.config.load import validate
from tests.unit.clouds.aws import EXISTING, VPC, cluster, gpu
from tests.unit.clouds.mistaken import GATEWAY, Case, assert_reported
from tests.unit.components.environment import model, stack_file

ROOT = Path(__file__).parents[3]


def access(kind: str, **more: Any) -> dict[str, Any]:
    return cluster(access={"kind": kind, **more})


MISTAKES: dict[str, Case] = {
    "a region that does not exist": (
        cluster(region="eu-central-9"),
        "region",
        "write `eu-central-2`, `eu-central-1`, `eu-north-1`",
    ),
    "a zone as a region": (cluster(region="eu-central-1a"), "region", "`eu-central-1`"),
    "a version that is gone": (cluster(version="1.29"), "version", '`version: "1.36"`'),
    "a version as a number": (cluster(version=1.35), "version", "put the value in quotes"),
    "a patch version": (cluster(version="1.36.3"), "version", "a minor version"),
    "no network": (cluster(vpc=None), "vpc", "add the key `vpc`"),
    "a network of no kind": (cluster(vpc={"zones": []}), "vpc", "choose one of these"),
    "a network of an unknown kind": (
        cluster(vpc={**VPC, "kind": "unknown"}),
        "vpc",
        "one of `create` or `existing`",
    ),
    "one zone": (
        cluster(vpc={**VPC, "zones": ["eu-central-1a"]}),
        "vpc.zones",
        "EKS needs two at least",
    ),
    "the same zone twice": (
        cluster(vpc={**VPC, "zones": ["eu-central-1a"] * 2}),
        "vpc.zones",
        "two or three different zones",
    ),
    "no zones": (cluster(vpc={"kind": "create"}), "vpc.zones", "add the key `zones`"),
    "zones of another region": (
        cluster(vpc={**VPC, "zones": ["eu-west-1a", "eu-west-1b"]}),
        "",
        "write `[eu-central-1a, eu-central-1b]` in `vpc.zones`",
    ),
    "zones by their letters": (cluster(vpc={**VPC, "zones": ["a", "b"]}), "", "`eu-central-1a`"),
    "public addresses for nodes": (
        cluster(vpc={**VPC, "cidr": "203.0.113.0/20"}),
        "vpc.cidr",
        "write `10.0.0.0/16`",
    ),
    "a public address range": (
        cluster(vpc={**VPC, "cidr": "8.8.0.0/16"}),
        "vpc.cidr",
        "a private IPv4 range",
    ),
    "a small network": (
        cluster(vpc={**VPC, "cidr": "10.0.0.0/24"}),
        "vpc.cidr",
        "write `10.0.0.0/16`",
    ),
    "Services in the network's range": (
        cluster(service_cidr="10.0.0.0/16"),
        "",
        "no address can be both",
    ),
    "a large range for Services": (
        cluster(service_cidr="10.0.0.0/8"),
        "service_cidr",
        "/12 to /24",
    ),
    "a VPC by its name": (cluster(vpc={**EXISTING, "id": "production"}), "vpc.id", "vpc-0a1b"),
    "one private subnet": (
        cluster(vpc={**EXISTING, "private_subnets": {"eu-central-1a": "subnet-0000000a"}}),
        "vpc.private_subnets",
        "in two zones at least",
    ),
    "a subnet by its ARN": (
        cluster(
            vpc={
                **EXISTING,
                "private_subnets": {
                    "eu-central-1a": "arn:aws:ec2:subnet/subnet-0a",
                    "eu-central-1b": "subnet-0000000b",
                },
            }
        ),
        "vpc.private_subnets.eu-central-1a",
        "a subnet's id",
    ),
    "subnets of another region": (
        cluster(
            vpc={
                **EXISTING,
                "private_subnets": {
                    "us-east-1a": "subnet-0000000a",
                    "us-east-1b": "subnet-0000000b",
                },
            }
        ),
        "",
        "zones of the region `eu-central-1`",
    ),
    "no access to the API": (cluster(access=None), "access", "add the key `access`"),
    "a public API for nobody": (access("cidrs", cidrs=[]), "access.cidrs", "name at least one"),
    "a public API without ranges": (access("cidrs"), "access.cidrs", "add the key `cidrs`"),
    "a public API for everybody": (
        access("cidrs", cidrs=["0.0.0.0/0"]),
        "access.cidrs[0]",
        "name your own ranges, or choose a private endpoint",
    ),
    "a public API for half of everybody": (
        access("cidrs", cidrs=["128.0.0.0/1"]),
        "access.cidrs[0]",
        "your own ranges",
    ),
    "a public API for everybody by IPv6": (
        access("cidrs", cidrs=["::/0"]),
        "access.cidrs[0]",
        "your own ranges",
    ),
    "a private API without a way in": (access("private"), "access.from", "add the key `from`"),
    "a private API for nobody": (access("private", **{"from": []}), "access.from", "at least one"),
    "a way in by Google's DNS": (access("dns"), "access", "one of `cidrs` or `private`"),
    "a key that is misspelt": (
        access("cidrs", cidr=["1.2.3.4/32"]),
        "access.cidrs",
        "add the key",
        "access.cidr",
    ),
    "an alias of a key": (
        cluster(encryption_key="alias/production"),
        "encryption_key",
        "not an alias'",
    ),
    "an administrator's session": (
        cluster(administrators={"me": "arn:aws:sts::111122223333:assumed-role/platform/me"}),
        "administrators.me",
        "the role's own ARN",
    ),
    "a retention that CloudWatch does not offer": (
        cluster(log_retention_days=100),
        "log_retention_days",
        "write `120`",
    ),
    "an unknown autoscaler": (
        cluster(autoscaler="karpentr"),
        "autoscaler",
        "write `karpenter`",
    ),
    "a DNS zone by its ID": (cluster(dns={"zone": "Z0123"}), "dns.zone", "a host name"),
    "a key of another cloud": (cluster(project="my-project"), "project", "take `project` out"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_with_its_key_and_its_fix(name: str) -> None:
    assert_reported(MISTAKES[name])


def test_a_correct_cluster_is_accepted() -> None:
    config, mistakes = validate({**stack_file(volumes=None, models={}), "cluster": gpu()})
    assert config and not mistakes


def test_a_shared_volume_needs_a_file_system() -> None:
    volumes = {"models": {"size": "1Gi", "access_mode": "ReadWriteMany"}}
    _, mistakes = validate({**stack_file(volumes=volumes), "cluster": cluster()})
    (mistake,) = mistakes
    assert mistake.path == "slipway:volumes.models"
    assert "write `shared_storage: true` in `slipway:cluster`" in str(mistake)
    for more in ({"shared_storage": True}, {}):
        named = {} if more else {"storage_class": "fast"}
        changed = {"models": {**volumes["models"], **named}}
        config, _ = validate({**stack_file(volumes=changed), "cluster": cluster(**more)})
        assert config


@pytest.mark.parametrize(
    ("host", "accepted"),
    [
        ("models.example.com", True),
        ("example.com", True),
        ("models.example.org", False),
        (None, False),
    ],
)
def test_a_dns_zone_needs_a_host_in_it(host: str | None, accepted: bool) -> None:
    gateway = {key: value for key, value in (GATEWAY | {"host": host}).items() if value}
    config, mistakes = validate(
        {
            **stack_file(models={}),
            "gateway": gateway,
            "cluster": cluster(dns={"zone": "example.com"}),
        }
    )
    assert bool(config) is accepted
    assert [each.path for each in mistakes] == ([] if accepted else ["slipway:gateway.host"])


def test_a_model_in_cloud_storage_needs_credentials() -> None:
    gcs = {"kind": "gcs", "uri": "gs://bucket/model"}
    _, mistakes = validate({**stack_file(models={"m": model(source=gcs)}), "cluster": cluster()})
    assert [each.path for each in mistakes] == ["slipway:models.m.source.credentials"]


def test_a_mistake_is_reported_without_loading_amazon_s_sdk() -> None:
    program = (
        "import sys\n"
        "from components.config.load import validate\n"
        "from tests.unit.components.environment import stack_file\n"
        "config, mistakes = validate({**stack_file(models={}), 'cluster': {'kind': 'eks'}})\n"
        "print(len(mistakes) > 2, [name for name in sys.modules if name.startswith('pulumi_aws')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True []"
