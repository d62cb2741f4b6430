"""What becomes of a cluster's objects, in the order in which it becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.engine.apiserver import ApiServer, process
from tests.engine.tools import tool

#: kubectl makes blanks of tabs.
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
    """`revision` is that of the whole cluster: of two events, the earlier has the lower one."""

    what: str
    name: str
    revision: int
    going: bool
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
            Event(told[0], told[1], int(told[2]), bool(told[3]), *told[4:])
            for told in lines
            if len(told) == _FIELDS  # others are kubectl's own words, where a kind is gone
        ]

    def gone(self, resource: str) -> list[Event]:
        return [each for each in self.of(resource) if each.what == "DELETED"]


@contextmanager
def watched(cluster: ApiServer, directory: Path, *resources: str) -> Iterator[Watch]:
    """All of `resources`, in all namespaces, until the end."""
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
