"""The HorizontalPodAutoscaler of a server, and who says how many pods its Deployment has.

While there is an autoscaler, the number is its own: Pulumi ignores `spec.replicas`, and the plugin
leaves it out of what it applies as soon as somebody else has set it, and until then repeats what
is there. Left out without that, server-side apply would put the API's default in: one.

On the way back the Deployment is made anew, and the old one goes when the new one serves. In place
it would be decided by chance: Pulumi deletes the autoscaler after everything else of an update, and
until then it takes the new number back. A mark on the Deployment tells the two ways apart.
"""

from __future__ import annotations

import pulumi

from components.config.quantities import byte_count, cores
from components.config.replicas import Replicas, ScalingRules
from components.kubernetes.object import Fields, KubernetesObject
from components.workload import Workload

_MARK = {"slipway.dev/replicas": "autoscaler"}


def mark(replicas: Replicas) -> Fields:
    """What the Deployment's metadata says of `replicas`."""
    return {"annotations": _MARK} if replicas.scales else {}


def hand_over(replicas: Replicas, *, surge: bool) -> pulumi.ResourceOptions:
    """Options of the Deployment, by which the number of pods changes hands. Without `surge` there
    is no room for two at once."""
    if replicas.scales:
        return pulumi.ResourceOptions(ignore_changes=["spec.replicas"])
    # It has no annotation but the mark. The whole map, since a map that comes or goes is one change.
    return pulumi.ResourceOptions(
        replace_on_changes=["metadata.annotations"], delete_before_replace=not surge
    )


def make(
    name: str,
    replicas: Replicas,
    deployment: KubernetesObject,
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """The autoscaler of `deployment`."""
    spec: Fields = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment.name},
        "minReplicas": replicas.min,
        "maxReplicas": replicas.most,
        "metrics": [
            {
                "type": "Resource",
                "resource": {
                    "name": resource,
                    "target": {"type": "Utilization", "averageUtilization": percent},
                },
            }
            for resource, percent in replicas.targets.items()
        ],
    }
    rules = {"scaleUp": replicas.scale_up, "scaleDown": replicas.scale_down}
    if behavior := {key: _rules(each) for key, each in rules.items() if each is not None}:
        spec["behavior"] = behavior
    KubernetesObject(
        name,
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        {"metadata": {"namespace": namespace}, "spec": spec},
        opts,
    )


def warn(key: str, replicas: Replicas, server: Workload, resource: pulumi.Resource) -> None:
    """Say where `replicas`, the value of `key`, cannot do what is asked of it."""
    if server.colocation_labels:
        pulumi.log.warn(
            f"{key}: the model's volume is ReadWriteOnce, so all {replicas.most} pods have to find "
            "room on one node, and those that do not stay pending; make the volume ReadWriteMany, "
            "or serve the model from a bucket",
            resource,
        )
    amounts = {"cpu": (server.cpu, cores), "memory": (server.memory, byte_count)}
    for name, percent in replicas.targets.items():
        (request, limit), number = amounts[name]
        if number(request) * percent / 100 >= number(limit):
            pulumi.log.warn(
                f"{key}.{name}: {percent} % of the request ({request}) is no less than the limit "
                f"({limit}), so it never makes more pods; lower it, or raise the limit",
                resource,
            )


def _rules(rules: ScalingRules) -> Fields:
    said: Fields = {
        "stabilizationWindowSeconds": rules.stabilization_window_seconds,
        "selectPolicy": rules.select_policy,
        "policies": rules.policies
        and [
            {"type": each.type, "value": each.value, "periodSeconds": each.period_seconds}
            for each in rules.policies
        ],
    }
    return {key: value for key, value in said.items() if value is not None}
