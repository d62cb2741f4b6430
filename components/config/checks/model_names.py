"""Checks that no two models have one Kubernetes name or, as routes are regular expressions that
ignore case, one route."""

from __future__ import annotations

from collections.abc import Iterator

from components.config.mistakes import Mistake
from components.config.parsed import Parsed
from components.config.values import label


def check(config: Parsed) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for name in config.names("models"):
        other = seen.setdefault(label(name), name)
        if other != name:
            yield Mistake(
                path=f"slipway:models.{name}",
                shown=None,
                expected=f"a name that differs from `{other}` by more than case, `_` and `-`",
                fix=f"rename one of the two: both become {label(name)}",
            )
