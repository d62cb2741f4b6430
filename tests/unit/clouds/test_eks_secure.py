"""The security properties of a cluster on Amazon EKS. Each is checked, and its removal is detected."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.clouds.aws import PRIVATE, up
from tests.unit.clouds.checklist import PROTECT, Property, assert_removal_detected


def is_key(value: Any) -> bool:
    return str(value).startswith("arn:aws:kms:")


#: The properties that a production account requires.
SECURE: dict[str, Property] = {
    "only IAM grants access to the API": Property(
        "Cluster", "accessConfig.authenticationMode", "API"
    ),
    "secrets are encrypted": Property("Cluster", "encryptionConfig.resources", ["secrets"]),
    "secrets are encrypted by the customer's key": Property(
        "Cluster", "encryptionConfig.provider.keyArn", is_key
    ),
    "every log of the control plane is on": Property(
        "Cluster",
        "enabledClusterLogTypes",
        ["api", "audit", "authenticator", "controllerManager", "scheduler"],
    ),
    "AWS refuses to delete the cluster": Property("Cluster", "deletionProtection", True),
    "the engine refuses to delete the cluster": Property("Cluster", PROTECT, True),
    "nodes reach the API inside the network": Property(
        "Cluster", "vpcConfig.endpointPrivateAccess", True
    ),
    "the public endpoint is limited": Property(
        "Cluster", "vpcConfig.publicAccessCidrs", ["203.0.113.0/24"]
    ),
    "a private cluster has no public endpoint": Property(
        "Cluster", "vpcConfig.endpointPublicAccess", False
    ),
    "the key is rotated": Property("Key", "enableKeyRotation", True),
    "all traffic is in the flow logs": Property("FlowLog", "trafficType", "ALL"),
    "flow logs are kept": Property("FlowLog", "logDestination", lambda it: "/aws/vpc/" in it),
    "logs are encrypted": Property("LogGroup", "kmsKeyId", is_key),
    "logs are kept for a year": Property("LogGroup", "retentionInDays", 365),
    "no machine has a public address": Property("Subnet", "mapPublicIpOnLaunch", False),
    "IMDSv2 is required": Property("LaunchTemplate", "metadataOptions.httpTokens", "required"),
    "no pod reaches the node's credentials": Property(
        "LaunchTemplate", "metadataOptions.httpPutResponseHopLimit", 1
    ),
    "disks of nodes are encrypted": Property(
        "LaunchTemplate", "blockDeviceMappings.*.ebs.encrypted", "true"
    ),
    "disks of nodes are encrypted by the customer's key": Property(
        "LaunchTemplate", "blockDeviceMappings.*.ebs.kmsKeyId", is_key
    ),
    "broken nodes are replaced": Property("NodeGroup", "nodeRepairConfig.enabled", True),
    "images are encrypted": Property(
        "Repository", "encryptionConfigurations.*.encryptionType", "KMS"
    ),
    "images are encrypted by the customer's key": Property(
        "Repository", "encryptionConfigurations.*.kmsKey", is_key
    ),
    "images are scanned": Property("Repository", "imageScanningConfiguration.scanOnPush", True),
    "tags do not change": Property("Repository", "imageTagMutability", "IMMUTABLE"),
    "disks of volumes are encrypted": Property("StorageClass", "parameters.encrypted", "true"),
    "disks of volumes are encrypted by the customer's key": Property(
        "StorageClass", "parameters.kmsKeyId", is_key
    ),
    "shared files are encrypted": Property("FileSystem", "encrypted", True),
    "shared files are encrypted by the customer's key": Property("FileSystem", "kmsKeyId", is_key),
}


#: Additional options of the stack that a property needs.
OPTIONS: dict[str, dict[str, Any]] = {
    "a private cluster has no public endpoint": {"access": PRIVATE},
    "shared files are encrypted": {"shared_storage": True},
    "shared files are encrypted by the customer's key": {"shared_storage": True},
}


@pytest.mark.parametrize("what", SECURE)
def test_a_cluster_is_secure_by_default(what: str) -> None:
    resources = up(**OPTIONS.get(what, {})).resources
    assert SECURE[what].holds(resources)
    assert_removal_detected(SECURE[what], resources)


def test_additional_options_belong_to_a_property() -> None:
    assert OPTIONS.keys() <= SECURE.keys()
