"""`StaticVolume`: a PersistentVolume of existing files, and the claim that is bound to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

import pulumi

from components.config.values import label
from components.contracts.source import SourceArgs
from components.kubernetes.object import Fields, KubernetesObject

#: Binds the claim to the volume.
VOLUME_LABEL = "slipway.dev/volume"


class StaticVolume(pulumi.ComponentResource):
    """The claim is bound by a label, whatever the default StorageClass is. It is deleted before the
    volume, and the files stay.

    The volume's name, which is also the label's value, has a digest of the volume's fields and of
    the namespace. So two stacks never refer to the same volume, and a change of the fields, which
    are immutable, is a new volume, a new claim and new pods.

    `secret` is the Secret in the models' namespace that a CSI driver mounts with. `attributes` are
    volume attributes in addition to those in `source`; their values may be known only later."""

    claim: pulumi.Output[str]

    def __init__(
        self,
        args: SourceArgs,
        source: Fields,
        *,
        access_mode: str,
        size: str,
        mount_options: Sequence[str] = (),
        secret: str | None = None,
        attributes: Mapping[str, pulumi.Input[str]] | None = None,
    ) -> None:
        name = f"{label(args.model)}-files"
        super().__init__("slipway:sources:StaticVolume", name, None, args.opts)
        spec: Fields = {
            "capacity": {"storage": size},
            "accessModes": [access_mode],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": "",
            **({"mountOptions": list(mount_options)} if mount_options else {}),
        }
        fields = json.dumps([spec, source, secret], sort_keys=True)
        known = pulumi.Output.all(args.namespace, pulumi.Output.from_input(dict(attributes or {})))
        volume_name = known.apply(
            lambda it: f"{label(args.model)}-{_digest(it[0], fields, *_parts(it[1]))}"
        )
        if csi := source.get("csi"):
            # The OSS driver requires the volume's name, any other a handle that is unique.
            source = {"csi": {**csi, "volumeHandle": volume_name}}
            if attributes:
                source["csi"]["volumeAttributes"] = {**csi["volumeAttributes"], **attributes}
            if secret:
                reference = {"name": secret, "namespace": args.namespace}
                source["csi"]["nodePublishSecretRef"] = reference
        child = pulumi.ResourceOptions(parent=self)
        volume = KubernetesObject(
            f"{name}-volume",
            "v1",
            "PersistentVolume",
            {
                "metadata": {"name": volume_name, "labels": {VOLUME_LABEL: volume_name}},
                "spec": {**spec, **source},
            },
            child,
        )
        self.claim = KubernetesObject(
            f"{name}-claim",
            "v1",
            "PersistentVolumeClaim",
            {
                "metadata": {"namespace": args.namespace},
                "spec": {
                    "accessModes": [access_mode],
                    "storageClassName": "",
                    "resources": {"requests": {"storage": size}},
                    "selector": {"matchLabels": {VOLUME_LABEL: volume.name}},
                },
            },
            child,
        ).name
        self.register_outputs({"claim": self.claim})


def _parts(attributes: Mapping[str, str]) -> list[str]:
    return [json.dumps(attributes, sort_keys=True)] if attributes else []


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]
