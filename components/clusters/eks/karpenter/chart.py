"""`karpenter_chart`: Karpenter's chart and its values."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_kubernetes.helm.v4 import Chart

from components.clusters.eks.options import EksOptions
from components.clusters.eks.versions import KARPENTER
from components.images import Images
from components.kubernetes.chart import ChartPin, make_chart

_REGISTRY = "oci://public.ecr.aws/karpenter"
_CHART = "karpenter"
_IMAGE = "public.ecr.aws/karpenter/controller"
#: As Karpenter's documentation recommends: the API server gives requests from it priority.
NAMESPACE = "kube-system"
SERVICE_ACCOUNT = "karpenter"


def karpenter_chart(
    name: str,
    options: EksOptions,
    *,
    cluster_name: pulumi.Output[str],
    queue: pulumi.Output[str],
    images: Images,
    opts: pulumi.ResourceOptions,
) -> Chart:
    """The controller, its RBAC roles, and its CustomResourceDefinitions."""
    images = images.within(name, NAMESPACE, opts)
    return make_chart(
        name,
        ChartPin(name=_CHART, repository=_REGISTRY, version=KARPENTER),
        namespace=NAMESPACE,
        values=values(options, cluster_name, queue, images),
        images=images,
        opts=opts,
    )


def values(
    options: EksOptions,
    cluster_name: pulumi.Input[str],
    queue: pulumi.Input[str],
    images: Images,
) -> dict[str, Any]:
    """The chart's values. Its default security context satisfies the Pod Security Standard
    *restricted*."""
    return {
        # The chart's anti-affinity never puts two replicas on one node.
        "replicas": min(2, options.permanent_nodes),
        # The chart's default also counts zones whose nodes the replicas cannot run on.
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
            }
        ],
        "serviceAccount": {"name": SERVICE_ACCOUNT},
        "imagePullPolicy": images.pull_policy,
        "imagePullSecrets": list(images.pull_secrets),
        "controller": {
            "image": _image(images),
            "resources": {
                "requests": {"cpu": "250m", "memory": "512Mi"},
                "limits": {"cpu": "1", "memory": "1Gi"},
            },
        },
        "settings": {"clusterName": cluster_name, "interruptionQueue": queue},
    }


def _image(images: Images) -> dict[str, str]:
    """Values that override the chart's image: none without a mirror and a digest in the stack
    file. For a mirror, the chart's digest is replaced by the stack file's, or dropped, since a
    mirror may have repacked the image."""
    reference, _, digest = images.resolve(f"{_IMAGE}:{KARPENTER}").partition("@")
    repository, _, tag = reference.rpartition(":")
    if images.mirror is None and not digest:
        return {}
    return {"repository": repository, "tag": tag, "digest": digest}
