"""Parts of a stack file that name one of the registry's kinds."""

from __future__ import annotations

from collections.abc import Sequence

from components import registry
from components.config.one_of import OneOf
from components.config.options import Options


class Chosen(OneOf):
    """`OneOf` the kinds of `area`: the options of the kind's implementation say what else may be
    in the map."""

    def __init__(self, area: registry.Area, key: str = "kind", *, short: bool = False) -> None:
        super().__init__(key=key, short=short)
        self.area = area

    def kinds(self) -> Sequence[str]:
        return registry.kinds(self.area)

    def model(self, kind: str) -> type[Options]:
        options: type[Options] = registry.implementation(self.area, kind).options
        return options
