"""`ObjectStoreSource`: model files that an init container copies from a bucket."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from components.config.values import label
from components.contracts.identity import NO_IDENTITY, BucketAccess, Identity
from components.contracts.source import ModelFiles, SourceArgs
from components.kubernetes.object import Fields
from components.sources import copy_version
from components.sources.addresses import port
from components.sources.object_store_options import STORAGE_INITIALIZER, ObjectStoreOptions
from components.sources.volume import directory, own_volume

_ENTRYPOINT = "/storage-initializer/scripts/initializer-entrypoint"
#: The program that runs the initializer for one version.
_COPY_VERSION = Path(copy_version.__file__).read_text()
#: The key of a Secret that holds the cloud's credentials file, and the file in the pod.
_KEY, _KEY_DIRECTORY = "credentials", "/credentials"
KEY_FILE = f"{_KEY_DIRECTORY}/{_KEY}"
#: DNS at any address, since the resolver may be in kube-system, on the node or in the cloud.
_DNS: Fields = {"ports": [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]}


class ObjectStoreSource:
    """An emptyDir that KServe's storage initializer fills before the server starts."""

    identity_egress: ClassVar[Sequence[Fields]]
    """Egress to what gives a pod its identity, besides the cloud's token service on port 443."""

    def __init__(self, options: ObjectStoreOptions, args: SourceArgs, uri: str) -> None:
        self._options, self._args, self._uri = options, args, uri
        keyless = not options.credentials and not options.anonymous
        self.bucket_access: Sequence[BucketAccess] = [BucketAccess(url=uri)] if keyless else []

    def environment(self) -> Mapping[str, str]:
        """Environment variables that configure the cloud's client library."""
        raise NotImplementedError

    def files(self, at: str | None, identity: Identity = NO_IDENTITY) -> ModelFiles:
        options, name = self._options, label(self._args.model)
        target = directory(self._args.model, at)
        environment = dict(self.environment())
        if options.version is not None:
            # The version's directory, and all that belongs to no version: names that do not begin
            # with a digit. In these shell patterns `*` also matches `/`.
            patterns = [f"{options.version}/*", "[!0-9]*"]
            environment["STORAGE_ALLOW_PATTERNS"] = json.dumps(patterns)
        mounts: list[Fields] = [{"name": f"files-{name}", "mountPath": target}]
        volumes: list[Fields] = []
        if options.credentials:
            mounts.append({"name": f"key-{name}", "mountPath": _KEY_DIRECTORY, "readOnly": True})
            secret = {
                "secretName": options.credentials,
                "items": [{"key": _KEY, "path": _KEY}],
            }
            volumes.append({"name": f"key-{name}", "secret": secret})
        init_container: Fields = {
            "name": f"fetch-{name}",
            "image": self._args.images.resolve(STORAGE_INITIALIZER),
            **self._program(target),
            "env": [{"name": key, "value": environment[key]} for key in sorted(environment)],
            "volumeMounts": mounts,
        }
        return own_volume(
            self._args.model,
            at,
            {"emptyDir": {"sizeLimit": options.size}},
            volumes=volumes,
            init_containers=[init_container],
            egress=self._egress(),
        )

    def _program(self, target: str) -> Fields:
        version = self._options.version
        if version is None:
            return {"args": [self._uri, target]}
        return {
            "command": ["python3", "-c", _COPY_VERSION],
            "args": [_ENTRYPOINT, self._uri, target, str(version)],
        }

    def _egress(self) -> list[Fields]:
        options = self._options
        ports = {port(options.endpoint) if options.endpoint else 443}
        if self.bucket_access:
            ports.add(443)
        store: Fields = {"ports": [{"port": number} for number in sorted(ports)]}
        if options.addresses:
            store["to"] = [{"ipBlock": {"cidr": each}} for each in options.addresses]
        return [_DNS, store, *(self.identity_egress if self.bucket_access else ())]
