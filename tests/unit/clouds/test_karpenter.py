"""Karpenter on EKS: which nodes are its own, what it may do, and in which order it goes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from components.clusters.eks.karpenter.chart import values
from components.clusters.eks.options import EksOptions
from components.clusters.eks.versions import KARPENTER
from components.images import Images
from local.toolchain import pins
from tests.unit.clouds.aws import BOTH_POOLS, DEFAULT_POOL, S3, cluster, up
from tests.unit.clouds.checklist import Property, assert_missed
from tests.unit.components.engine import Recording, Resource
from tests.unit.components.environment import model

SPOT = {"machine_type": "m7i.large", "min": 2, "max": 5, "spot": {"on_demand": 1}}


def made(pools: dict[str, Any], **changes: Any) -> Recording:
    return up(autoscaler="karpenter", node_pools=pools, **changes)


def sizes(recording: Recording) -> dict[str, tuple[str, int, int]]:
    return {
        each.name.removeprefix("cluster-nodes-"): (
            each.inputs["capacityType"],
            each.inputs["scalingConfig"]["minSize"],
            each.inputs["scalingConfig"]["maxSize"],
        )
        for each in recording.of("NodeGroup")
    }


def pool(recording: Recording, name: str) -> dict[str, Any]:
    (found,) = [each for each in recording.of("NodePool") if each.name.endswith(f"-{name}")]
    spec: dict[str, Any] = found.inputs["spec"]
    return spec


def statements(recording: Recording) -> list[dict[str, Any]]:
    policy = recording.one("RolePolicy", "cluster-karpenter-role-nodes").inputs["policy"]
    found: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return found


def test_the_fewest_nodes_of_a_pool_are_managed_and_the_others_karpenter_s() -> None:
    recording = made({**BOTH_POOLS, "burst": SPOT})
    assert sizes(recording) == {
        "default": ("ON_DEMAND", 1, 1),
        "burst-spot": ("SPOT", 1, 1),
        "burst-floor": ("ON_DEMAND", 1, 1),
    }
    limits = [pool(recording, name)["limits"]["nodes"] for name in ("default", "burst", "gpu")]
    assert limits == ["2", "3", "2"]


@pytest.mark.parametrize("family", ["AL2023", "BOTTLEROCKET"])
def test_a_pool_s_machines_have_together_the_disks_of_as_many_as_it_may_have(family: str) -> None:
    burst = {**SPOT, "disk": "200Gi", "image_family": family}
    recording = made({"default": DEFAULT_POOL, "burst": burst})
    assert pool(recording, "burst")["limits"]["ephemeral-storage"] == "600Gi"


def test_a_pool_of_a_fixed_number_is_managed_alone() -> None:
    recording = made({"default": {**DEFAULT_POOL, "min": 3, "max": 3}})
    assert sizes(recording) == {"default": ("ON_DEMAND", 3, 3)}
    assert not recording.of("NodePool")


def test_a_number_that_nothing_else_changes_is_up_s_to_say() -> None:
    (group,) = made({"default": DEFAULT_POOL}).of("NodeGroup")
    assert group.ignore_changes == []


def test_its_nodes_are_those_of_the_pool() -> None:
    recording = made(
        {
            **BOTH_POOLS,
            "burst": {
                **SPOT,
                "labels": {"team": "vision"},
                "taints": ["team=vision:NoSchedule", "slow:PreferNoSchedule"],
                "zones": ["eu-central-1b"],
                "image_family": "BOTTLEROCKET",
                "disk": "200Gi",
            },
        }
    )
    template = pool(recording, "burst")["template"]
    assert template["metadata"]["labels"] == {"slipway/node-pool": "burst", "team": "vision"}
    assert template["spec"]["taints"] == [
        {"key": "team", "value": "vision", "effect": "NoSchedule"},
        {"key": "slow", "effect": "PreferNoSchedule"},
    ]
    assert {each["key"]: each["values"] for each in template["spec"]["requirements"]} == {
        "node.kubernetes.io/instance-type": ["m7i.large"],
        "karpenter.sh/capacity-type": ["spot"],
    }
    spec = recording.one("EC2NodeClass", "cluster-karpenter-burst-class").inputs["spec"]
    assert spec["amiSelectorTerms"] == [{"alias": "bottlerocket@latest"}]
    assert spec["subnetSelectorTerms"] == [{"id": "cluster-network-private-eu-central-1b-id"}]
    sizes_of_disks = [each["ebs"]["volumeSize"] for each in spec["blockDeviceMappings"]]
    assert sizes_of_disks == ["4Gi", "200Gi"]
    gpu = pool(recording, "gpu")["template"]["spec"]
    assert gpu["taints"] == [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]


def test_a_model_with_a_gpu_runs_on_nodes_that_karpenter_makes() -> None:
    recording = made(BOTH_POOLS, models={"m": model(source=S3, accelerator={"kind": "nvidia-l4"})})
    spec = recording.one("Deployment", "m-server").inputs["spec"]["template"]["spec"]
    (term,) = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    (wanted,) = term["matchExpressions"]
    labels = pool(recording, "gpu")["template"]["metadata"]["labels"]
    assert labels[wanted["key"]] in wanted["values"]


def begins(with_: str) -> Callable[[Any], bool]:
    return lambda value: str(value).startswith(with_)


CLASS = "EC2NodeClass"
SECURE = [
    Property(CLASS, "spec.metadataOptions.httpTokens", "required"),
    Property(CLASS, "spec.metadataOptions.httpPutResponseHopLimit", 1),
    Property(CLASS, "spec.associatePublicIPAddress", False),
    Property(CLASS, "spec.blockDeviceMappings.*.ebs.encrypted", True),
    Property(CLASS, "spec.blockDeviceMappings.*.ebs.kmsKeyID", begins("arn:aws:kms:")),
    Property(CLASS, "spec.securityGroupSelectorTerms.*.id", "sg-0c1u57e4"),
    Property(CLASS, "spec.instanceProfile", begins("cluster-karpenter-nodes")),
]


@pytest.mark.parametrize("wanted", SECURE, ids=str)
def test_its_nodes_are_as_secure_as_managed_ones(wanted: Property) -> None:
    recording = made(BOTH_POOLS)
    assert len(recording.of(CLASS)) == 2
    assert wanted.holds(recording.resources)
    assert_missed(wanted, recording.resources)


def test_it_changes_only_machines_that_it_made_for_this_cluster() -> None:
    writes = ("Run", "Create", "Terminate", "Delete")
    for each in statements(made(BOTH_POOLS)):
        if any(action.partition(":")[2].startswith(writes) for action in each["Action"]):
            if each["Action"][0].startswith(("sqs:", "kms:")):
                assert each["Resource"].startswith("arn:aws:")
                continue
            told = each.get("Condition", {}).get("StringEquals", {})
            owned = [key for key in told if key.endswith("/kubernetes.io/cluster/slipway-dev")]
            given = {part.split(":")[-1].split("/")[0] for part in each["Resource"]}
            assert owned or given <= {"image", "snapshot", "security-group", "subnet"}, each


def test_it_hands_its_nodes_one_role_and_makes_no_profiles() -> None:
    found = statements(made(BOTH_POOLS))
    (passed,) = [each for each in found if each["Action"] == ["iam:PassRole"]]
    assert ":role/cluster-karpenter-node-role" in passed["Resource"]
    actions = {action for each in found for action in each["Action"]}
    assert {each for each in actions if each.startswith("iam:")} == {
        "iam:PassRole",
        "iam:GetInstanceProfile",
        "iam:ListInstanceProfiles",
    }


def test_a_role_of_aws_that_starts_machines_may_use_the_key_where_it_starts_any() -> None:
    def launchers(recording: Recording) -> list[str]:
        found = json.loads(recording.one("Key").inputs["policy"])["Statement"]
        (said,) = [each for each in found if "aws:PrincipalArn" in json.dumps(each)]
        return [each.split("/")[2] for each in said["Condition"]["ArnLike"]["aws:PrincipalArn"]]

    assert launchers(up()) == ["autoscaling.amazonaws.com"]
    assert launchers(made(BOTH_POOLS)) == [
        "autoscaling.amazonaws.com",
        "ec2fleet.amazonaws.com",
        "spot.amazonaws.com",
    ]


def test_it_hears_of_every_interruption_and_only_its_rules_write_to_the_queue() -> None:
    recording = made(BOTH_POOLS)
    rules = recording.of("EventRule")
    assert len(rules) == len(recording.of("EventTarget")) == 5
    assert recording.one("Queue").inputs["sqsManagedSseEnabled"] is True
    sends, denied = json.loads(recording.one("QueuePolicy").inputs["policy"])["Statement"]
    assert len(sends["Condition"]["ArnEquals"]["aws:SourceArn"]) == 5
    assert denied["Effect"] == "Deny"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def of_the_models(recording: Recording) -> list[Resource]:
    """What is on the cluster, but for Karpenter itself."""
    return [
        each
        for each in recording.of_package("kubernetes")
        if each.custom and "karpenter" not in each.name
    ]


def test_models_go_before_its_nodes_and_those_before_it() -> None:
    recording = made(BOTH_POOLS)
    pools = {each.name for each in recording.of("NodePool")}
    assert pools == {"cluster-karpenter-default", "cluster-karpenter-gpu"}
    (providers,) = {each.provider.rpartition("::")[0] for each in of_the_models(recording)}
    assert providers.endswith("::cluster-provider")
    assert pools <= recording.needs(recording.one("kubernetes", "cluster-provider"))
    for each in recording.of("NodePool"):
        assert {
            f"{each.name}-class",
            "cluster-karpenter-chart",
            "cluster-karpenter-identity",
            "cluster-karpenter-role-nodes",
            "cluster-karpenter-nodes-entry",
            "cluster-karpenter-interruptions-policy",
        } <= recording.needs(each)


def test_there_is_none_where_the_stack_does_not_ask_for_it() -> None:
    recording = up(node_pools=BOTH_POOLS)
    assert not [each.name for each in recording.resources if "karpenter" in each.name]


def said(**changes: Any) -> dict[str, Any]:
    options = EksOptions.model_validate(cluster(autoscaler="karpenter", **changes))
    return values(options, "c", "q", Images("mirror.example.com", "IfNotPresent"))


@pytest.mark.parametrize(
    ("pools", "replicas"),
    [
        ({"default": DEFAULT_POOL}, 1),
        ({"default": {**DEFAULT_POOL, "min": 2}}, 2),
        ({"a": DEFAULT_POOL, "b": DEFAULT_POOL}, 2),
        ({"a": DEFAULT_POOL, "b": {**DEFAULT_POOL, "taints": ["a=b:NoSchedule"]}}, 1),
    ],
)
def test_a_second_replica_has_a_node_to_run_on(pools: dict[str, Any], replicas: int) -> None:
    assert said(node_pools=pools)["replicas"] == replicas


def test_it_is_tested_in_the_version_that_is_deployed() -> None:
    assert f"v{KARPENTER}" == pins.KARPENTER


def test_its_image_comes_from_the_mirror_and_its_chart_from_the_repository_of_charts() -> None:
    assert said()["controller"]["image"] == {
        "repository": "mirror.example.com/karpenter/controller",
        "tag": "1.14.1",
        "digest": "",
    }
    assert Images().chart("a", "oci://up.example.com/x") == ("oci://up.example.com/x/a", None)
    mirrored = Images(charts="https://charts.example.com")
    assert mirrored.chart("a", "oci://up.example.com/x") == ("a", "https://charts.example.com")
