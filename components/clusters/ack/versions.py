"""What ACK is pinned to: Kubernetes and add-ons."""

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
#: ACK wants the whole version: the newest of each minor in ACK's release notes of it.
RELEASES = MappingProxyType(
    {
        "1.34": "1.34.1-aliyun.1",
        "1.35": "1.35.7-aliyun.1",
        "1.36": "1.36.1-aliyun.1",
    }
)
#: Of 2026-08-21, by the change log of csi-plugin; plugin and provisioner go together. OSS volumes
#: with a service account of their own need 1.30.4.
CSI_VERSION = "v1.37.2"
#: Add-ons and their versions. None is the newest that ACK has for the cluster's version: ACK
#: tells only of the newest few, and takes older ones away.
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
#: With the cluster, since nothing runs without a network.
NETWORK_ADDON = "terway-eniip"
#: Pulls from Container Registry, where the stack has one.
REGISTRY_ADDON = "managed-aliyun-acr-credential-helper"
#: With cgroup v2, without which kubelets of 1.35 do not start.
IMAGE_FAMILY = "AliyunLinux3ContainerOptimized"
