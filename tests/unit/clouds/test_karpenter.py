"""Karpenter on EKS: its nodes, its permissions, and the order of its resources."""

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
from tests.unit.clouds.checklist import Property, assert_removal_detected
from tests.unit.components.engine import Recording, Resource
from tests.unit.components.environment import model

SPOT = {"machine_type": "m7i.large", "min": 2, "max": 5, "spot": {"on_demand": 1}}


def karpenter_up(pools: dict[str, Any], **changes: Any) -> Recording:
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
    (node_pool,) = [each for each in recording.of("NodePool") if each.name.endswith(f"-{name}")]
    spec: dict[str, Any] = node_pool.inputs["spec"]
    return spec


def statements(recording: Recording) -> list[dict[str, Any]]:
    policy = recording.one("RolePolicy", "cluster-karpenter-role-nodes").inputs["policy"]
    document: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return document


def test_the_minimum_of_a_pool_is_managed_and_karpenter_makes_the_others() -> None:
    recording = karpenter_up({**BOTH_POOLS, "burst": SPOT})
    assert sizes(recording) == {
        "default": ("ON_DEMAND", 1, 1),
        "burst-spot": ("SPOT", 1, 1),
        "burst-floor": ("ON_DEMAND", 1, 1),
    }
    limits = [pool(recording, name)["limits"]["nodes"] for name in ("default", "burst", "gpu")]
    assert limits == ["2", "3", "2"]


@pytest.mark.parametrize("family", ["AL2023", "BOTTLEROCKET"])
def test_the_storage_limit_of_a_pool_is_that_of_its_most_nodes(family: str) -> None:
    burst = {**SPOT, "disk": "200Gi", "image_family": family}
    recording = karpenter_up({"default": DEFAULT_POOL, "burst": burst})
    assert pool(recording, "burst")["limits"]["ephemeral-storage"] == "600Gi"


def test_a_pool_of_a_fixed_size_has_only_managed_nodes() -> None:
    recording = karpenter_up({"default": {**DEFAULT_POOL, "min": 3, "max": 3}})
    assert sizes(recording) == {"default": ("ON_DEMAND", 3, 3)}
    assert not recording.of("NodePool")


def test_up_sets_the_size_of_groups_that_no_autoscaler_changes() -> None:
    (group,) = karpenter_up({"default": DEFAULT_POOL}).of("NodeGroup")
    assert group.ignore_changes == []


