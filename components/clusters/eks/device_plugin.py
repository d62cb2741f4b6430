"""`DevicePlugin`: makes the GPUs of nodes available to Kubernetes."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from components import workload
from components.clusters.cloud import POOL_LABEL
from components.clusters.eks.versions import DEVICE_PLUGIN_IMAGE
from components.images import Images
from components.kubernetes.object import Fields, KubernetesObject

_NAMESPACE = "kube-system"
_LABELS = workload.labels("nvidia-device-plugin", "gpus")
#: The directory where kubelet and device plugins put their sockets.
_SOCKETS = "/var/lib/kubelet/device-plugins"


class DevicePlugin(pulumi.ComponentResource):
    """NVIDIA's device plugin, on the nodes of `pools`. Their image has the driver but no plugin."""

    def __init__(
        self, name: str, pools: Sequence[str], images: Images, opts: pulumi.ResourceOptions
    ) -> None:
        super().__init__("slipway:clusters:EksDevicePlugin", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        images = images.within(name, _NAMESPACE, child)
        pull: Fields = (
            {"imagePullSecrets": list(images.pull_secrets)} if images.pull_secrets else {}
        )
        in_pools = {"key": POOL_LABEL, "operator": "In", "values": list(pools)}
        terms = [{"matchExpressions": [in_pools]}]
        KubernetesObject(
            f"{name}-plugin",
            "apps/v1",
            "DaemonSet",
            {
                "metadata": {"namespace": _NAMESPACE, "labels": _LABELS},
                "spec": {
                    "selector": {"matchLabels": _LABELS},
                    "template": {
                        "metadata": {"labels": _LABELS},
                        "spec": {
                            "priorityClassName": "system-node-critical",
                            "automountServiceAccountToken": False,
                            "enableServiceLinks": False,
                            "affinity": {
                                "nodeAffinity": {
                                    "requiredDuringSchedulingIgnoredDuringExecution": {
                                        "nodeSelectorTerms": terms
                                    }
                                }
                            },
                            "tolerations": [{"operator": "Exists"}],
                            **pull,
                            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
                            "containers": [
                                {
                                    "name": "plugin",
                                    "image": images.resolve(DEVICE_PLUGIN_IMAGE),
                                    "imagePullPolicy": images.pull_policy,
                                    "resources": {
                                        "requests": {"cpu": "10m", "memory": "64Mi"},
                                        "limits": {"cpu": "500m", "memory": "256Mi"},
                                    },
                                    "securityContext": {
                                        "allowPrivilegeEscalation": False,
                                        "readOnlyRootFilesystem": True,
                                        "capabilities": {"drop": ["ALL"]},
                                    },
                                    "volumeMounts": [{"name": "sockets", "mountPath": _SOCKETS}],
                                }
                            ],
                            "volumes": [
                                {
                                    "name": "sockets",
                                    "hostPath": {"path": _SOCKETS, "type": "Directory"},
                                }
                            ],
                        },
                    },
                },
            },
            # No wait for pods: the pools may have no nodes.
            child,
        )
        self.register_outputs({})
