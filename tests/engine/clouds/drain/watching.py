"""Watches objects of a cluster, and keeps the events in their order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.engine.apiserver import ApiServer
from tests.engine.processes import process
from tests.engine.tools import tool

#: Separated by `|`, since kubectl replaces tabs by spaces.
_LINE = "|".join(
    f"{{{field}}}"
    for field in (
        ".type",
        ".object.metadata.name",
        ".object.metadata.resourceVersion",
        ".object.metadata.deletionTimestamp",
        ".object.metadata.labels.karpenter\\.sh/nodepool",
        "..nodeName",
    )
)
_FIELDS = 6


@dataclass(frozen=True)
class Event:
    """An event of a watch. `revision` is the cluster's: the earlier of two events has the lower one."""

    what: str
    name: str
    revision: int
    deleting: bool
    pool: str
    node: str


class Watch:
    """The events of a watch that has ended."""

    def __init__(self, directory: Path, resources: tuple[str, ...]) -> None:
        self._logs = {each: directory / f"watch-{each}.log" for each in resources}

    def log(self, resource: str) -> Path:
        return self._logs[resource]

    def of(self, resource: str) -> list[Event]:
        lines = [line.split("|") for line in self._logs[resource].read_text().splitlines()]
        return [
            Event(fields[0], fields[1], int(fields[2]), bool(fields[3]), *fields[4:])
            for fields in lines
            if len(fields) == _FIELDS  # the others are messages of kubectl about a deleted kind
        ]

    def deleted(self, resource: str) -> list[Event]:
        return [each for each in self.of(resource) if each.what == "DELETED"]


@contextmanager
def watched(cluster: ApiServer, directory: Path, *resources: str) -> Iterator[Watch]:
    """Watches `resources` in all namespaces until the context ends."""
    watch = Watch(directory, resources)
    with ExitStack() as running:
        for each in resources:
            command = ["get", each, "--all-namespaces", "--watch", "--output-watch-events"]
            kubeconfig = f"--kubeconfig={cluster.controllers}"
            running.enter_context(
                process(
                    watch.log(each),
                    [tool("kubectl"), kubeconfig, *command, f"--output=jsonpath={_LINE}{{'\\n'}}"],
                )
            )
        yield watch
