"""The security properties of a cluster on ACK. Each is checked, and its removal is detected."""

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
from tests.unit.clouds.checklist import Property, assert_removal_detected
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
#: Inputs that must not be set: they give access from outside, or passwords.
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
def test_a_cluster_has_the_security_property(full_ack: Recording, wanted: Property) -> None:
    assert wanted.holds(full_ack.resources)


@pytest.mark.parametrize("wanted", SECURE, ids=str)
def test_the_removal_of_a_security_property_is_detected(
    full_ack: Recording, wanted: Property
) -> None:
    assert_removal_detected(wanted, full_ack.resources)


def unwanted(resources: list[Resource]) -> set[tuple[str, str]]:
    return {
        (kind, key)
        for kind, key in NEVER
        for each in resources
        if each.kind == kind and each.inputs.get(key) is not None
    }


@pytest.mark.parametrize(("kind", "key"), NEVER)
def test_nodes_have_no_public_access_and_no_password(
    full_ack: Recording, kind: str, key: str
) -> None:
    assert unwanted(full_ack.resources) == set()
    changed = copy.deepcopy(full_ack.resources)
    next(each for each in changed if each.kind == kind).inputs[key] = "x"
    assert unwanted(changed) == {(kind, key)}


def test_without_deletion_protection_nothing_is_protected() -> None:
    recording = up(ack(deletion_protection=False))
    assert recording.one(CLUSTER).inputs["deletionProtection"] is False
    assert recording.one("Key").inputs["deletionProtection"] == "Disabled"
    assert [each.name for each in recording.resources if each.protect] == []


def test_deletion_protection_stops_a_destroy_before_it_begins(full_ack: Recording) -> None:
    protected = {each.kind for each in full_ack.resources if each.protect}
    assert protected == {CLUSTER, "Key"}


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.parent.name)
def test_a_stack_file_of_the_repository_is_deployed(path: Path) -> None:
    config = yaml.safe_load(path.read_text())["config"]
    recording = run(
        lambda: deploy(load()),
        {key.removeprefix("slipway:"): value for key, value in config.items()},
        cloud=Alibaba(),
    )
    resources = recording.of_package("alicloud")
    applicable = [line for line in SECURE if any(each.kind == line.type for each in resources)]
    assert len(applicable) > len(SECURE) / 2
    assert [str(line) for line in applicable if not line.holds(resources)] == []
    assert len(recording.of("Deployment")) == len(config["slipway:models"]) + 1
