"""The pinned versions of Kubernetes, add-ons and images on EKS, and the end of their support."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from components.clusters.version_support import Minor

#: As of 2026-11-21; those of 1.36 are from third-party calendars. AWS lists them at
#: https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html.
MINORS: Mapping[str, Minor] = {
    "1.34": Minor(until=date(2026, 12, 2), extended_until=date(2027, 12, 2)),
    "1.35": Minor(until=date(2027, 3, 27), extended_until=date(2028, 3, 27)),
    "1.36": Minor(until=date(2027, 8, 2), extended_until=date(2028, 8, 2)),
}
DEFAULT_MINOR = "1.36"


@dataclass(frozen=True, kw_only=True)
class Addon:
    """An EKS add-on: its versions by minor version of Kubernetes, or `any` for all of them."""

    name: str
    versions: Mapping[str, str]

    def version(self, minor: str) -> str:
        return self.versions.get(minor) or self.versions["any"]


#: `aws eks describe-addon-versions --addon-name NAME --kubernetes-version MINOR` lists the
#: versions that fit.
KUBE_PROXY = Addon(
    name="kube-proxy",
    versions={
        "1.34": "v1.34.6-eksbuild.21",
        "1.35": "v1.35.3-eksbuild.21",
        "1.36": "v1.36.0-eksbuild.25",
    },
)
COREDNS = Addon(
    name="coredns",
    versions={
        "1.34": "v1.12.4-eksbuild.29",
        "1.35": "v1.13.2-eksbuild.21",
        "1.36": "v1.14.3-eksbuild.23",
    },
)
VPC_CNI = Addon(name="vpc-cni", versions={"any": "v1.22.4-eksbuild.3"})
POD_IDENTITY_AGENT = Addon(name="eks-pod-identity-agent", versions={"any": "v1.3.10-eksbuild.3"})
EBS_CSI = Addon(name="aws-ebs-csi-driver", versions={"any": "v1.65.0-eksbuild.1"})
EFS_CSI = Addon(name="aws-efs-csi-driver", versions={"any": "v3.4.2-eksbuild.1"})
CLOUDWATCH = Addon(name="amazon-cloudwatch-observability", versions={"any": "v6.4.0-eksbuild.1"})

#: The autoscaler has the minor version of the cluster.
CLUSTER_AUTOSCALER_IMAGES: Mapping[str, str] = {
    "1.34": "registry.k8s.io/autoscaling/cluster-autoscaler:v1.34.3",
    "1.35": "registry.k8s.io/autoscaling/cluster-autoscaler:v1.35.2",
    "1.36": "registry.k8s.io/autoscaling/cluster-autoscaler:v1.36.1",
}
DEVICE_PLUGIN_IMAGE = "nvcr.io/nvidia/k8s-device-plugin:v0.19.3"
#: The version of both image and chart. The minor versions that it supports are listed at
#: https://karpenter.sh/docs/upgrading/compatibility/.
KARPENTER = "1.14.1"
