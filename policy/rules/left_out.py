"""checkov's rules that this pack leaves out, and the reasons."""

from __future__ import annotations

#: By checkov's ids.
LEFT_OUT = {
    "CKV_GCP_22": "finds nothing from Kubernetes 1.24 on, which has no more of the images that it warns of",
    "CKV_GCP_24": "finds nothing from Kubernetes 1.25 on, which has no PodSecurityPolicy; "
    "Slipway's namespaces enforce the Pod Security Standard `restricted`",
    "CKV_AWS_8": "checks launch configurations, which managed node groups do not use; "
    "SLIPWAY_EKS_4 checks the same for launch templates",
    "CKV_AWS_389": "checks launch configurations, which managed node groups do not use; "
    "CKV_AWS_88 checks the same for launch templates",
    "CKV2_AWS_37": "checks repositories of CodeCommit, although checkov applies it to all AWS types",
    "CKV2_AWS_75": "checks functions of Lambda, although checkov applies it to all AWS types",
    "CKV2_AWS_5": "checks whether a security group is used, and a cluster is one of 60 types that can use it",
}
