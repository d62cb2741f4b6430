"""What checkov asks and this pack does not, and why."""

from __future__ import annotations

#: By checkov's ids.
LEFT_OUT = {
    "CKV_GCP_22": "answers nothing from Kubernetes 1.24 on: the images that it warns of are gone",
    "CKV_GCP_24": "answers nothing from Kubernetes 1.25 on, which has no PodSecurityPolicy; "
    "Slipway's namespaces enforce the Pod Security Standard `restricted`",
    "CKV_AWS_8": "asks for launch configurations, which managed node groups do not take; "
    "SLIPWAY_EKS_4 asks the same of launch templates",
    "CKV_AWS_389": "asks for launch configurations, which managed node groups do not take; "
    "CKV_AWS_88 asks the same of launch templates",
    "CKV2_AWS_37": "asks about repositories of CodeCommit, though checkov hands it every type of AWS",
    "CKV2_AWS_75": "asks about functions of Lambda, though checkov hands it every type of AWS",
    "CKV2_AWS_5": "asks whether somebody uses a security group, and a cluster is one of 60 who may",
}
