"""Plugins whose engine was killed."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

_ENGINE = "pulumi"
#: What a process is called, of which the kernel keeps 15 characters (`proc_pid_comm(5)`).
_PLUGIN = "pulumi-resource-"[:15]


def end(pulumi_home: Path) -> list[int]:
    """Kill the plugins of an engine home that have no engine any more; returns their process ids.

    A plugin asks every five minutes whether its engine is there, and until then goes on with what
    it was doing: an object would come into being after what a killed run left was cleared.
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
