"""The resources of a cluster on Amazon EKS, their order and their permissions."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from components.clusters.eks import cluster as eks_cluster
from components.config.load import load
from components.stack import deploy
from tests.unit.clouds import aws
from tests.unit.clouds.aws import (
    ACCOUNT,
    BOTH_POOLS,
    KEY,
    S3,
    ZONES,
    statements,
    up,
)
from tests.unit.components.engine import Recording, Resource, run
from tests.unit.components.environment import model, stack_file

ROOT = Path(__file__).parents[3]


def on_the_cluster(recording: Recording) -> list[Resource]:
    return [each for each in recording.of_package("kubernetes") if each.custom]


def test_kubernetes_objects_are_created_after_the_nodes_and_deleted_before_them() -> None:
    recording = up(node_pools=BOTH_POOLS, shared_storage=True)
    (provider,) = recording.of_package("pulumi:providers")[-1:]
    provider = recording.one("kubernetes", "cluster-provider")
    dependencies = recording.needs(provider)
    assert {each.name for each in recording.of("NodeGroup")} <= dependencies
    assert {each.name for each in recording.of("Addon")} <= dependencies
    assert {each.name for each in recording.of("MountTarget")} <= dependencies
    assert {each.provider.partition("::cluster-provider")[1] for each in on_the_cluster(recording)}
    for each in on_the_cluster(recording):
        assert provider.urn in each.provider, each.name


def test_the_network_is_created_before_the_cluster_and_deleted_after_it() -> None:
    recording = up()
    dependencies = recording.needs(recording.one("Cluster"))
    network = [each.name for each in recording.resources if each.name.startswith("cluster-network")]
    assert {name for name in network if recording.of("NatGateway", name)} <= dependencies
    assert {each.name for each in recording.of("Route")} <= dependencies
    assert {each.name for each in recording.of("RouteTableAssociation")} <= dependencies
    assert "cluster-logs-control-plane" in dependencies
    assert "cluster-control-plane-role-amazoneksclusterpolicy" in dependencies


def test_the_network_add_ons_are_created_before_nodes_and_deleted_after_them() -> None:
    recording = up()
    for group in recording.of("NodeGroup"):
        dependencies = recording.needs(group)
        assert {"cluster-addon-vpc-cni", "cluster-addon-kube-proxy"} <= dependencies
        assert "cluster-addon-eks-pod-identity-agent" in dependencies
        assert "cluster-node-role-pull" in dependencies
    for name in ("coredns", "aws-ebs-csi-driver", "amazon-cloudwatch-observability"):
        assert "cluster-nodes-default" in recording.needs(
            recording.one("Addon", f"cluster-addon-{name}")
        )


def test_a_model_may_only_read_its_prefix() -> None:
    recording = up()
    role = recording.one("Role", "half-plus-two-reads")
    assert statements(recording.one("RolePolicy", "half-plus-two-reads-models")) == [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": "arn:aws:s3:::example-models/team/half_plus_two/*",
        },
        {
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": "arn:aws:s3:::example-models",
            "Condition": {"StringLike": {"s3:prefix": ["team/half_plus_two/*"]}},
        },
    ]
    (trust,) = statements(role, "assumeRolePolicy")
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-arn": f"arn:aws:eks:eu-central-1:{ACCOUNT}:cluster/slipway-dev",
        "aws:RequestTag/kubernetes-namespace": "models",
        "aws:RequestTag/kubernetes-service-account": "half-plus-two",
    }
    association = recording.one("PodIdentityAssociation", "half-plus-two-identity")
    assert association.inputs["serviceAccount"] == "half-plus-two"
    assert association.inputs["namespace"] == "models"
    dependencies = recording.needs(recording.one("Deployment", "half-plus-two-server"))
    assert {"half-plus-two-identity", "half-plus-two-reads-models"} <= dependencies


def test_a_model_without_a_bucket_has_no_role() -> None:
    recording = up(models={"half_plus_two": model(source={**S3, "credentials": "key"})})
    assert not [each for each in recording.of("Role") if "reads" in each.name]


def test_nodes_may_pull_only_from_the_cluster_s_and_amazon_s_repositories() -> None:
    token, pull = statements(up().one("RolePolicy", "cluster-node-role-pull"))
    assert token["Action"] == ["ecr:GetAuthorizationToken"]
    assert {action.partition(":")[0] for action in pull["Action"]} == {"ecr"}
    assert not [action for action in pull["Action"] if "Put" in action or "*" in action]
    assert pull["Resource"] == [
        f"arn:aws:ecr:eu-central-1:{ACCOUNT}:repository/slipway-dev/models",
        "arn:aws:ecr:eu-central-1:602401143452:repository/*",
    ]
    attachments = [
        each.name for each in up().of("RolePolicyAttachment") if "node-role" in each.name
    ]
    assert attachments == ["cluster-node-role-amazoneksworkernodepolicy"]


def test_the_outputs_have_the_registry_s_address() -> None:
    url = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/slipway-dev"
    assert up().outputs["cluster"]["registry"] == url


@pytest.mark.parametrize(
    ("mode", "storage_class"),
    [("ReadWriteOnce", "cluster-storage-disk"), ("ReadWriteMany", "cluster-storage-files")],
)
def test_a_volume_gets_the_storage_class_that_its_access_mode_needs(
    mode: str, storage_class: str
) -> None:
    volumes = {"models": {"size": "1Gi", "access_mode": mode}}
    pvc = {"kind": "pvc", "claim": "models", "path": "half_plus_two"}
    recording = up(shared_storage=True, volumes=volumes, models={"m": model(source=pvc)})
    claim = recording.one("PersistentVolumeClaim")
    assert claim.inputs["spec"]["storageClassName"].startswith(storage_class)
    assert storage_class in recording.needs(claim)


def test_only_the_cluster_s_nodes_reach_the_file_system() -> None:
    recording = up(shared_storage=True)
    rule = recording.one("SecurityGroupIngressRule").inputs
    assert rule["referencedSecurityGroupId"] == "sg-0c1u57e4"
    assert (rule["fromPort"], rule["toPort"]) == (2049, 2049)
    zones = {each.inputs["subnetId"] for each in recording.of("MountTarget")}
    assert zones == {f"cluster-network-private-{zone}-id" for zone in ZONES}


def test_add_ons_that_call_aws_have_roles_of_their_own() -> None:
    recording = up(shared_storage=True)
    accounts = {
        each.inputs["addonName"]: [
            one["serviceAccount"] for one in each.inputs.get("podIdentityAssociations", ())
        ]
        for each in recording.of("Addon")
    }
    assert accounts == {
        "eks-pod-identity-agent": [],
        "vpc-cni": ["aws-node"],
        "kube-proxy": [],
        "coredns": [],
        "aws-ebs-csi-driver": ["ebs-csi-controller-sa"],
        "aws-efs-csi-driver": ["efs-csi-controller-sa"],
        "amazon-cloudwatch-observability": ["cloudwatch-agent"],
    }


def test_every_add_on_is_pinned_to_a_version_of_the_cluster_s_minor() -> None:
    for minor in ("1.34", "1.35", "1.36"):
        recording = up(version=minor, shared_storage=True)
        assert all(each.inputs["addonVersion"] for each in recording.of("Addon"))
        proxy = recording.one("Addon", "cluster-addon-kube-proxy").inputs
        assert proxy["addonVersion"].startswith(f"v{minor}.")
        assert recording.one("NodeGroup").inputs["version"] == minor
        assert recording.one("Cluster").inputs["version"] == minor
        server = recording.one("Deployment", "cluster-autoscaler-server").inputs["spec"]
        assert f"cluster-autoscaler:v{minor}." in json.dumps(server)


@pytest.mark.parametrize(
    ("today", "warning"),
    [
        (date(2026, 12, 2), None),
        (date(2026, 12, 3), "out of support since 2026-12-02; extended support costs extra"),
        (date(2027, 12, 3), "out of support since 2026-12-02: upgrade"),
    ],
)
def test_a_preview_warns_of_a_version_out_of_support(
    today: date, warning: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Calendar(date):
        @classmethod
        def today(cls) -> date:
            return today

    monkeypatch.setattr(eks_cluster, "date", Calendar)
    warnings = [each for each in up(preview=True, version="1.34").warnings if "support" in each]
    assert bool(warnings) == bool(warning)
    assert warning is None or warning in warnings[0]


def test_each_administrator_gets_an_access_entry() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/platform"
    recording = up(administrators={"platform": arn})
    assert recording.one("AccessEntry").inputs["principalArn"] == arn
    policy = recording.one("AccessPolicyAssociation").inputs
    assert policy["policyArn"].endswith(":cluster-access-policy/AmazonEKSClusterAdminPolicy")
    assert policy["accessScope"] == {"type": "cluster"}


def test_a_key_that_the_stack_names_encrypts_everything() -> None:
    recording = up(encryption_key=KEY)
    assert recording.of("Key") == []
    assert recording.one("Cluster").inputs["encryptionConfig"]["provider"]["keyArn"] == KEY


def test_only_the_account_cloudwatch_logs_and_autoscaling_may_use_the_key() -> None:
    root, logs, scaling = statements(up().one("Key"))
    assert root["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert logs["Principal"] == {"Service": "logs.eu-central-1.amazonaws.com"}
    assert logs["Condition"]
    assert scaling["Condition"]["StringEquals"] == {"kms:CallerAccount": ACCOUNT}
    assert "autoscaling.amazonaws.com" in json.dumps(scaling["Condition"]["ArnLike"])


def test_a_cluster_without_protection_can_be_destroyed_with_its_images() -> None:
    recording = up(deletion_protection=False)
    cluster = recording.one("Cluster")
    assert (cluster.inputs["deletionProtection"], cluster.protect) == (False, False)
    assert recording.one("Repository").inputs["forceDelete"] is True
    assert up().one("Repository").inputs["forceDelete"] is False


def test_images_of_the_cluster_s_own_pods_come_from_the_mirror(tmp_path: Path) -> None:
    config = stack_file(
        cluster=aws.cluster(node_pools=BOTH_POOLS),
        images={"mirror": "mirror.example.com"},
        volumes=None,
        models={},
    )
    recording = run(lambda: deploy(load()), config, cloud=aws.Aws())
    pods = [
        each.inputs["spec"]["template"]["spec"]
        for each in [*recording.of("Deployment"), *recording.of("DaemonSet")]
    ]
    images = [container["image"] for pod in pods for container in pod["containers"]]
    assert len(images) >= 3
    assert all(image.startswith("mirror.example.com/") for image in images)


def test_the_sdks_of_other_clouds_are_not_loaded() -> None:
    program = (
        "import sys\n"
        "from components.clusters.eks.options import EksOptions\n"
        "print(sorted(name for name in sys.modules if name.startswith('pulumi_')))\n"
        "from tests.unit.clouds.aws import up\n"
        "up()\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules"
        " if name.startswith(('pulumi_aws', 'pulumi_gcp', 'pulumi_alicloud'))}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[]", "['pulumi_aws']"]
