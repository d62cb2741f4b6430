"""The policy pack beside checkov itself: what it asks, and what it says of the same resources."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any

import checkov.terraform.runner  # noqa: F401 (which registers the checks)
import pytest
from checkov.common.checks_infra.registry import get_graph_checks_registry
from checkov.common.models.enums import CheckResult
from checkov.terraform.checks.resource.registry import resource_registry

from policy.rules import LEFT_OUT, RULES
from tests.unit.policy.cases import CASES, GOOD_TOO, Case
from tests.unit.policy.resources import GOOD

#: Terraform's name of each type. checkov has nothing for ACK's managed clusters: what it asks of
#: those whose control plane is one's own is asked of them, too.
TERRAFORM = {
    "aws:eks/cluster:Cluster": "aws_eks_cluster",
    "aws:eks/nodeGroup:NodeGroup": "aws_eks_node_group",
    "aws:ec2/launchTemplate:LaunchTemplate": "aws_launch_template",
    "gcp:container/cluster:Cluster": "google_container_cluster",
    "gcp:container/nodePool:NodePool": "google_container_node_pool",
    "alicloud:cs/managedKubernetes:ManagedKubernetes": "alicloud_cs_kubernetes",
    "alicloud:cs/nodePool:NodePool": "alicloud_cs_kubernetes_node_pool",
}
ABOUT = re.compile(
    r"aws_eks_.*|aws_launch_(template|configuration)|google_container_(cluster|node_pool)"
    r"|alicloud_cs_.*"
)
#: Where the pack means something else, by what it asks of a resource that has this property.
DIFFERENCES = {
    ("CKV_AWS_58", "encryptionConfig.provider"): "checkov does not ask by which key",
    ("CKV_GCP_12", "a good cluster"): "checkov sees Dataplane V2 only beside a `network_policy`",
    ("CKV_GCP_70", "releaseChannel.channel"): "checkov takes the channel UNSPECIFIED for one",
    ("CKV_GCP_64", "privateClusterConfig.enablePrivateNodes"): "checkov does not look inside",
    ("CKV_GCP_20", "GKE, DNS endpoint only"): "checkov knows no endpoint without an address",
    ("CKV_GCP_69", "GKE, all nodes in pools of their own"): "checkov asks a cluster without nodes",
}


def _graph_types(check: Any) -> Iterator[str]:
    yield from check.resource_types or ()
    yield from check.connected_resources_types or ()
    for each in check.sub_checks:
        yield from _graph_types(each)


def _ids() -> set[str]:
    found = {
        check.id
        for type, checks in resource_registry.checks.items()
        if ABOUT.fullmatch(type)
        for check in checks
    }
    # A wildcard would be about them as well.
    assert not any(resource_registry.wildcard_checks.values())
    graph = get_graph_checks_registry("terraform")
    graph.load_checks()
    about = [check for check in graph.checks if any(map(ABOUT.fullmatch, _graph_types(check)))]
    return found | {check.id for check in about}


def test_every_check_of_checkov_is_a_rule_or_is_left_out_for_a_reason() -> None:
    ours = {rule.id for rule in RULES if rule.id.startswith("CKV")}
    assert _ids() == ours | LEFT_OUT.keys()


def _hcl(properties: dict[str, Any]) -> dict[str, Any]:
    """Properties as checkov hands Terraform's to its checks."""
    found = {_snake(key): _values(value) for key, value in properties.items()}
    if "user_data" in found:
        found["user_data"] = [base64.b64decode(properties["userData"]).decode()]
    if "vswitch_ids" in found:
        found["worker_vswitch_ids"] = found["master_vswitch_ids"] = found["vswitch_ids"]
    if "node_pools" in found:
        found["node_pool"] = found.pop("node_pools")
    return found


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _values(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [_hcl(value)]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_hcl(each) for each in value]
    if value in ("true", "false"):
        return [value == "true"]
    return [value]


def _says(rule: str, type: str, properties: dict[str, Any]) -> CheckResult:
    terraform = TERRAFORM[type]
    (check,) = (each for each in resource_registry.get_checks(terraform) if each.id == rule)
    return check.scan_entity_conf(_hcl(properties), terraform)


def _compared(type: str) -> list[str]:
    return [rule.id for rule in RULES if type in rule.types and rule.id.startswith("CKV_")]


@pytest.mark.parametrize(
    ("rule", "type"), [(rule, type) for type in GOOD for rule in _compared(type)]
)
def test_checkov_passes_a_good_resource(rule: str, type: str) -> None:
    said = _says(rule, type, GOOD[type])
    assert (said is CheckResult.PASSED) is ((rule, "a good cluster") not in DIFFERENCES)


@pytest.mark.parametrize("name", GOOD_TOO)
def test_checkov_passes_the_other_ways_to_be_good(name: str) -> None:
    type, properties = GOOD_TOO[name]
    asked = [rule.id for rule in RULES if rule.id in _compared(type) and not rule.opt_in]
    failed = {id for id in asked if _says(id, type, properties) is CheckResult.FAILED}
    ours = {id for id in asked if (id, "a good cluster") in DIFFERENCES and name != "GKE, Calico"}
    assert failed - ours == {id for id in asked if (id, name) in DIFFERENCES}


@pytest.mark.parametrize("case", [each for each in CASES if each.rule.startswith("CKV_")], ids=str)
def test_checkov_fails_what_breaks_the_rule(case: Case) -> None:
    said = _says(case.rule, case.type, case.properties())
    assert (said is CheckResult.FAILED) is ((case.rule, case.path) not in DIFFERENCES)
