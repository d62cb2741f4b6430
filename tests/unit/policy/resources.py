"""Resources that break no rule, as the engine passes them to a policy pack."""

from __future__ import annotations

import base64
from typing import Any

KEY = "a key's name"

EKS_CLUSTER: dict[str, Any] = {
    "accessConfig": {"authenticationMode": "API"},
    "deletionProtection": True,
    "enabledClusterLogTypes": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
    "encryptionConfig": {"provider": {"keyArn": KEY}, "resources": ["secrets"]},
    "version": "1.35",
    "vpcConfig": {
        "endpointPrivateAccess": True,
        "endpointPublicAccess": False,
        "publicAccessCidrs": ["203.0.113.0/24"],
        "subnetIds": ["subnet-1", "subnet-2"],
    },
}
EKS_NODE_GROUP: dict[str, Any] = {
    "amiType": "AL2023_x86_64_STANDARD",
    "launchTemplate": {"id": "lt-1", "version": "1"},
    "remoteAccess": {"ec2SshKey": KEY, "sourceSecurityGroupIds": ["sg-1"]},
}
EKS_TEMPLATE: dict[str, Any] = {
    "blockDeviceMappings": [
        {"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "kmsKeyId": KEY}},
        {"deviceName": "/dev/xvdb", "noDevice": "true"},
    ],
    "metadataOptions": {"httpPutResponseHopLimit": 1, "httpTokens": "required"},
    "networkInterfaces": [{"associatePublicIpAddress": "false"}],
    "userData": base64.b64encode(b"#!/bin/sh\necho ready\n").decode(),
}
EKS_NODE_CLASS: dict[str, Any] = {
    "spec": {
        "associatePublicIPAddress": False,
        "blockDeviceMappings": [
            {"deviceName": "/dev/xvda", "ebs": {"encrypted": True, "kmsKeyID": KEY}}
        ],
        "metadataOptions": {"httpPutResponseHopLimit": 1, "httpTokens": "required"},
    }
}
_GKE_NODES: dict[str, Any] = {
    "bootDiskKmsKey": KEY,
    "serviceAccount": "nodes@project.iam.gserviceaccount.com",
    "shieldedInstanceConfig": {"enableIntegrityMonitoring": True, "enableSecureBoot": True},
    "workloadMetadataConfig": {"mode": "GKE_METADATA"},
}
GKE_CLUSTER: dict[str, Any] = {
    "authenticatorGroupsConfig": {"securityGroup": "gke-security-groups@example.com"},
    "binaryAuthorization": {"evaluationMode": "PROJECT_SINGLETON_POLICY_ENFORCE"},
    "databaseEncryption": {"keyName": KEY, "state": "ENCRYPTED"},
    "datapathProvider": "ADVANCED_DATAPATH",
    "deletionProtection": True,
    "enableIntranodeVisibility": True,
    "enableKubernetesAlpha": False,
    "enableLegacyAbac": False,
    "enableShieldedNodes": True,
    "ipAllocationPolicy": {"clusterSecondaryRangeName": "pods"},
    "loggingConfig": {
        "enableComponents": [
            "SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "SCHEDULER", "CONTROLLER_MANAGER",
        ]
    },
    "loggingService": "logging.googleapis.com/kubernetes",
    "masterAuth": {"clientCertificateConfig": {"issueClientCertificate": False}},
    "masterAuthorizedNetworksConfig": {"cidrBlocks": [{"cidrBlock": "203.0.113.0/24"}]},
    "monitoringService": "monitoring.googleapis.com/kubernetes",
    "nodeConfig": _GKE_NODES,
    "privateClusterConfig": {"enablePrivateEndpoint": False, "enablePrivateNodes": True},
    "releaseChannel": {"channel": "REGULAR"},
    "resourceLabels": {"stack": "prod"},
    "workloadIdentityConfig": {"workloadPool": "project.svc.id.goog"},
}  # fmt: skip
GKE_POOL: dict[str, Any] = {
    "cluster": "cluster-1",
    "management": {"autoRepair": True, "autoUpgrade": True},
    "networkConfig": {"enablePrivateNodes": True},
    "nodeConfig": _GKE_NODES,
}
ACK_CLUSTER: dict[str, Any] = {
    "addons": [{"name": "terway-eniip"}, {"name": "csi-plugin"}],
    "auditLogConfig": {"enabled": True},
    "clusterSpec": "ack.pro.small",
    "controlPlaneLogComponents": ["apiserver", "kcm", "scheduler", "ccm"],
    "controlPlaneLogTtl": "30",
    "deletionProtection": True,
    "disableEncryption": False,
    "enableRrsa": True,
    "encryptionProviderKey": KEY,
    "podVswitchIds": ["vsw-3", "vsw-4"],
    "skipSetCertificateAuthority": True,
    "slbInternetEnabled": False,
    "vswitchIds": ["vsw-1", "vsw-2"],
}
ACK_POOL: dict[str, Any] = {
    "dataDisks": [{"encrypted": "true", "kmsKeyId": KEY}],
    "instanceMetadataOptions": {"httpTokens": "required"},
    "management": {"autoRepair": True},
    "systemDiskEncrypted": True,
    "systemDiskKmsKey": KEY,
}

#: By type.
GOOD = {
    "aws:eks/cluster:Cluster": EKS_CLUSTER,
    "aws:eks/nodeGroup:NodeGroup": EKS_NODE_GROUP,
    "aws:ec2/launchTemplate:LaunchTemplate": EKS_TEMPLATE,
    "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass": EKS_NODE_CLASS,
    "gcp:container/cluster:Cluster": GKE_CLUSTER,
    "gcp:container/nodePool:NodePool": GKE_POOL,
    "alicloud:cs/managedKubernetes:ManagedKubernetes": ACK_CLUSTER,
    "alicloud:cs/nodePool:NodePool": ACK_POOL,
}
