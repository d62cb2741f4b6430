"""`Workload`: the pod template of all of Slipway's workloads, with security context, probes,
roll-out, drain and spreading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.api_token import API_TOKEN, API_TOKEN_MOUNT
from components.config.quantities import byte_count
from components.kubernetes.object import Fields, KubernetesObject
from components.placement import Placement
from components.roll_out import REPORT_SECONDS

#: A user id that no account of a node has. With an id below 10000, a process that escapes from its
#: container could have access to the files of such an account.
USER_ID = 65532
#: Disk for the logs and /tmp of a pod.
_DISK_REQUEST, _DISK_LIMIT = "64Mi", "1Gi"
#: Request and limit of an init container. A pod requests the larger of an init container's and its
#: server's request.
_INIT_CPU, _INIT_MEMORY = ("100m", "1"), ("128Mi", "1Gi")
_PROBE_PERIOD = 5
_TMP: Fields = {"name": "tmp", "mountPath": "/tmp"}
#: The fields of every container.
_CONFINED: Fields = {
    # The last log lines of a program that gives up have the reason.
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
    """One container behind a Service. In seconds, `deadline` is the longest duration of a call,
    `drain` how long a pod keeps serving after it is told to stop, and `startup` how long a new pod
    may take. `init_containers` run with the security context of the server."""

    labels: dict[str, str]
    image: str
    pull_policy: str
    pull_secrets: Sequence[Fields]
    """References to the pull Secrets of all images of the pod."""
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
    """The number of pods that a new Deployment starts."""
    deadline: int
    drain: int
    startup: int
    surge: bool = True
    """Whether a new pod starts in addition to the old ones, or replaces one."""
    user: int = USER_ID
    placement: Placement = field(default_factory=Placement)
    environment: Mapping[str, str] = field(default_factory=dict)
    environment_from: Mapping[str, Fields] = field(default_factory=dict)
    """The `valueFrom` of variables."""
    init_containers: Sequence[Fields] = ()
    volumes: Sequence[Fields] = ()
    """Volumes with the same name are the same volume."""
    mounts: Sequence[Fields] = ()
    service_account: pulumi.Input[str] | None = None
    token: bool = False
    """Whether the server has the service account's token. No other container has it."""
    tmp: Fields = field(default_factory=lambda: {"sizeLimit": _DISK_LIMIT})
    """The emptyDir at `/tmp`."""
    annotations: dict[str, pulumi.Input[str]] = field(default_factory=dict)
    most_replicas: int | None = None
    """The most pods that there may be at a time; None: `replicas`."""
    generation: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """Pod labels that pods of an older Deployment with the same `labels` do not have."""
    colocation_labels: Mapping[str, str] = field(default_factory=dict)
    """Pod labels. All pods of the namespace that share one of them run on the same node."""

    @property
    def selector(self) -> dict[str, pulumi.Input[str]]:
        """The labels by which its Deployment and its Service select pods."""
        return {**self.labels, **self.generation}

    @property
    def timeouts(self) -> pulumi.CustomTimeouts:
        """How long `up` waits for its Deployment. The roll-out fails first, and has a reason. By
        default the provider waits ten minutes, even if the roll-out has failed."""
        patience = f"{self.startup + REPORT_SECONDS}s"
        return pulumi.CustomTimeouts(create=patience, update=patience)

    def deployment_spec(self) -> Fields:
        """The spec of its Deployment. With `surge` an old pod stops once a new one answers,
        without it before the new one starts."""
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
                "resources": self._resources(_INIT_CPU, _INIT_MEMORY),
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
        """`own`, plus the emptyDirs on the node's disk, which count towards the pod's limit."""
        empty = [volume["emptyDir"] for volume in self.volumes if "emptyDir" in volume]
        limits = [
            each["sizeLimit"] for each in empty if "sizeLimit" in each and "medium" not in each
        ]
        room = sum(map(byte_count, limits))
        return f"{-(-(byte_count(own) + room) // 2**20)}Mi" if room else own


def disruption_budget(
    name: str, workload: Workload, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> pulumi.Resource | None:
    """A budget by which evictions take one pod at a time. A single replica has none: a budget would
    either protect nothing or block every drain of its node. A single replica that an autoscaler may
    add to has one, which allows its eviction. Pods that are bound to one node have none: on another
    node no pod can start before the last one has left."""
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
    """The labels by which pods are selected."""
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
    """Request and limit of one resource. An amount that is left out is the default, but a limit is
    then never below the request, and a request never above the limit."""
    requested = request or (limit if limit and number(limit) < number(default[0]) else default[0])
    allowed = limit or (request if request and number(request) > number(default[1]) else default[1])
    return requested, allowed
