"""Karpenter's chart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from components.clusters.eks.options import EksOptions
from components.clusters.eks.versions import KARPENTER
from components.images import Images

if TYPE_CHECKING:
    from pulumi_kubernetes.helm.v4 import Chart

_REGISTRY = "oci://public.ecr.aws/karpenter"
_CHART = "karpenter"
_IMAGE = "public.ecr.aws/karpenter/controller"
#: Where its documents put it: the API server serves requests of this namespace first.
NAMESPACE = "kube-system"
SERVICE_ACCOUNT = "karpenter"


def make_chart(
    name: str,
    options: EksOptions,
    *,
    cluster_name: pulumi.Output[str],
    queue: pulumi.Output[str],
    images: Images,
    opts: pulumi.ResourceOptions,
) -> Chart:
    """The controller, what it may do on the cluster, and the definitions of its kinds."""
    from pulumi_kubernetes.helm.v4 import Chart, RepositoryOptsArgs

    images = images.within(name, NAMESPACE, opts)
    called, repository = images.chart(_CHART, _REGISTRY)
    return Chart(
        name,
        name=_CHART,
        chart=called,
        version=KARPENTER,
        namespace=NAMESPACE,
        repository_opts=RepositoryOptsArgs(repo=repository),
        values=values(options, cluster_name, queue, images),
        opts=opts,
    )


def values(
    options: EksOptions,
    cluster_name: pulumi.Input[str],
    queue: pulumi.Input[str],
    images: Images,
) -> dict[str, Any]:
    """The chart's values. Its own for the pod are those of a restricted namespace."""
    return {
        # Two are never on one node.
        "replicas": min(2, options.lasting_nodes),
        # The chart's own keeps them apart by nodes that neither may run on, too.
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
    """The chart's own image, or the same tag at the mirror: a mirror may have repacked it, so
    the chart's digest is dropped there, but for one that the stack file has."""
    reference, _, digest = images.resolve(f"{_IMAGE}:{KARPENTER}").partition("@")
    repository, _, tag = reference.rpartition(":")
    if images.mirror is None and not digest:
        return {}
    return {"repository": repository, "tag": tag, "digest": digest}
