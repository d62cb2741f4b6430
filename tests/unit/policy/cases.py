"""The cases that break each rule: one change to a resource that breaks none."""

from __future__ import annotations

import base64
import copy
from dataclasses import dataclass
from typing import Any

from tests.unit.policy.resources import ACK_CLUSTER, EKS_TEMPLATE, GOOD

#: The value of a case that removes the property.
ABSENT = object()


@dataclass(frozen=True)
class Case:
    """A good resource of `type`, in which `path` is changed to `value`. It breaks `rule`, the rules
    in `also`, and no others."""

    rule: str
    type: str
    path: str
    value: Any
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        value = "absent" if self.value is ABSENT else self.value
        return f"{self.rule} {self.type.rpartition(':')[2]}.{self.path}={value}"

    def properties(self) -> dict[str, Any]:
        return changed(GOOD[self.type], self.path, self.value)


def changed(good: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of `good` in which `path` is `value`. Numbers in the path are indices of lists."""
    resource = copy.deepcopy(good)
    *parents, last = (int(part) if part.isdigit() else part for part in path.split("."))
    inner: Any = resource
    for part in parents:
        inner = inner[part]
    if value is ABSENT:
        del inner[last]
    else:
        inner[last] = value
    return resource


def _of(type: str, *cases: tuple[Any, ...]) -> tuple[Case, ...]:
    return tuple(Case(rule, type, path, value, tuple(also)) for rule, path, value, *also in cases)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


_EKS = _of(
    "aws:eks/cluster:Cluster",
    ("CKV_AWS_37", "enabledClusterLogTypes", ABSENT),
    ("CKV_AWS_37", "enabledClusterLogTypes", ["api", "audit"]),
    ("CKV_AWS_38", "vpcConfig", {"endpointPrivateAccess": True}, "CKV_AWS_39"),
    (
        "CKV_AWS_38",
        "vpcConfig",
        {
            "endpointPrivateAccess": True,
            "endpointPublicAccess": True,
            "publicAccessCidrs": ["203.0.113.0/24", "0.0.0.0/0"],
        },
        "CKV_AWS_39",
    ),
    ("CKV_AWS_39", "vpcConfig.endpointPublicAccess", True),
    ("CKV_AWS_39", "vpcConfig.endpointPublicAccess", ABSENT),
    ("CKV_AWS_339", "version", "1.28"),
    ("CKV_AWS_58", "encryptionConfig", ABSENT),
    ("CKV_AWS_58", "encryptionConfig.resources", []),
    ("CKV_AWS_58", "encryptionConfig.provider", ABSENT),
    ("SLIPWAY_EKS_1", "deletionProtection", ABSENT),
    ("SLIPWAY_EKS_1", "deletionProtection", False),
    ("SLIPWAY_EKS_2", "accessConfig", ABSENT),
    ("SLIPWAY_EKS_2", "accessConfig.authenticationMode", "API_AND_CONFIG_MAP"),
    ("SLIPWAY_EKS_3", "vpcConfig.endpointPrivateAccess", ABSENT),
)
_EKS_GROUPS = _of(
    "aws:eks/nodeGroup:NodeGroup",
    ("CKV_AWS_100", "remoteAccess.sourceSecurityGroupIds", ABSENT),
    ("SLIPWAY_EKS_5", "launchTemplate", ABSENT),
    ("SLIPWAY_EKS_6", "amiType", "AL2_x86_64_GPU"),
)
_EKS_TEMPLATES = _of(
    "aws:ec2/launchTemplate:LaunchTemplate",
    ("CKV_AWS_79", "metadataOptions.httpTokens", ABSENT),
    ("CKV_AWS_79", "metadataOptions.httpTokens", "optional"),
    ("CKV_AWS_341", "metadataOptions.httpPutResponseHopLimit", 2),
    ("CKV_AWS_88", "networkInterfaces.0.associatePublicIpAddress", "true"),
    ("CKV_AWS_46", "userData", _encoded("export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE")),
    ("CKV_AWS_46", "userData", _encoded("aws_secret_access_key = " + "0a/B" * 10)),
    ("SLIPWAY_EKS_4", "blockDeviceMappings", ABSENT),
    ("SLIPWAY_EKS_4", "blockDeviceMappings.0.ebs.encrypted", "false"),
    ("SLIPWAY_EKS_4", "blockDeviceMappings.0.ebs.kmsKeyId", ABSENT),
)
_EKS_NODE_CLASSES = _of(
    "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass",
    ("SLIPWAY_EKS_7", "spec.metadataOptions", ABSENT),
    ("SLIPWAY_EKS_7", "spec.metadataOptions.httpTokens", "optional"),
    ("SLIPWAY_EKS_7", "spec.metadataOptions.httpPutResponseHopLimit", 2),
    ("SLIPWAY_EKS_8", "spec.blockDeviceMappings", ABSENT),
    ("SLIPWAY_EKS_8", "spec.blockDeviceMappings.0.ebs.encrypted", False),
    ("SLIPWAY_EKS_8", "spec.blockDeviceMappings.0.ebs.kmsKeyID", ABSENT),
    ("SLIPWAY_EKS_9", "spec.associatePublicIPAddress", ABSENT),
)
_GKE = _of(
    "gcp:container/cluster:Cluster",
    ("CKV_GCP_1", "loggingService", "none"),
    ("CKV_GCP_7", "enableLegacyAbac", True),
    ("CKV_GCP_8", "monitoringService", "none"),
    ("CKV_GCP_12", "datapathProvider", ABSENT),
    ("CKV_GCP_12", "datapathProvider", "LEGACY_DATAPATH"),
    ("CKV_GCP_13", "masterAuth", ABSENT),
    ("CKV_GCP_13", "masterAuth.clientCertificateConfig.issueClientCertificate", True),
    ("CKV_GCP_18", "masterAuthorizedNetworksConfig.cidrBlocks", [{"cidrBlock": "0.0.0.0/0"}]),
    ("CKV_GCP_20", "masterAuthorizedNetworksConfig", ABSENT),
    ("CKV_GCP_21", "resourceLabels", ABSENT),
    ("CKV_GCP_21", "resourceLabels", {}),
    ("CKV_GCP_23", "ipAllocationPolicy", ABSENT),
    ("CKV_GCP_25", "privateClusterConfig", ABSENT, "CKV_GCP_64"),
    ("CKV_GCP_61", "enableIntranodeVisibility", ABSENT),
    ("CKV_GCP_61", "enableIntranodeVisibility", False),
    ("CKV_GCP_64", "privateClusterConfig.enablePrivateNodes", False),
    ("CKV_GCP_65", "authenticatorGroupsConfig", ABSENT),
    ("CKV_GCP_66", "binaryAuthorization", ABSENT),
    ("CKV_GCP_66", "binaryAuthorization.evaluationMode", "DISABLED"),
    ("CKV_GCP_68", "nodeConfig.shieldedInstanceConfig.enableSecureBoot", ABSENT),
    ("CKV_GCP_69", "nodeConfig.workloadMetadataConfig.mode", "GCE_METADATA"),
    ("CKV_GCP_70", "releaseChannel", ABSENT),
    ("CKV_GCP_70", "releaseChannel.channel", "UNSPECIFIED"),
    ("CKV_GCP_71", "enableShieldedNodes", False),
    ("CKV_GCP_72", "nodeConfig.shieldedInstanceConfig.enableIntegrityMonitoring", False),
    ("CKV_GCP_123", "nodePools", [{"name": "default"}]),
    ("CKV2_GCP_1", "nodeConfig.serviceAccount", ABSENT),
    ("CKV2_GCP_19", "enableKubernetesAlpha", True),
    ("SLIPWAY_GKE_1", "deletionProtection", False),
    ("SLIPWAY_GKE_2", "databaseEncryption", ABSENT),
    ("SLIPWAY_GKE_2", "databaseEncryption.state", "DECRYPTED"),
    ("SLIPWAY_GKE_3", "workloadIdentityConfig", ABSENT),
    ("SLIPWAY_GKE_4", "loggingConfig.enableComponents", ["SYSTEM_COMPONENTS", "WORKLOADS"]),
)
_GKE_POOLS = _of(
    "gcp:container/nodePool:NodePool",
    ("CKV_GCP_9", "management.autoRepair", False),
    ("CKV_GCP_9", "management.autoRepair", ABSENT),
    ("CKV_GCP_10", "management.autoUpgrade", False),
    ("CKV_GCP_68", "nodeConfig.shieldedInstanceConfig.enableSecureBoot", False),
    ("CKV_GCP_68", "nodeConfig.shieldedInstanceConfig", ABSENT),
    ("CKV_GCP_69", "nodeConfig.workloadMetadataConfig", ABSENT),
    ("CKV_GCP_72", "nodeConfig.shieldedInstanceConfig.enableIntegrityMonitoring", False),
    ("CKV2_GCP_1", "nodeConfig.serviceAccount", "default"),
    (
        "CKV2_GCP_1",
        "nodeConfig.serviceAccount",
        "123456-compute@developer.gserviceaccount.com",
    ),
    ("SLIPWAY_GKE_5", "nodeConfig.bootDiskKmsKey", ABSENT),
    ("SLIPWAY_GKE_6", "networkConfig.enablePrivateNodes", False),
)
_ACK = _of(
    "alicloud:cs/managedKubernetes:ManagedKubernetes",
    ("CKV_ALI_26", "podVswitchIds", ABSENT),
    ("CKV_ALI_26", "podVswitchIds", ["vsw-2", "vsw-3"]),
    ("CKV_ALI_26", "addons", [{"name": "flannel"}]),
    ("CKV_ALI_26", "addons", ABSENT),
    ("SLIPWAY_ACK_1", "deletionProtection", ABSENT),
    ("SLIPWAY_ACK_2", "slbInternetEnabled", ABSENT),
    ("SLIPWAY_ACK_2", "slbInternetEnabled", True),
    ("SLIPWAY_ACK_3", "encryptionProviderKey", ABSENT),
    ("SLIPWAY_ACK_3", "disableEncryption", True),
    ("SLIPWAY_ACK_3", "clusterSpec", "ack.standard"),
    ("SLIPWAY_ACK_4", "auditLogConfig", ABSENT),
    ("SLIPWAY_ACK_4", "auditLogConfig.enabled", False),
    ("SLIPWAY_ACK_5", "controlPlaneLogComponents", ["apiserver"]),
    ("SLIPWAY_ACK_5", "controlPlaneLogTtl", ABSENT),
    ("SLIPWAY_ACK_6", "enableRrsa", ABSENT),
    ("SLIPWAY_ACK_7", "skipSetCertificateAuthority", ABSENT),
    ("SLIPWAY_ACK_7", "clientCert", "~/.kube/client-cert.pem"),
    ("SLIPWAY_ACK_7", "clusterCaCert", "~/.kube/cluster-ca-cert.pem"),
    ("SLIPWAY_ACK_7", "clientKey", "~/.kube/client-key.pem"),
)
_ACK_POOLS = _of(
    "alicloud:cs/nodePool:NodePool",
    ("CKV_ALI_31", "management", ABSENT),
    ("CKV_ALI_31", "management.autoRepair", False),
    ("SLIPWAY_ACK_8", "systemDiskEncrypted", ABSENT),
    ("SLIPWAY_ACK_8", "systemDiskKmsKey", ABSENT),
    ("SLIPWAY_ACK_8", "dataDisks.0.encrypted", "false"),
    ("SLIPWAY_ACK_8", "dataDisks.0.kmsKeyId", ABSENT),
    ("SLIPWAY_ACK_9", "internetMaxBandwidthOut", 5),
    ("SLIPWAY_ACK_10", "instanceMetadataOptions", ABSENT),
    ("SLIPWAY_ACK_11", "password", "Passw0rd"),
    ("SLIPWAY_ACK_11", "kmsEncryptedPassword", "Y2lwaGVy"),
)

CASES = (
    *(*_EKS, *_EKS_GROUPS, *_EKS_TEMPLATES, *_EKS_NODE_CLASSES),
    *(*_GKE, *_GKE_POOLS),
    *(*_ACK, *_ACK_POOLS),
)

#: More resources that break no rule.
GOOD_TOO = {
    "EKS, public to a CIDR": (
        "aws:eks/cluster:Cluster",
        changed(GOOD["aws:eks/cluster:Cluster"], "vpcConfig.endpointPublicAccess", True),
    ),
    "EKS, no remote access": (
        "aws:eks/nodeGroup:NodeGroup",
        changed(GOOD["aws:eks/nodeGroup:NodeGroup"], "remoteAccess", ABSENT),
    ),
    "EKS, no metadata service": (
        "aws:ec2/launchTemplate:LaunchTemplate",
        changed(
            EKS_TEMPLATE,
            "metadataOptions",
            {"httpEndpoint": "disabled", "httpPutResponseHopLimit": 1},
        ),
    ),
    "GKE, DNS endpoint only": (
        "gcp:container/cluster:Cluster",
        changed(
            changed(
                GOOD["gcp:container/cluster:Cluster"], "masterAuthorizedNetworksConfig", ABSENT
            ),
            "controlPlaneEndpointsConfig",
            {"ipEndpointsConfig": {"enabled": False}},
        ),
    ),
    "GKE, Calico": (
        "gcp:container/cluster:Cluster",
        changed(
            changed(GOOD["gcp:container/cluster:Cluster"], "datapathProvider", ABSENT),
            "networkPolicy",
            {"enabled": True},
        ),
    ),
    "GKE, all nodes in pools of their own": (
        "gcp:container/cluster:Cluster",
        changed(
            changed(GOOD["gcp:container/cluster:Cluster"], "nodeConfig", ABSENT),
            "removeDefaultNodePool",
            True,
        ),
    ),
    "ACK, Flannel": (
        "alicloud:cs/managedKubernetes:ManagedKubernetes",
        changed(changed(ACK_CLUSTER, "addons.0.name", "flannel"), "podCidr", "10.1.0.0/16"),
    ),
}
