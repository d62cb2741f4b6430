"""Each mistake in a cluster on ACK is reported with its key, its value and its fix."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from components.config.load import validate
from tests.unit.clouds.ack_stack import CREATED, EXISTING, ack, gpu, pools, stack
from tests.unit.clouds.mistaken import QuotedCase, assert_quoted
from tests.unit.components.environment import model
from tests.unit.config.mistaken import refused


def vpc(**changes: Any) -> dict[str, Any]:
    return ack(vpc={**CREATED, **changes})


def existing(**changes: Any) -> dict[str, Any]:
    return ack(vpc={**EXISTING, **changes})


MISTAKES: dict[str, QuotedCase] = {
    "no region": (ack(region=None), "region", None, "add the key `region`"),
    "a region by its name": (ack(region="Hangzhou"), "region", "Hangzhou", "as the console"),
    "a version that nobody knows": (ack(version="1.12"), "version", "1.12", '`version: "1.36"`'),
    "a version with its patch": (
        ack(version="1.36.1-aliyun.1"),
        "version",
        "1.36.1-aliyun.1",
        '`version: "1.36"`',
    ),
    "a version without quotes": (ack(version=1.36), "version", "1.36", "in quotes"),
    "no zones": (
        ack(vpc={"kind": "create"}),
        "vpc",
        None,
        "write two zones of the region",
    ),
    "one zone": (vpc(zones=["cn-hangzhou-i"]), "vpc.zones", "cn-hangzhou-i", "cn-hangzhou-j"),
    "a zone twice": (
        vpc(zones=["cn-hangzhou-i", "cn-hangzhou-i"]),
        "vpc.zones",
        "cn-hangzhou-i",
        "cn-hangzhou-j",
    ),
    "too many zones": (
        vpc(zones=[f"cn-hangzhou-{each}" for each in "ghijk"]),
        "vpc.zones",
        "cn-hangzhou-g",
        "cn-hangzhou-j",
    ),
    "a zone of another region": (
        vpc(zones=["cn-hangzhou-i", "cn-beijing-l"]),
        "vpc",
        None,
        "write zones of that region, or change the region",
    ),
    "a zone by its letter": (vpc(zones=["i", "j"]), "vpc", '"i"', "`cn-hangzhou-a`"),
    "an address range that the cloud reserves": (
        vpc(cidr="100.64.0.0/16"),
        "vpc.cidr",
        "100.64.0.0/16",
        "write `10.0.0.0/16`",
    ),
    "a Service range that overlaps the nodes": (
        vpc(cidr="172.16.0.0/12"),
        "",
        None,
        "no address can be both a node's and a Service's",
    ),
    "a Service range that overlaps an existing network": (
        existing(cidr="172.16.0.0/12"),
        "",
        None,
        "write `10.100.0.0/16` in `service_cidr`: no address can be",
    ),
    "a network by its name": (existing(id="prod"), "vpc.id", "prod", "copy it from the console"),
    "a vSwitch by its name": (
        existing(nodes={"cn-hangzhou-i": "a", "cn-hangzhou-j": "vsw-2"}),
        "vpc.nodes.cn-hangzhou-i",
        '"a"',
        "copy it from the console",
    ),
    "nodes in one zone": (
        existing(nodes={"cn-hangzhou-i": "vsw-1"}, pods={"cn-hangzhou-i": "vsw-3"}),
        "vpc",
        None,
        "add a vSwitch in another zone",
    ),
    "pods in other zones": (
        existing(pods={"cn-hangzhou-i": "vsw-3", "cn-hangzhou-k": "vsw-4"}),
        "vpc",
        None,
        "name a vSwitch of cn-hangzhou-j in both",
    ),
    "a public API for everybody": (
        ack(access={"kind": "cidrs", "cidrs": ["0.0.0.0/0"]}),
        "access.cidrs[0]",
        "0.0.0.0/0",
        "name your own ranges",
    ),
    "a public API for nobody": (
        ack(access={"kind": "cidrs", "cidrs": []}),
        "access.cidrs",
        "[]",
        "name at least one",
    ),
    "a private API without a way in": (
        ack(access={"kind": "private"}),
        "access.from",
        None,
        "add the key `from`",
    ),
    "an API by GKE's name": (ack(access={"kind": "dns"}), "access", "dns", "choose one of these"),
    "a key and a KMS instance to make one in": (
        ack(encryption_key="key-1", kms_instance="kst-1"),
        "",
        None,
        "take `kms_instance` out",
    ),
    "a KMS instance by its name": (
        ack(kms_instance="prod"),
        "kms_instance",
        "prod",
        "copy it from the console",
    ),
    "a registry by its address": (
        ack(registry={"instance": "prod-registry.cn-hangzhou.cr.aliyuncs.com"}),
        "registry.instance",
        "prod-registry",
        "copy it from the console",
    ),
    "a log project with capitals": (
        ack(log_project="Slipway_Logs"),
        "log_project",
        "Slipway_Logs",
        "did you mean `slipway-logs`",
    ),
    "a log retention of no days": (ack(log_days=0), "log_days", "0", "write `1`"),
    "a key of another cloud": (
        ack(project="prod"),
        "project",
        "prod",
        "did you mean `log_project`",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_names_key_value_and_fix(name: str) -> None:
    assert_quoted(MISTAKES[name])


@pytest.mark.parametrize(
    "cluster",
    [
        ack(),
        ack(vpc=EXISTING),
        ack(
            region="ap-southeast-1",
            vpc={**CREATED, "zones": ["ap-southeast-1a", "ap-southeast-1c"]},
        ),
        ack(version="1.35"),
        gpu(accelerator={"kind": "nvidia"}),
        gpu(machine_type="ecs.gn7i-c32g1.16xlarge", accelerator={"kind": "nvidia", "count": 2}),
        gpu(machine_type="ecs.gn8is.4xlarge", accelerator={"kind": "nvidia-l20"}, driver="550.90"),
        pools(alternatives=["ecs.g8i.xlarge"], spot={"on_demand": 1}),
    ],
)
def test_a_correct_cluster_is_accepted(cluster: dict[str, Any]) -> None:
    config, mistakes = validate(stack(cluster))
    assert config is not None, [str(each) for each in mistakes]


def test_a_missing_sdk_is_reported_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "pulumi_alicloud" else find_spec(name, *more),
    )
    report = refused(stack())
    assert "slipway:cluster.kind" in report
    assert "requirements-ack.txt" in report


def test_a_bucket_of_another_cloud_needs_credentials() -> None:
    source = {"kind": "s3", "uri": "s3://bucket/models/m"}
    assert "slipway:models.m.source.credentials" in refused(
        stack(models={"m": model(source=source)})
    )
