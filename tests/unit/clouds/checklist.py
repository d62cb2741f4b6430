"""Properties that resources of a cloud have to have, and resources with one taken away."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from tests.unit.components.engine import Recording, Resource


@dataclass(frozen=True)
class Property:
    """Every resource of `type` has, at `path` of its inputs, `value`. A number in the path is a
    place in a list."""

    type: str
    path: str
    value: Any

    def __str__(self) -> str:
        return f"{self.type.rpartition(':')[2]}.{self.path}"

    def of(self, recording: Recording) -> list[Resource]:
        return [each for each in recording.resources if each.type == self.type]

    def holds(self, recording: Recording) -> bool:
        found = self.of(recording)
        return bool(found) and all(self._read(each) == self.value for each in found)

    def _read(self, resource: Resource) -> Any:
        value: Any = resource.inputs
        for part in self.path.split("."):
            try:
                value = value[int(part)] if isinstance(value, list) else value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value


def without(recording: Recording, taken: Property) -> Recording:
    """`recording`, where the last resource of the type has nothing at the path."""
    less = copy.deepcopy(recording)
    value: Any = taken.of(less)[-1].inputs
    *path, last = taken.path.split(".")
    for part in path:
        value = value[int(part)] if isinstance(value, list) else value[part]
    del value[int(last) if isinstance(value, list) else last]
    return less
