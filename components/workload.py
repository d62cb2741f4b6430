"""How every pod of Slipway runs in production: one place for security, probes, roll-outs, drains
and spreading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.api_token import API_TOKEN, API_TOKEN_MOUNT
from components.config.quantities import byte_count
from components.kubernetes.object import Fields, KubernetesObject
from components.placement import Placement
from components.roll_out import REPORT_SECONDS

#: An id that no host account has: below 10000 it could share one's files after an escape.
USER_ID = 65532
#: How much a pod may write to its logs' disk and /tmp.
_DISK_REQUEST, _DISK_LIMIT = "64Mi", "1Gi"
#: What an init container asks for, and may use; a pod asks for the more of this and its server's.
_FETCH_CPU, _FETCH_MEMORY = ("100m", "1"), ("128Mi", "1Gi")
_PROBE_PERIOD = 5
_TMP: Fields = {"name": "tmp", "mountPath": "/tmp"}
#: What every container has.
_CONFINED: Fields = {
    # A program that gives up says why on its last lines.
    "terminationMessagePolicy": "FallbackToLogsOnError",
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
    },
}


@dataclass(frozen=True, kw_only=True)
class Workload:
    """One container behind a Service. `deadline` is the longest call, `drain` how long a pod
    serves after it is told to stop, `startup` how long a new one may take; all in seconds. `init_containers`
    are init containers, run with the security of the server."""

    labels: dict[str, str]
    image: str
    pull_policy: str
    pull_secrets: Sequence[Fields]
    """References to the Secrets that all images of the pod are pulled by."""
    command: Sequence[str] | None
    arguments: Sequence[pulumi.Input[str]]
    ports: dict[str, int]
    startup_probe: Fields
    readiness_probe: Fields
    liveness_probe: Fields
    cpu: tuple[str, str]
    """Request and limit."""
    memory: tuple[str, str]
    """Request and limit."""
    replicas: int
    """How many pods a new Deployment starts."""
    deadline: int
    drain: int
    startup: int
    surge: bool = True
    """Whether a new pod starts beside the old ones, or in the place of one."""
    user: int = USER_ID
    placement: Placement = field(default_factory=Placement)
    environment: Mapping[str, str] = field(default_factory=dict)
    environment_from: Mapping[str, Fields] = field(default_factory=dict)
    """What a variable has in place of a value."""
    init_containers: Sequence[Fields] = ()
    volumes: Sequence[Fields] = ()
    """Those of one name are one volume."""
    mounts: Sequence[Fields] = ()
    service_account: pulumi.Input[str] | None = None
    token: bool = False
    """Whether the server, and it alone, has the service account's token."""
    tmp: Fields = field(default_factory=lambda: {"sizeLimit": _DISK_LIMIT})
    """The emptyDir at `/tmp`."""
    annotations: dict[str, pulumi.Input[str]] = field(default_factory=dict)
    most_replicas: int | None = None
    """How many an autoscaler may make of them."""
    generation: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Labels of its pods that those of an older Deployment with the same `labels` do not have."""
    colocation_labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of its pods; all pods of the namespace that have one of them run on one node."""

    @property
    def selector(self) -> dict[str, pulumi.Input[str]]:
        """What its Deployment and its Service select pods by."""
        return {**self.labels, **self.generation}

    @property
    def timeouts(self) -> pulumi.CustomTimeouts:
        """How long `up` waits for its Deployment: the roll-out gives up first, and with a reason.
        By default the provider waits ten minutes, also for one that has failed."""
        patience = f"{self.startup + REPORT_SECONDS}s"
        return pulumi.CustomTimeouts(create=patience, update=patience)

    def deployment_spec(self) -> Fields:
        """A Deployment's spec: a new pod answers before an old one stops, but without `surge`."""
        return {
            "replicas": self.replicas,
            "progressDeadlineSeconds": self.startup,
            "revisionHistoryLimit": 3,
            "selector": {"matchLabels": self.selector},
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {
                    "maxUnavailable": 0 if self.surge else 1,
                    "maxSurge": 1 if self.surge else 0,
                },
            },
            "template": self.template(),
        }

    def template(self) -> Fields:
        """The pod template: metadata and spec."""
        return {"metadata": self._metadata(), "spec": self.pod_spec()}

    def _metadata(self) -> Fields:
        metadata: Fields = {"labels": {**self.selector, **self.colocation_labels}}
        if self.annotations:
            metadata["annotations"] = self.annotations
        return metadata

    def pod_spec(self) -> Fields:
        """The spec of one pod."""
        pod: Fields = {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": self.drain + self.deadline,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": self.user,
                "runAsGroup": USER_ID,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": key,
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": {"matchLabels": self.selector},
                }
                for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
            ],
            "containers": [self._server()],
            "volumes": [
                *{volume["name"]: volume for volume in self.volumes}.values(),
                {"name": "tmp", "emptyDir": self.tmp},
                *([API_TOKEN] if self.token else ()),
            ],
        }
        if self.init_containers:
            common = {
                "imagePullPolicy": self.pull_policy,
                "resources": self._resources(_FETCH_CPU, _FETCH_MEMORY),
                **_CONFINED,
            }
            pod["initContainers"] = [
                {**common, **one, "volumeMounts": [*one.get("volumeMounts", ()), _TMP]}
                for one in self.init_containers
            ]
        affinity: Fields = {}
        if self.placement.node_affinity:
            affinity["nodeAffinity"] = self.placement.node_affinity
        if self.placement.tolerations:
            pod["tolerations"] = list(self.placement.tolerations)
        if self.colocation_labels:
            # Required: a new pod on another node would wait for the volume until the roll-out
            # fails. The first pod may run anywhere, since it matches its own labels.
            affinity["podAffinity"] = {
                "requiredDuringSchedulingIgnoredDuringExecution": [
                    {
                        "topologyKey": "kubernetes.io/hostname",
                        "labelSelector": {"matchLabels": {key: value}},
                    }
                    for key, value in self.colocation_labels.items()
                ]
            }
        if affinity:
            pod["affinity"] = affinity
        if self.pull_secrets:
            pod["imagePullSecrets"] = list(self.pull_secrets)
        if self.service_account is not None:
            pod["serviceAccountName"] = self.service_account
        return pod

    def _server(self) -> Fields:
        return {
            "image": self.image,
            "imagePullPolicy": self.pull_policy,
            **self._program(),
            "ports": [{"name": name, "containerPort": port} for name, port in self.ports.items()],
            "resources": self._resources(self.cpu, self.memory, self.placement.devices),
            "startupProbe": {
                **self.startup_probe,
                "periodSeconds": _PROBE_PERIOD,
                "failureThreshold": -(-self.startup // _PROBE_PERIOD),
            },
            "readinessProbe": {
                **self.readiness_probe,
                "periodSeconds": _PROBE_PERIOD,
                "failureThreshold": 2,
            },
            "livenessProbe": {
                **self.liveness_probe,
                "periodSeconds": 10,
                "failureThreshold": 6,
            },
            "lifecycle": {"preStop": {"sleep": {"seconds": self.drain}}},
            **_CONFINED,
            "volumeMounts": [*self.mounts, _TMP, *([API_TOKEN_MOUNT] if self.token else ())],
        }

    def _program(self) -> Fields:
        program: Fields = {"name": "server", "args": list(self.arguments)}
        if self.command:
            program["command"] = list(self.command)
        environment: list[Fields] = [
            *({"name": name, "value": value} for name, value in self.environment.items()),
            *({"name": name, "valueFrom": it} for name, it in self.environment_from.items()),
        ]
        if environment:
            program["env"] = environment
        return program

    def _resources(
        self,
        cpu: tuple[str, str],
        memory: tuple[str, str],
        devices: Mapping[str, str] | None = None,
    ) -> Fields:
        return {
            kind: {
                "cpu": cpu[at],
                "memory": memory[at],
                "ephemeral-storage": self._disk((_DISK_REQUEST, _DISK_LIMIT)[at]),
                **(devices or {}),
            }
            for at, kind in enumerate(("requests", "limits"))
        }

    def _disk(self, own: str) -> str:
        """`own`, and the emptyDirs on the node's disk, which count against the pod's limit."""
        empty = [volume["emptyDir"] for volume in self.volumes if "emptyDir" in volume]
        limits = [
            each["sizeLimit"] for each in empty if "sizeLimit" in each and "medium" not in each
        ]
        room = sum(map(byte_count, limits))
        return f"{-(-(byte_count(own) + room) // 2**20)}Mi" if room else own


def disruption_budget(
    name: str, workload: Workload, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> pulumi.Resource | None:
    """Evictions take one pod at a time. None for a single replica: a budget would then either
    protect nothing or block every drain of its node. Where an autoscaler may make more of it there
    is one: it lets the last pod go. None for pods bound to one node either: on another none can
    start before the last has left."""
    if (workload.most_replicas or workload.replicas) < 2 or workload.colocation_labels:
        return None
    return KubernetesObject(
        name,
        "policy/v1",
        "PodDisruptionBudget",
        {
            "metadata": {"namespace": namespace},
            "spec": {"maxUnavailable": 1, "selector": {"matchLabels": workload.labels}},
        },
        opts,
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
