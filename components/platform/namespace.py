"""`Namespace`: a namespace with Pod Security *restricted* and a deny-all NetworkPolicy."""

from __future__ import annotations

import pulumi

from components.contracts.cluster import Cluster
from components.kubernetes.object import KubernetesObject
from components.platform.namespace_owner import OWNER, before_create, owner

#: The stack's own objects in it are deleted before it: what is left belongs to somebody else, or a
#: finalizer holds it.
_DELETION = "3m"


class Namespace(pulumi.ComponentResource):
    """A Kubernetes namespace of exactly this name, under Pod Security *restricted*. Its pods
    neither receive nor send until another NetworkPolicy allows it. Deleting a namespace deletes
    everything in it: it is deleted last, and one that somebody else made is refused."""

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
        created = KubernetesObject(
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
            # A new name creates the new namespace before the old one is deleted: if it is refused,
            # nothing is lost.
            pulumi.ResourceOptions(
                parent=self,
                hooks=before_create(resource, namespace, cluster),
                custom_timeouts=pulumi.CustomTimeouts(delete=_DELETION),
            ),
        )
        self.name = created.name
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
