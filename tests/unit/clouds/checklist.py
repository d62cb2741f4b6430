"""`Property`: an input that resources must have, and resources from which it is removed."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.unit.components.engine import Resource

#: The path of the resource option `protect`, which is no input.
PROTECT = "protect"


@dataclass(frozen=True)
class Property:
    """All resources of `type` (a token or its last part) must have `value` at `path` of their
    inputs, or a value for which the function `value` returns true. In a path a number is an index
    of a list, and `*` stands for all its items."""

    type: str
    path: str
    value: Any

    def __str__(self) -> str:
        return f"{self.type.rpartition(':')[2]}.{self.path}"

    def holds(self, resources: Sequence[Resource]) -> bool:
        """Whether they all have the property. False if there are no resources of the type."""
        values = [value for each in resources if self._of(each) for value in self._read(each)]
        return bool(values) and all(value is not None and self._right(value) for value in values)

    def removed(self, resources: Sequence[Resource]) -> Iterator[list[Resource]]:
        """For each resource of the type, all resources, with the property removed from that one."""
        for at, each in enumerate(resources):
            if self._of(each):
                yield [*resources[:at], self._without(each), *resources[at + 1 :]]

    def _of(self, resource: Resource) -> bool:
        return resource.custom and f":{resource.type}".endswith(f":{self.type}")

    def _right(self, value: Any) -> bool:
        return bool(self.value(value)) if callable(self.value) else bool(value == self.value)

    def _read(self, resource: Resource) -> list[Any]:
        if self.path == PROTECT:
            return [resource.protect]
        values: list[Any] = [resource.inputs]
        for part in self.path.split("."):
            values = [inner for value in values for inner in _at(value, part)]
        return values

    def _without(self, resource: Resource) -> Resource:
        if self.path == PROTECT:
            return replace(resource, protect=False)
        changed = replace(resource, inputs=copy.deepcopy(resource.inputs))
        *parents, last = self.path.split(".")
        value: Any = changed.inputs
        for part in parents:
            (value, *_) = _at(value, part)
        del value[int(last) if isinstance(value, list) else last]
        return changed


def _at(value: Any, part: str) -> list[Any]:
    """The values in `value` that a part of a path stands for; `[None]` if there are none."""
    if part == "*":
        return list(value) if value else [None]
    try:
        return [value[int(part)] if isinstance(value, list) else value[part]]
    except (KeyError, IndexError, TypeError):
        return [None]


def assert_removal_detected(wanted: Property, resources: Sequence[Resource]) -> None:
    """`wanted` no longer holds if it is removed from any one resource."""
    broken = list(wanted.removed(resources))
    assert broken
    assert not any(wanted.holds(each) for each in broken)
