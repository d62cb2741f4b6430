"""`Volumes`: PersistentVolumeClaims for the files of models."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from components.config.volume_options import VolumeOptions
from components.contracts.cluster import Cluster
from components.contracts.source import Claim
from components.kubernetes.object import Fields, KubernetesObject

#: A provisioner makes a volume within this time. The provider does not wait for a claim of a
#: StorageClass with `WaitForFirstConsumer`; without a provisioner it would wait for ever.
_PATIENCE = "2m"


class Volumes(pulumi.ComponentResource):
    """A claim for each volume of the stack file, under the volume's own name: pods that copy files
    into it refer to that name. When a claim is deleted, the StorageClass's reclaim policy decides
    whether its files are."""

    claims: dict[str, Claim]

    def __init__(
        self,
        name: str,
        volumes: Mapping[str, VolumeOptions],
        namespace: pulumi.Output[str],
        cluster: Cluster,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:platform:Volumes", name, None, opts)
        self.claims = {}
        for claim, options in volumes.items():
            spec: Fields = {
                "accessModes": [options.access_mode],
                "resources": {"requests": {"storage": options.size}},
            }
            storage_class = cluster.storage_class(options.storage_class, options.access_mode)
            if storage_class is not None:
                spec["storageClassName"] = storage_class
            created = KubernetesObject(
                f"{name}-{claim}",
                "v1",
                "PersistentVolumeClaim",
                {"metadata": {"name": claim, "namespace": namespace}, "spec": spec},
                pulumi.ResourceOptions(
                    parent=self,
                    delete_before_replace=True,
                    custom_timeouts=pulumi.CustomTimeouts(create=_PATIENCE, update=_PATIENCE),
                ),
            )
            self.claims[claim] = Claim(
                name=created.name, one_node=options.access_mode == "ReadWriteOnce"
            )
        self.register_outputs({"claims": {key: each.name for key, each in self.claims.items()}})
