"""Taints of nodes, as text and in their parts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Taint:
    """A taint: `value` is empty where it has none."""

    key: str
    value: str
    effect: str

    @classmethod
    def parse(cls, text: str) -> Taint:
        """The taint of `key=value:effect` or `key:effect`, as `kubectl taint` takes it. The stack
        file's options have checked the form."""
        named, _, effect = text.rpartition(":")
        key, _, value = named.partition("=")
        return cls(key, value, effect)
