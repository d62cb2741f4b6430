"""`Namespace`: a namespace where nothing runs with privileges or talks unasked."""

from __future__ import annotations

import pulumi

from components.contracts.cluster import Cluster
from components.kubernetes.object import KubernetesObject
from components.platform.namespace_owner import OWNER, before_create, owner

#: All that the stack made in it has gone before: what remains is somebody else's, or is held.
_DELETION = "3m"


class Namespace(pulumi.ComponentResource):
    """A Kubernetes namespace of exactly this name, under Pod Security *restricted*, whose pods
    neither receive nor send until a NetworkPolicy allows it. It removes everything in it when
    it goes, so it goes last, and one that somebody else made is refused."""

    name: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        namespace: str,
        cluster: Cluster,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:platform:Namespace", name, None, opts)
        resource = f"{name}-namespace"
        made = KubernetesObject(
            resource,
            "v1",
            "Namespace",
            {
                "metadata": {
                    "name": namespace,
                    "labels": {"pod-security.kubernetes.io/enforce": "restricted"},
                    "annotations": {OWNER: owner()},
                }
            },
            # Under another name it is made first: where that is refused, nothing has gone yet.
            pulumi.ResourceOptions(
                parent=self,
                hooks=before_create(resource, namespace, cluster),
                custom_timeouts=pulumi.CustomTimeouts(delete=_DELETION),
            ),
        )
        self.name = made.name
        KubernetesObject(
            f"{name}-deny",
            "networking.k8s.io/v1",
            "NetworkPolicy",
            {
                "metadata": {"namespace": self.name},
                "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
            },
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"name": self.name})
