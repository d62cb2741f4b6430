"""What a stack on ACK asks for for security's sake is a list, and each line of it is seen to fail
where it is taken away."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import yaml

from components.config.load import load
from components.stack import deploy
from tests.unit.clouds.ack_stack import (
    CLUSTER,
    POOL,
    Alibaba,
    ack,
    up,
)
from tests.unit.clouds.checklist import Property, assert_missed
from tests.unit.components.engine import Recording, Resource, run

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENTS = [ROOT / "Pulumi.ack.yaml", ROOT / "examples/mnist-on-nas/ack.yaml"]
SECURE = [
    Property(CLUSTER, "slbInternetEnabled", False),
    Property(CLUSTER, "controlPlaneEndpointsConfig.loadBalancersConfigs", len),
    Property(CLUSTER, "clusterSpec", "ack.pro.small"),
    Property(CLUSTER, "encryptionProviderKey", "cluster-encryption-key-id"),
    Property(CLUSTER, "disableEncryption", False),
    Property(CLUSTER, "deletionProtection", True),
    Property(CLUSTER, "auditLogConfig.enabled", True),
    Property(CLUSTER, "auditLogConfig.slsProjectName", "slipway-dev-logs"),
    Property(
        CLUSTER,
        "controlPlaneLogComponents",
        lambda parts: {"apiserver", "kcm", "scheduler", "ccm"} <= {*parts},
    ),
    Property(CLUSTER, "controlPlaneLogProject", "slipway-dev-logs"),
    Property(CLUSTER, "controlPlaneLogTtl", "90"),
    Property(CLUSTER, "enableRrsa", True),
    Property(CLUSTER, "skipSetCertificateAuthority", True),
    Property(CLUSTER, "isEnterpriseSecurityGroup", True),
    Property(
        CLUSTER,
        "addons.0.config",
        lambda config: json.loads(config)["NetworkPolicy"] == "true",
    ),
    Property(POOL, "instanceMetadataOptions.httpTokens", "required"),
    Property(POOL, "systemDiskEncrypted", True),
    Property(POOL, "systemDiskKmsKey", "cluster-encryption-key-id"),
    Property(POOL, "systemDiskEncryptAlgorithm", "aes-256"),
    Property(POOL, "ramRoleName", "slipway-dev-nodes"),
    Property(POOL, "management.autoRepair", True),
    Property(POOL, "management.autoVulFix", True),
    Property(POOL, "scalingConfig.isBondEip", False),
    Property(
        POOL, "vswitchIds", lambda ids: all("network-nodes-" in identifier for identifier in ids)
    ),
    Property("Key", "automaticRotation", "Enabled"),
    Property("Key", "rotationInterval", "365d"),
    Property("Key", "deletionProtection", "Enabled"),
    Property("FlowLog", "trafficType", "All"),
    Property("FlowLog", "resourceType", "VPC"),
    Property("FlowLog", "resourceId", "cluster-network-vpc-id"),
    Property("Store", "encryptConf.enable", True),
    Property("Store", "retentionPeriod", 90),
    Property("LoadBalancer", "securityGroupIds", lambda groups: len(groups) == 1),
    Property("SecurityGroup", "innerAccessPolicy", "Drop"),
    Property("SecurityGroupRule", "portRange", "6443/6443"),
    Property("SecurityGroupRule", "ipProtocol", "tcp"),
    Property("FileSystem", "encryptType", 1),
    Property("AccessRule", "sourceCidrIp", "10.0.0.0/16"),
    Property("RegistryEnterpriseNamespace", "defaultVisibility", "PRIVATE"),
    Property("RegistryEnterpriseNamespace", "autoCreate", False),
    Property("RegistryEnterpriseRepo", "repoType", "PRIVATE"),
    Property("RegistryEnterpriseRepo", "tagImmutability", True),
]
#: What nodes do not have: ways in from outside, and passwords.
NEVER = [
    (POOL, "internetMaxBandwidthOut"),
    (POOL, "password"),
    (POOL, "kmsEncryptedPassword"),
    (POOL, "keyName"),
    (POOL, "userData"),
    (CLUSTER, "clientCert"),
    (CLUSTER, "clientKey"),
    (CLUSTER, "userCa"),
]


@pytest.mark.parametrize("wanted", SECURE, ids=str)
def test_what_keeps_the_cluster_secure_is_asked_for(
    all_of_ack: Recording, wanted: Property
) -> None:
    assert wanted.holds(all_of_ack.resources)


@pytest.mark.parametrize("wanted", SECURE, ids=str)
def test_what_is_taken_away_is_missed(all_of_ack: Recording, wanted: Property) -> None:
    assert_missed(wanted, all_of_ack.resources)


def unwanted(resources: list[Resource]) -> set[tuple[str, str]]:
    return {
        (kind, key)
        for kind, key in NEVER
        for each in resources
        if each.kind == kind and each.inputs.get(key) is not None
    }


@pytest.mark.parametrize(("kind", "key"), NEVER)
def test_nodes_have_no_way_in_and_no_password(all_of_ack: Recording, kind: str, key: str) -> None:
    assert unwanted(all_of_ack.resources) == set()
    given = copy.deepcopy(all_of_ack.resources)
    next(each for each in given if each.kind == kind).inputs[key] = "x"
    assert unwanted(given) == {(kind, key)}


def test_without_deletion_protection_the_cloud_protects_nothing() -> None:
    recording = up(ack(deletion_protection=False))
    assert recording.one(CLUSTER).inputs["deletionProtection"] is False
    assert recording.one("Key").inputs["deletionProtection"] == "Disabled"
    assert [each.name for each in recording.resources if each.protect] == []


def test_deletion_protection_stops_a_destroy_before_it_begins(all_of_ack: Recording) -> None:
    protected = {each.kind for each in all_of_ack.resources if each.protect}
    assert protected == {CLUSTER, "Key"}


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.parent.name)
def test_an_environment_of_the_repository_is_made_as_it_stands(path: Path) -> None:
    config = yaml.safe_load(path.read_text())["config"]
    recording = run(
        lambda: deploy(load()),
        {key.removeprefix("slipway:"): value for key, value in config.items()},
        cloud=Alibaba(),
    )
    made = recording.of_package("alicloud")
    asked = [line for line in SECURE if any(each.kind == line.type for each in made)]
    assert len(asked) > len(SECURE) / 2
    assert [str(line) for line in asked if not line.holds(made)] == []
    assert len(recording.of("Deployment")) == len(config["slipway:models"]) + 1
