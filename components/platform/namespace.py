"""`Namespace`: a namespace where nothing runs with privileges or talks unasked."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes.core.v1 import Namespace as KubernetesNamespace
from pulumi_kubernetes.networking.v1 import NetworkPolicy


class Namespace(pulumi.ComponentResource):
    """A Kubernetes namespace of exactly this name, under Pod Security *restricted*, whose pods
    neither receive nor send until a NetworkPolicy allows it. It removes everything in it when
    it goes, so it goes last."""

    name: pulumi.Output[str]

    def __init__(
        self, name: str, namespace: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("slipway:platform:Namespace", name, None, opts)
        made = KubernetesNamespace(
            f"{name}-namespace",
            metadata={
                "name": namespace,
                "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
            },
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.name = made.metadata.apply(lambda metadata: metadata.name or namespace)
        NetworkPolicy(
            f"{name}-deny",
            metadata={"namespace": self.name},
            spec={"pod_selector": {}, "policy_types": ["Ingress", "Egress"]},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"name": self.name})
