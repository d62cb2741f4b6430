"""The pinned versions of Kubernetes and add-ons on ACK."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType

from components.clusters.version_support import Minor

#: Minor versions and the end of their support, as ACK's page "Kubernetes versions supported by
#: ACK" had them on 2026-10-06: help/ack/product-overview/release-notes-for-kubernetes-versions.
MINORS = MappingProxyType(
    {
        "1.34": Minor(until=date(2026, 9, 30)),
        "1.35": Minor(until=date(2027, 2, 28)),
        "1.36": Minor(until=date(2027, 5, 30)),
    }
)
DEFAULT_MINOR = "1.36"
#: ACK requires the whole version: the newest of each minor in ACK's release notes.
RELEASES = MappingProxyType(
    {
        "1.34": "1.34.1-aliyun.1",
        "1.35": "1.35.7-aliyun.1",
        "1.36": "1.36.1-aliyun.1",
    }
)
#: Released on 2026-08-21, by csi-plugin's change log. Plugin and provisioner have the same version.
#: OSS volumes with a service account of their own need at least 1.30.4.
CSI_VERSION = "v1.37.2"
#: Add-ons and their versions. None means the newest that ACK has for the cluster's version: such
#: versions cannot be pinned, since ACK lists only the newest few and withdraws older ones.
ADDONS = MappingProxyType(
    {
        "csi-plugin": CSI_VERSION,
        "managed-csiprovisioner": CSI_VERSION,
        "managed-coredns": None,
        "metrics-server": None,
        "loongcollector": None,
        "ack-node-problem-detector": None,
        "managed-security-inspector": None,
    }
)
#: Installed together with the cluster, since no pod runs without a network.
NETWORK_ADDON = "terway-eniip"
#: Writes pull secrets for Container Registry; installed if the stack has a registry.
REGISTRY_ADDON = "managed-aliyun-acr-credential-helper"
#: An image with cgroup v2, without which kubelets from 1.35 on do not start.
IMAGE_FAMILY = "AliyunLinux3ContainerOptimized"
