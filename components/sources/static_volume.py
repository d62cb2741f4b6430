"""`StaticVolume`: a PersistentVolume of files that are there already, and the claim of it."""

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
    """The claim is bound by label, whatever StorageClass is the default, and goes before the
    volume; the files stay. The volume's name, which is the label's value too, is made from all
    that it says and from the namespace: two stacks never mean the same one, and what cannot be
    changed in a volume is another volume, another claim, and so other pods. `secret` names one in the
    models' namespace that a CSI driver mounts with; `attributes` are what it is told beside those
    in `source`, known later."""

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
        said = json.dumps([spec, source, secret], sort_keys=True)
        told = pulumi.Output.from_input(dict(attributes or {}))
        called = pulumi.Output.all(args.namespace, told).apply(
            lambda it: f"{label(args.model)}-{_digest(it[0], said, *_parts(it[1]))}"
        )
        if csi := source.get("csi"):
            # The OSS driver wants the name; any other wants what no other volume has.
            source = {"csi": {**csi, "volumeHandle": called}}
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
                "metadata": {"name": called, "labels": {VOLUME_LABEL: called}},
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
