"""The permissions of models, nodes and the pull-secret add-on in Alibaba Cloud."""

from __future__ import annotations

import json
from typing import Any

from components.clusters.ack.names import ram_name
from tests.unit.clouds.ack_stack import (
    OSS,
    up,
)
from tests.unit.components.engine import Recording
from tests.unit.components.environment import model


def roles(recording: Recording) -> dict[str, dict[str, Any]]:
    return {
        each.inputs["roleName"]: json.loads(each.inputs["assumeRolePolicyDocument"])
        for each in recording.of("Role")
        if each.type.startswith("alicloud:")
    }


def policies(recording: Recording) -> dict[str, dict[str, Any]]:
    return {
        each.inputs["policyName"]: json.loads(each.inputs["policyDocument"])
        for each in recording.of("Policy")
    }


def test_a_role_reads_one_model_s_directory_and_trusts_one_account() -> None:
    recording = up()
    account = recording.one("ServiceAccount", "half-plus-two-reads-account").inputs["metadata"]
    assert account == {"name": "models-half-plus-two", "namespace": "ack-csi-fuse"}
    trust = roles(recording)["slipway-dev-reads-half-plus-two"]["Statement"]
    assert trust == [
        {
            "Action": "sts:AssumeRole",
            "Effect": "Allow",
            "Principal": {"Federated": ["acs:ram::1234567890123456:oidc-provider/ack-rrsa-c1"]},
            "Condition": {
                "StringEquals": {
                    "oidc:aud": "sts.aliyuncs.com",
                    "oidc:iss": "https://oidc-ack.example.com/c1",
                    "oidc:sub": "system:serviceaccount:ack-csi-fuse:models-half-plus-two",
                }
            },
        }
    ]
    assert policies(recording)["slipway-dev-reads-half-plus-two"]["Statement"] == [
        {
            "Action": ["oss:GetObject"],
            "Effect": "Allow",
            "Resource": ["acs:oss:*:*:bucket/models/half_plus_two/*"],
        },
        {
            "Action": ["oss:ListObjects"],
            "Effect": "Allow",
            "Resource": ["acs:oss:*:*:bucket"],
            "Condition": {
                "StringLike": {"oss:Prefix": ["models/half_plus_two/", "models/half_plus_two/*"]}
            },
        },
    ]


def test_the_csi_driver_mounts_with_that_role_and_the_pod_has_no_service_account() -> None:
    recording = up()
    volume = recording.one("PersistentVolume").inputs["spec"]["csi"]["volumeAttributes"]
    assert volume["authType"] == "rrsa"
    assert volume["roleName"] == "slipway-dev-reads-half-plus-two"
    assert volume["serviceAccountName"] == "models-half-plus-two"
    spec = recording.one("Deployment", "half-plus-two-server").inputs["spec"]["template"]["spec"]
    assert "serviceAccountName" not in spec
    # The policy is attached before the volume is mounted.
    assert "half-plus-two-reads-reads" in recording.needs(recording.one("PersistentVolume"))


def test_models_of_one_server_share_a_role_that_reads_both() -> None:
    models = {
        name: model(server="both", source={**OSS, "uri": f"oss://bucket/{name}"})
        for name in ("a", "b")
    }
    recording = up(models=models)
    statements = policies(recording)["slipway-dev-reads-both"]["Statement"]
    assert [each["Resource"][0] for each in statements if "oss:GetObject" in each["Action"]] == [
        "acs:oss:*:*:bucket/a/*",
        "acs:oss:*:*:bucket/b/*",
    ]


def test_a_model_with_a_role_of_its_own_gets_no_other() -> None:
    recording = up(models={"m": model(source={**OSS, "role": "own"})})
    assert set(roles(recording)) == {"slipway-dev-nodes"}
    volume = recording.one("PersistentVolume").inputs["spec"]["csi"]["volumeAttributes"]
    assert volume["roleName"] == "own"
    assert "serviceAccountName" not in volume


def test_nodes_have_no_permissions_in_the_cloud() -> None:
    recording = up()
    assert roles(recording)["slipway-dev-nodes"]["Statement"] == [
        {
            "Action": "sts:AssumeRole",
            "Effect": "Allow",
            "Principal": {"Service": ["ecs.aliyuncs.com"]},
        }
    ]
    roles_with_policies = [each.inputs["roleName"] for each in recording.of("RolePolicyAttachment")]
    assert "slipway-dev-nodes" not in roles_with_policies


def test_images_are_pulled_from_one_namespace_of_one_registry(full_ack: Recording) -> None:
    assert policies(full_ack)["slipway-dev-pulls"]["Statement"] == [
        {
            "Action": ["cr:GetAuthorizationToken", "cr:ListInstanceEndpoint"],
            "Effect": "Allow",
            "Resource": ["acs:cr:*:*:instance/cri-1"],
        },
        {
            "Action": ["cr:PullRepository"],
            "Effect": "Allow",
            "Resource": ["acs:cr:*:*:repository/cri-1/slipway-dev/*"],
        },
    ]
    trust = roles(full_ack)
    assert trust["slipway-dev-pull"]["Statement"][0]["Principal"] == {
        "RAM": ["acs:ram::1234567890123456:role/cluster-registry-caller"]
    }
    subject = trust["slipway-dev-pull-caller"]["Statement"][0]["Condition"]["StringEquals"]
    assert subject["oidc:sub"] == ("system:serviceaccount:kube-system:aliyun-acr-credential-helper")
    addon = full_ack.one(
        "KubernetesAddon", "cluster-addon-managed-aliyun-acr-credential-helper"
    ).inputs
    config = json.loads(addon["config"])
    assert config["watchNamespace"] == "models"
    assert config["enableRRSA"] is True
    assert (
        config["AcrInstanceInfo"][0]["assumeRoleARN"]
        == "acs:ram::1234567890123456:role/cluster-registry-puller"
    )


def test_without_a_registry_the_pull_secret_add_on_is_not_installed() -> None:
    recording = up()
    assert "managed-aliyun-acr-credential-helper" not in [
        each.inputs["name"] for each in recording.of("KubernetesAddon")
    ]
    assert recording.of("RegistryEnterpriseNamespace") == []


def test_names_of_roles_are_short_and_unique() -> None:
    names = [ram_name("slipway-dev", "reads", "m" * 60 + str(at)) for at in range(2)]
    assert all(len(name) <= 64 for name in names)
    assert len({*names}) == 2
