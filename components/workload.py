"""How every pod of Slipway runs in production: one place for security, probes, roll-outs, drains
and spreading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pulumi

if TYPE_CHECKING:
    from pulumi_kubernetes.apps.v1 import DeploymentSpecArgsDict
    from pulumi_kubernetes.core.v1 import (
        ContainerArgsDict,
        ContainerPortArgsDict,
        PodSpecArgsDict,
        ProbeArgsDict,
        ResourceRequirementsArgsDict,
        VolumeArgsDict,
        VolumeMountArgsDict,
    )
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

#: An id that no host account has: below 10000 it could share one's files after an escape.
USER_ID = 65532
#: How long a pod may write to its logs' disk and /tmp.
_DISK_REQUEST, _DISK_LIMIT = "64Mi", "1Gi"
_PROBE_PERIOD = 5


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One container behind a Service. `deadline` is the longest call, `drain` how long a pod
    serves after it is told to stop, `startup` how long a new one may take; all in seconds."""

    labels: dict[str, str]
    image: str
    command: Sequence[str] | None
    arguments: Sequence[pulumi.Input[str]]
    ports: dict[str, int]
    startup_probe: ProbeArgsDict
    readiness_probe: ProbeArgsDict
    liveness_probe: ProbeArgsDict
    cpu: tuple[str, str]
    """Request and limit."""
    memory: tuple[str, str]
    """Request and limit."""
    replicas: int
    deadline: int
    drain: int
    startup: int
    volumes: Sequence[VolumeArgsDict] = ()
    mounts: Sequence[VolumeMountArgsDict] = ()
    service_account: pulumi.Input[str] | None = None
    """Its token is mounted; without one, no token is."""
    annotations: dict[str, pulumi.Input[str]] = field(default_factory=dict)
    node_mates: Mapping[str, str] = field(default_factory=dict)
    """Labels of its pods; all pods of the namespace that have them run on one node."""

    def deployment_spec(self) -> DeploymentSpecArgsDict:
        """A Deployment's spec: a new pod answers before an old one stops."""
        return {
            "replicas": self.replicas,
            "progress_deadline_seconds": self.startup,
            "revision_history_limit": 3,
            "selector": {"match_labels": self.labels},
            "strategy": {
                "type": "RollingUpdate",
                "rolling_update": {"max_unavailable": 0, "max_surge": 1},
            },
            "template": {"metadata": self._metadata(), "spec": self._pod()},
        }

    def _metadata(self) -> ObjectMetaArgsDict:
        metadata: ObjectMetaArgsDict = {"labels": {**self.labels, **self.node_mates}}
        if self.annotations:
            metadata["annotations"] = self.annotations
        return metadata

    def _pod(self) -> PodSpecArgsDict:
        ports: list[ContainerPortArgsDict] = [
            {"name": name, "container_port": port} for name, port in self.ports.items()
        ]
        pod: PodSpecArgsDict = {
            "automount_service_account_token": self.service_account is not None,
            "enable_service_links": False,
            "termination_grace_period_seconds": self.drain + self.deadline,
            "security_context": {
                "run_as_non_root": True,
                "run_as_user": USER_ID,
                "run_as_group": USER_ID,
                "seccomp_profile": {"type": "RuntimeDefault"},
            },
            "topology_spread_constraints": [
                {
                    "max_skew": 1,
                    "topology_key": key,
                    "when_unsatisfiable": "ScheduleAnyway",
                    "label_selector": {"match_labels": self.labels},
                }
                for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
            ],
            "containers": [
                {
                    "image": self.image,
                    "image_pull_policy": "IfNotPresent",
                    **self._program(),
                    "ports": ports,
                    "resources": self._resources(),
                    "startup_probe": {
                        **self.startup_probe,
                        "period_seconds": _PROBE_PERIOD,
                        "failure_threshold": -(-self.startup // _PROBE_PERIOD),
                    },
                    "readiness_probe": {
                        **self.readiness_probe,
                        "period_seconds": _PROBE_PERIOD,
                        "failure_threshold": 2,
                    },
                    "liveness_probe": {
                        **self.liveness_probe,
                        "period_seconds": 10,
                        "failure_threshold": 6,
                    },
                    "lifecycle": {"pre_stop": {"sleep": {"seconds": self.drain}}},
                    # A server that gives up says why on its last lines.
                    "termination_message_policy": "FallbackToLogsOnError",
                    "security_context": {
                        "allow_privilege_escalation": False,
                        "read_only_root_filesystem": True,
                        "run_as_non_root": True,
                        "run_as_user": USER_ID,
                        "capabilities": {"drop": ["ALL"]},
                    },
                    "volume_mounts": [*self.mounts, {"name": "tmp", "mount_path": "/tmp"}],
                }
            ],
            "volumes": [*self.volumes, {"name": "tmp", "empty_dir": {"size_limit": _DISK_LIMIT}}],
        }
        if self.node_mates:
            # Required: a new pod on another node would wait for the volume until the roll-out
            # fails. The first pod may run anywhere, since it matches its own labels.
            pod["affinity"] = {
                "pod_affinity": {
                    "required_during_scheduling_ignored_during_execution": [
                        {
                            "topology_key": "kubernetes.io/hostname",
                            "label_selector": {"match_labels": dict(self.node_mates)},
                        }
                    ]
                }
            }
        if self.service_account is not None:
            pod["service_account_name"] = self.service_account
        return pod

    def _program(self) -> ContainerArgsDict:
        program: ContainerArgsDict = {"name": "server", "args": list(self.arguments)}
        if self.command:
            program["command"] = list(self.command)
        return program

    def _resources(self) -> ResourceRequirementsArgsDict:
        return {
            "requests": {
                "cpu": self.cpu[0],
                "memory": self.memory[0],
                "ephemeral-storage": _DISK_REQUEST,
            },
            "limits": {
                "cpu": self.cpu[1],
                "memory": self.memory[1],
                "ephemeral-storage": _DISK_LIMIT,
            },
        }


def disruption_budget(
    name: str, workload: Workload, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> pulumi.Resource | None:
    """Evictions take one pod at a time. None for a single replica: a budget would then either
    protect nothing or block every drain of its node. None for pods bound to one node either: on
    another none can start before the last has left."""
    if workload.replicas < 2 or workload.node_mates:
        return None
    from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

    return PodDisruptionBudget(
        name,
        metadata={"namespace": namespace},
        spec={"max_unavailable": 1, "selector": {"match_labels": workload.labels}},
        opts=opts,
    )


def labels(component: str, instance: str) -> dict[str, str]:
    """The labels that a pod is selected by."""
    return {
        "app.kubernetes.io/name": component,
        "app.kubernetes.io/instance": instance,
        "app.kubernetes.io/managed-by": "slipway",
    }


def amounts(
    request: str | None,
    limit: str | None,
    default: tuple[str, str],
    number: Callable[[str], float],
) -> tuple[str, str]:
    """Request and limit of one resource: what is left out is the default's, and a limit that is
    left out is never below its request, nor a request above its limit."""
    asked = request or (limit if limit and number(limit) < number(default[0]) else default[0])
    allowed = limit or (request if request and number(request) > number(default[1]) else default[1])
    return asked, allowed
