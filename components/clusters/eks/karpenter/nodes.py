"""The `EC2NodeClass` and the `NodePool` by which Karpenter makes the nodes of a pool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.clusters.eks.node_pool_options import EksNodePool
from components.clusters.eks.node_pools import disks
from components.kubernetes.object import Fields, KubernetesObject
from components.kubernetes.taints import Taint

GROUP = "karpenter.k8s.aws"
#: The newest image of a family for the cluster's version. Nodes with another image are replaced.
_IMAGES = {"AL2023": "al2023@latest", "BOTTLEROCKET": "bottlerocket@latest"}
#: How long a slow pod or a PodDisruptionBudget can delay the termination of a node.
_DRAIN = "30m"
#: A destroy waits until the last node is drained and EC2 has terminated the instance.
_DELETION = "45m"


@dataclass(frozen=True, kw_only=True)
class NodeSettings:
    """The settings that the nodes of all pools have in common."""

    cluster_name: pulumi.Output[str]
    subnets: Mapping[str, pulumi.Output[str]]
    """By zone."""
    security_group: pulumi.Output[str]
    instance_profile: pulumi.Output[str]
    key_arn: pulumi.Output[str]


def max_nodes(pool: EksNodePool) -> int:
    """How many nodes Karpenter may make for the pool, in addition to the managed ones."""
    return pool.max - max(pool.min, pool.spot.on_demand if pool.spot else 0)


def make_pool(
    name: str,
    key: str,
    pool: EksNodePool,
    settings: NodeSettings,
    depends_on: Sequence[pulumi.Resource],
    parent: pulumi.Resource,
) -> KubernetesObject:
    """The pool's NodePool. Its deletion waits until Karpenter has drained and deleted its nodes: the
    engine deletes in the foreground, which waits for all objects that the NodePool owns."""
    node_class = KubernetesObject(
        f"{name}-{key}-class",
        f"{GROUP}/v1",
        "EC2NodeClass",
        {"spec": _class(key, pool, settings)},
        pulumi.ResourceOptions(
            parent=parent,
            depends_on=depends_on,
            custom_timeouts=pulumi.CustomTimeouts(delete=_DELETION),
        ),
    )
    return KubernetesObject(
        f"{name}-{key}",
        "karpenter.sh/v1",
        "NodePool",
        {"spec": _pool(key, pool, node_class.name)},
        pulumi.ResourceOptions(
            parent=parent, custom_timeouts=pulumi.CustomTimeouts(delete=_DELETION)
        ),
    )


def _class(key: str, pool: EksNodePool, settings: NodeSettings) -> Fields:
    zones = pool.zones or tuple(settings.subnets)
    return {
        "amiSelectorTerms": [{"alias": _IMAGES[pool.image_family]}],
        "instanceProfile": settings.instance_profile,
        "subnetSelectorTerms": [{"id": settings.subnets[zone]} for zone in zones],
        "securityGroupSelectorTerms": [{"id": settings.security_group}],
        "associatePublicIPAddress": False,
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            # One hop reaches only the node itself, so pods cannot get its credentials.
            "httpPutResponseHopLimit": 1,
        },
        "blockDeviceMappings": [
            {
                "deviceName": device,
                "ebs": {
                    "volumeSize": f"{size}Gi",
                    "volumeType": "gp3",
                    "encrypted": True,
                    "kmsKeyID": settings.key_arn,
                    "deleteOnTermination": True,
                },
            }
            for device, size in disks(pool).items()
        ],
        "tags": {"Name": pulumi.Output.concat(settings.cluster_name, "-", key)},
    }


def _pool(key: str, pool: EksNodePool, node_class: pulumi.Output[str]) -> Fields:
    most = max_nodes(pool)
    *_, disk = disks(pool).values()
    return {
        "template": {
            "metadata": {"labels": pool.all_labels(key)},
            "spec": {
                "nodeClassRef": {"group": GROUP, "kind": "EC2NodeClass", "name": node_class},
                "requirements": [
                    _in("node.kubernetes.io/instance-type", pool.machine_type),
                    _in("karpenter.sh/capacity-type", "spot" if pool.spot else "on-demand"),
                ],
                "taints": [_taint(Taint.parse(each)) for each in pool.all_taints],
                "terminationGracePeriod": _DRAIN,
            },
        },
        "limits": {
            "nodes": str(most),
            # While Karpenter chooses nodes for many pods at once, it counts the resources of the
            # nodes, but compares `nodes` only before and after. The disk is the resource whose size
            # is known here.
            "ephemeral-storage": f"{most * disk}Gi",
        },
        "disruption": {
            "consolidationPolicy": "WhenEmptyOrUnderutilized",
            # The default of the Cluster Autoscaler.
            "consolidateAfter": "10m",
        },
    }


def _in(key: str, value: str) -> Fields:
    return {"key": key, "operator": "In", "values": [value]}


def _taint(taint: Taint) -> Fields:
    # Karpenter refuses an empty value.
    return {"key": taint.key, "effect": taint.effect} | (
        {"value": taint.value} if taint.value else {}
    )