def test_karpenter_s_nodes_have_the_settings_of_the_pool() -> None:
    recording = karpenter_up(
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
    assert template["metadata"]["labels"] == {"slipway.dev/node-pool": "burst", "team": "vision"}
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
    recording = karpenter_up(
        BOTH_POOLS, models={"m": model(source=S3, accelerator={"kind": "nvidia-l4"})}
    )
    spec = recording.one("Deployment", "m-server").inputs["spec"]["template"]["spec"]
    (term,) = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    (wanted,) = term["matchExpressions"]
    labels = pool(recording, "gpu")["template"]["metadata"]["labels"]
    assert labels[wanted["key"]] in wanted["values"]


def starts_with(prefix: str) -> Callable[[Any], bool]:
    return lambda value: str(value).startswith(prefix)


CLASS = "EC2NodeClass"
SECURE = [
    Property(CLASS, "spec.metadataOptions.httpTokens", "required"),
    Property(CLASS, "spec.metadataOptions.httpPutResponseHopLimit", 1),
    Property(CLASS, "spec.associatePublicIPAddress", False),
    Property(CLASS, "spec.blockDeviceMappings.*.ebs.encrypted", True),
    Property(CLASS, "spec.blockDeviceMappings.*.ebs.kmsKeyID", starts_with("arn:aws:kms:")),
    Property(CLASS, "spec.securityGroupSelectorTerms.*.id", "sg-0c1u57e4"),
    Property(CLASS, "spec.instanceProfile", starts_with("cluster-karpenter-nodes")),
]


@pytest.mark.parametrize("wanted", SECURE, ids=str)
def test_karpenter_s_nodes_are_as_secure_as_managed_ones(wanted: Property) -> None:
    recording = karpenter_up(BOTH_POOLS)
    assert len(recording.of(CLASS)) == 2
    assert wanted.holds(recording.resources)
    assert_removal_detected(wanted, recording.resources)


def test_karpenter_may_change_only_instances_of_this_cluster() -> None:
    writes = ("Run", "Create", "Terminate", "Delete")
    for each in statements(karpenter_up(BOTH_POOLS)):
        if any(action.partition(":")[2].startswith(writes) for action in each["Action"]):
            if each["Action"][0].startswith(("sqs:", "kms:")):
                assert each["Resource"].startswith("arn:aws:")
                continue
            equals = each.get("Condition", {}).get("StringEquals", {})
            owned = [key for key in equals if key.endswith("/kubernetes.io/cluster/slipway-dev")]
            kinds = {part.split(":")[-1].split("/")[0] for part in each["Resource"]}
            assert owned or kinds <= {"image", "snapshot", "security-group", "subnet"}, each


def test_karpenter_may_pass_one_role_and_make_no_instance_profiles() -> None:
    policy = statements(karpenter_up(BOTH_POOLS))
    (passed,) = [each for each in policy if each["Action"] == ["iam:PassRole"]]
    assert ":role/cluster-karpenter-node-role" in passed["Resource"]
    actions = {action for each in policy for action in each["Action"]}
    assert {each for each in actions if each.startswith("iam:")} == {
        "iam:PassRole",
        "iam:GetInstanceProfile",
        "iam:ListInstanceProfiles",
    }


def test_the_service_roles_that_start_instances_may_use_the_key() -> None:
    def launchers(recording: Recording) -> list[str]:
        policy = json.loads(recording.one("Key").inputs["policy"])["Statement"]
        (statement,) = [each for each in policy if "aws:PrincipalArn" in json.dumps(each)]
        return [
            each.split("/")[2] for each in statement["Condition"]["ArnLike"]["aws:PrincipalArn"]
        ]

    assert launchers(up()) == ["autoscaling.amazonaws.com"]
    assert launchers(karpenter_up(BOTH_POOLS)) == [
        "autoscaling.amazonaws.com",
        "ec2fleet.amazonaws.com",
        "spot.amazonaws.com",
    ]


def test_all_interruptions_reach_the_queue_and_only_its_rules_write_to_it() -> None:
    recording = karpenter_up(BOTH_POOLS)
    rules = recording.of("EventRule")
    assert len(rules) == len(recording.of("EventTarget")) == 5
    assert recording.one("Queue").inputs["sqsManagedSseEnabled"] is True
    sends, denied = json.loads(recording.one("QueuePolicy").inputs["policy"])["Statement"]
    assert len(sends["Condition"]["ArnEquals"]["aws:SourceArn"]) == 5
    assert denied["Effect"] == "Deny"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def other_objects(recording: Recording) -> list[Resource]:
    """The Kubernetes objects that do not belong to Karpenter."""
    return [
        each
        for each in recording.of_package("kubernetes")
        if each.custom and "karpenter" not in each.name
    ]


def test_models_are_deleted_before_karpenter_s_nodes_and_those_before_karpenter() -> None:
    recording = karpenter_up(BOTH_POOLS)
    pools = {each.name for each in recording.of("NodePool")}
    assert pools == {"cluster-karpenter-default", "cluster-karpenter-gpu"}
    (providers,) = {each.provider.rpartition("::")[0] for each in other_objects(recording)}
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


def test_karpenter_is_not_installed_by_default() -> None:
    recording = up(node_pools=BOTH_POOLS)
    assert not [each.name for each in recording.resources if "karpenter" in each.name]


def chart_values(**changes: Any) -> dict[str, Any]:
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
def test_karpenter_has_a_second_replica_only_with_a_second_permanent_node(
    pools: dict[str, Any], replicas: int
) -> None:
    assert chart_values(node_pools=pools)["replicas"] == replicas


def test_the_tested_version_is_the_deployed_one() -> None:
    assert f"v{KARPENTER}" == pins.KARPENTER


def test_image_and_chart_come_from_their_mirrors() -> None:
    assert chart_values()["controller"]["image"] == {
        "repository": "mirror.example.com/karpenter/controller",
        "tag": "1.14.1",
        "digest": "",
    }
    assert Images().chart("a", "oci://up.example.com/x") == ("oci://up.example.com/x/a", None)
    mirrored = Images(charts="https://charts.example.com")
    assert mirrored.chart("a", "oci://up.example.com/x") == ("a", "https://charts.example.com")
