"""Properties that resources of a cloud have to have, and resources with one taken away."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.unit.components.engine import Resource

#: Its path, for what the engine is told beside the inputs.
PROTECT = "protect"


@dataclass(frozen=True)
class Property:
    """Every resource of `type`, whole or its last part, has at `path` of its inputs `value`, or
    what the function `value` agrees to. In a path a number is a place in a list, `*` all of it."""

    type: str
    path: str
    value: Any

    def __str__(self) -> str:
        return f"{self.type.rpartition(':')[2]}.{self.path}"

    def holds(self, resources: Sequence[Resource]) -> bool:
        """False where there is none of the type."""
        found = [value for each in resources if self._of(each) for value in self._read(each)]
        return bool(found) and all(value is not None and self._right(value) for value in found)

    def taken_away(self, resources: Sequence[Resource]) -> Iterator[list[Resource]]:
        """The resources without the property in one of the type, for each of them."""
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
        found: list[Any] = [resource.inputs]
        for part in self.path.split("."):
            found = [inner for value in found for inner in _at(value, part)]
        return found

    def _without(self, resource: Resource) -> Resource:
        if self.path == PROTECT:
            return replace(resource, protect=False)
        changed = replace(resource, inputs=copy.deepcopy(resource.inputs))
        *way, last = self.path.split(".")
        value: Any = changed.inputs
        for part in way:
            (value, *_) = _at(value, part)
        del value[int(last) if isinstance(value, list) else last]
        return changed


def _at(value: Any, part: str) -> list[Any]:
    """What of `value` a part of a path means; None stands for nothing."""
    if part == "*":
        return list(value) if value else [None]
    try:
        return [value[int(part)] if isinstance(value, list) else value[part]]
    except (KeyError, IndexError, TypeError):
        return [None]


def assert_missed(wanted: Property, resources: Sequence[Resource]) -> None:
    """`wanted` does not hold where it is taken away from any one resource."""
    broken = list(wanted.taken_away(resources))
    assert broken
    assert not any(wanted.holds(each) for each in broken)
