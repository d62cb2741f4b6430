"""A cluster on Amazon EKS is one that may stand in a production account."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.unit.clouds.aws import PRIVATE, up
from tests.unit.components.engine import Resource


def values(inputs: Any, path: str) -> Iterator[Any]:
    """Every value at `path`, whose `*` are all the entries of a list; None where there is none."""
    key, _, rest = path.partition(".")
    if key == "*":
        found = list(inputs) if inputs else [None]
    else:
        found = [inputs.get(key) if isinstance(inputs, dict) else None]
    for value in found:
        yield from values(value, rest) if rest else [value]


@dataclass(frozen=True)
class Property:
    """What all resources of a kind have at a path."""

    kind: str
    path: str
    expected: Any
    options: Callable[[], dict[str, Any]] = dict

    def holds(self, resources: list[Resource]) -> bool:
        those = [each for each in resources if each.kind == self.kind and each.custom]
        said = [value for each in those for value in values(vars(each) | each.inputs, self.path)]
        right = self.expected if callable(self.expected) else lambda it: it == self.expected
        return bool(said) and all(value is not None and right(value) for value in said)


def is_key(value: Any) -> bool:
    return str(value).startswith("arn:aws:kms:")


#: What makes a cluster one that may stand in a production account.
SECURE: dict[str, Property] = {
    "IAM alone says who may call the API": Property(
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
    "the engine refuses to delete the cluster": Property("Cluster", "protect", True),
    "nodes reach the API inside the network": Property(
        "Cluster", "vpcConfig.endpointPrivateAccess", True
    ),
    "the public endpoint is limited": Property(
        "Cluster", "vpcConfig.publicAccessCidrs", ["203.0.113.0/24"]
    ),
    "a private cluster has no public endpoint": Property(
        "Cluster", "vpcConfig.endpointPublicAccess", False, lambda: {"access": PRIVATE}
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
    "shared files are encrypted": Property(
        "FileSystem", "encrypted", True, lambda: {"shared_storage": True}
    ),
    "shared files are encrypted by the customer's key": Property(
        "FileSystem", "kmsKeyId", is_key, lambda: {"shared_storage": True}
    ),
}


def taken_away(resources: list[Resource], kind: str, path: str) -> list[Resource]:
    """`resources`, of which the last of the kind has no such property."""
    changed = copy.deepcopy(resources)
    last = [each for each in changed if each.kind == kind and each.custom][-1]
    if path == "protect":
        last.protect = False
        return changed
    *way, key = path.split(".")
    at: Any = last.inputs
    for part in way:
        at = at[0] if part == "*" else at[part]
    del at[key]
    return changed


@pytest.mark.parametrize("what", SECURE)
def test_a_cluster_is_secure_by_default(what: str) -> None:
    wanted = SECURE[what]
    recording = up(**wanted.options())
    resources = [each for each in recording.resources if _of_the_cluster(each)]
    assert wanted.holds(resources)
    assert not wanted.holds(taken_away(resources, wanted.kind, wanted.path))


def _of_the_cluster(each: Resource) -> bool:
    return not each.type.startswith("kubernetes:") or each.kind == "StorageClass"
