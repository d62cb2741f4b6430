"""Options of `slipway:volumes`."""

from __future__ import annotations

import difflib

from pydantic import field_validator

from components.config.options import Options, listed, mistake
from components.config.quantities import Bytes
from components.config.values import (
    Label,
)

#: The access modes and their abbreviations in the output of kubectl.
_ACCESS_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX"}


class VolumeOptions(Options):
    """A PersistentVolumeClaim that the stack creates. Its key is its name."""

    size: Bytes
    access_mode: str = "ReadWriteOnce"
    """ReadWriteOnce, ReadOnlyMany or ReadWriteMany. A ReadWriteOnce volume is attached to one node
    at a time. All pods of the models in it run on that node, and stop together when it is
    drained"""
    storage_class: Label | None = None
    """The StorageClass. Left out, the cluster's default"""

    @field_validator("access_mode")
    @classmethod
    def _known_mode(cls, value: str) -> str:
        expected = listed(_ACCESS_MODES)
        if value == "ReadWriteOncePod":
            raise mistake(
                expected,
                "write `ReadWriteOnce`, or `ReadWriteMany` where pods run on several nodes: a "
                "model's next pod starts beside the last one",
            )
        if value not in _ACCESS_MODES:
            near = difflib.get_close_matches(value, _ACCESS_MODES, n=1)
            near += [mode for mode, short in _ACCESS_MODES.items() if short == value]
            raise mistake(expected, f"did you mean `{near[0]}`?" if near else "choose one of these")
        return value
