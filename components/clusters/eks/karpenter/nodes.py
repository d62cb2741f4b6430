"""What Karpenter makes of a pool: its `EC2NodeClass` and its `NodePool`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.clusters.eks.node_pools import disks
from components.clusters.eks.options import EksNodePool
from components.kubernetes.object import Fields, KubernetesObject

GROUP = "karpenter.k8s.aws"
#: Of the family's images the newest for the cluster's version: nodes with another are replaced.
_IMAGES = {"AL2023": "al2023@latest", "BOTTLEROCKET": "bottlerocket@latest"}
#: How long an evicted pod, or a budget that lets none go, holds up a node that has to go.
_DRAIN = "30m"
#: A destroy waits for the last node: its drain, and until EC2 has ended the machine.
_DELETION = "45m"


@dataclass(frozen=True, kw_only=True)
class Machines:
    """What the machines of all pools have."""

    cluster_name: pulumi.Output[str]
    subnets: Mapping[str, pulumi.Output[str]]
    """By zone."""
    security_group: pulumi.Output[str]
    instance_profile: pulumi.Output[str]
    key_arn: pulumi.Output[str]


def beyond(said: EksNodePool) -> int:
    """How many nodes the pool may have that no managed node group makes."""
    return said.max - max(said.min, said.spot.on_demand if said.spot else 0)


def make_pool(
    name: str,
    pool: str,
    said: EksNodePool,
    machines: Machines,
    after: Sequence[pulumi.Resource],
    parent: pulumi.Resource,
) -> KubernetesObject:
    """The pool's NodePool, made after `after`. When it is deleted, so are its nodes, drained by
    Karpenter: the deletion is a foreground one, which waits for what the NodePool owns."""
    node_class = KubernetesObject(
        f"{name}-{pool}-class",
        f"{GROUP}/v1",
        "EC2NodeClass",
        {"spec": _class(pool, said, machines)},
        pulumi.ResourceOptions(
            parent=parent,
            depends_on=after,
            custom_timeouts=pulumi.CustomTimeouts(delete=_DELETION),
        ),
    )
    return KubernetesObject(
        f"{name}-{pool}",
        "karpenter.sh/v1",
        "NodePool",
        {"spec": _pool(pool, said, node_class.name)},
        pulumi.ResourceOptions(
            parent=parent, custom_timeouts=pulumi.CustomTimeouts(delete=_DELETION)
        ),
    )


def _class(pool: str, said: EksNodePool, machines: Machines) -> Fields:
    zones = said.zones or tuple(machines.subnets)
    return {
        "amiSelectorTerms": [{"alias": _IMAGES[said.image_family]}],
        "instanceProfile": machines.instance_profile,
        "subnetSelectorTerms": [{"id": machines.subnets[zone]} for zone in zones],
        "securityGroupSelectorTerms": [{"id": machines.security_group}],
        "associatePublicIPAddress": False,
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpTokens": "required",
            # One hop ends on the node: no pod gets the node's credentials.
            "httpPutResponseHopLimit": 1,
        },
        "blockDeviceMappings": [
            {
                "deviceName": device,
                "ebs": {
                    "volumeSize": f"{size}Gi",
                    "volumeType": "gp3",
                    "encrypted": True,
                    "kmsKeyID": machines.key_arn,
                    "deleteOnTermination": True,
                },
            }
            for device, size in disks(said).items()
        ],
        "tags": {"Name": pulumi.Output.concat(machines.cluster_name, "-", pool)},
    }


def _pool(pool: str, said: EksNodePool, node_class: pulumi.Output[str]) -> Fields:
    most = beyond(said)
    *_, disk = disks(said).values()
    return {
        "template": {
            "metadata": {"labels": said.all_labels(pool)},
            "spec": {
                "nodeClassRef": {"group": GROUP, "kind": "EC2NodeClass", "name": node_class},
                "requirements": [
                    _one_of("node.kubernetes.io/instance-type", said.machine_type),
                    _one_of("karpenter.sh/capacity-type", "spot" if said.spot else "on-demand"),
                ],
                "taints": [_taint(each) for each in said.all_taints],
                "terminationGracePeriod": _DRAIN,
            },
        },
        "limits": {
            "nodes": str(most),
            # What a machine has is counted while nodes are chosen for many pods at once, `nodes`
            # only in between; of a pool's machines the disk is what is known.
            "ephemeral-storage": f"{most * disk}Gi",
        },
        "disruption": {
            "consolidationPolicy": "WhenEmptyOrUnderutilized",
            # As long as the Cluster Autoscaler lets a node idle.
            "consolidateAfter": "10m",
        },
    }


def _one_of(key: str, value: str) -> Fields:
    return {"key": key, "operator": "In", "values": [value]}


def _taint(taint: str) -> Fields:
    named, _, effect = taint.rpartition(":")
    key, _, value = named.partition("=")
    # An empty value is refused.
    return {"key": key, "effect": effect} | ({"value": value} if value else {})
