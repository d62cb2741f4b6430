"""Ends plugins whose engine was killed."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

_ENGINE = "pulumi"
#: The beginning of a plugin's process name, of which the kernel keeps 15 characters
#: (`proc_pid_comm(5)`).
_PLUGIN = "pulumi-resource-"[:15]


def end(pulumi_home: Path) -> list[int]:
    """Kill the plugins of an engine home whose engine no longer exists; returns their process ids.

    A plugin checks only every five minutes whether its engine exists, and continues until then: it
    could create an object after the leftovers of the killed run were cleared.
    """
    home = f"PULUMI_HOME={pulumi_home}".encode()
    ended = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended in the meantime, or is somebody else's
            if _name(process) != _PLUGIN:
                continue
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
            variables = (process / "environ").read_bytes().split(b"\0")
            if home in variables and _name(Path("/proc", parent)) != _ENGINE:
                os.kill(int(process.name), signal.SIGKILL)
                ended.append(int(process.name))
    return ended


def _name(process: Path) -> str:
    return (process / "comm").read_text().strip()
