"""Checks that the cluster's StorageClasses make volumes of the access modes that the stack asks
for."""

from __future__ import annotations

from collections.abc import Iterator

from components.config.mistakes import Mistake
from components.config.parsed import Parsed


def check(config: Parsed) -> Iterator[Mistake]:
    modes = None if config.cluster is None else config.cluster.access_modes()
    if modes is None:
        return
    for name, volume in config.volumes.items():
        if volume.storage_class or volume.access_mode in modes:
            continue
        yield Mistake(
            path=f"slipway:volumes.{name}",
            shown=config.shown("volumes", name),
            expected=f"an access mode of the cluster's own volumes: {', '.join(sorted(modes))}",
            fix="write `shared_storage: true` in `slipway:cluster`, or name a storage class that "
            "makes such volumes",
        )
