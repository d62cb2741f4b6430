"""`Mistake`: one mistake in a stack file, and the path of the key that it is at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: A value's place in a stack file, by the keys and indices that lead to it.
Location = tuple[int | str, ...]


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A value, or a missing one, that is not accepted.

    `shown` is the value in backticks, or a description of it without backticks. It is None where
    no value is shown.
    """

    path: str
    shown: str | None
    expected: str
    fix: str

    def __str__(self) -> str:
        value = "" if self.shown is None else f" is {self.shown}"
        return f"{self.path}{value}\n    expected {self.expected}\n    fix: {self.fix}"


def key_path(location: Sequence[int | str]) -> str:
    """`slipway:models.half_plus_two.source.claim`, as `pulumi config set --path` writes it."""
    parts = [part for part in location if part != "[key]"]
    text = f"slipway:{parts[0]}"
    for part in parts[1:]:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text


def below(path: str, other: str) -> bool:
    """Whether `path` is `other`, or below it."""
    return path.startswith(other) and path[len(other) : len(other) + 1] in ("", ".", "[")
