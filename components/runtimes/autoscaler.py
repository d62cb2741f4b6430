"""The HorizontalPodAutoscaler of a server, and who owns the number of its Deployment's pods.

While there is an autoscaler, it owns the number. Pulumi ignores `spec.replicas`. The Kubernetes
plugin omits the field from what it applies once another client has set it; until then it repeats
the present value. If the program omitted the field itself, server-side apply would reset it to the
API's default, one.

When the autoscaler is removed, the Deployment is replaced: the old one is deleted once the new one
serves. The result of an update in place would be random. Pulumi deletes the autoscaler after all
other operations of an update, and until then the autoscaler may set its own number again. An
annotation of the Deployment records which of the two owns the number.
"""

from __future__ import annotations

import pulumi

from components.config.quantities import byte_count, cores
from components.config.replicas import Replicas, ScalingRules
from components.kubernetes.object import Fields, KubernetesObject
from components.workload import Workload

_OWNER = {"slipway.dev/replicas": "autoscaler"}


def owner_metadata(replicas: Replicas) -> Fields:
    """The part of the Deployment's metadata that records who owns the number of pods."""
    return {"annotations": _OWNER} if replicas.scales else {}


def owner_options(replicas: Replicas, *, surge: bool) -> pulumi.ResourceOptions:
    """Options of the Deployment for a change of the number's owner. Without `surge` the old
    Deployment is deleted first, since there is no room for both."""
    if replicas.scales:
        return pulumi.ResourceOptions(ignore_changes=["spec.replicas"])
    # The Deployment has no other annotations. The path is that of the whole map, since the addition
    # or removal of a map is a single change.
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
    """Create the autoscaler of `deployment`."""
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
    """Warn if `replicas`, the value of `key`, cannot have its intended effect."""
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
    fields: Fields = {
        "stabilizationWindowSeconds": rules.stabilization_window_seconds,
        "selectPolicy": rules.select_policy,
        "policies": rules.policies
        and [
            {"type": each.type, "value": each.value, "periodSeconds": each.period_seconds}
            for each in rules.policies
        ],
    }
    return {key: value for key, value in fields.items() if value is not None}
