"""`RegisteredKind`: maps that name a kind of the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from components.config.discriminated import OneOf
from components.config.options import Options
from components.registry import Area


class RegisteredKind(OneOf):
    """Annotates a field whose value is a map that names a kind of `area`. The options of the kind
    define the other keys of the map.

    `short` allows the bare kind in place of a map: `controller: traefik`.
    """

    def __init__(self, area: Area[Options, Any], *, short: bool = False) -> None:
        super().__init__(key=area.key, short=short)
        self.area = area

    def kinds(self) -> Sequence[str]:
        return self.area.kinds()

    def model(self, kind: str) -> type[Options]:
        return self.area.options(kind)
