"""Mistakes in a cluster on a cloud."""

from __future__ import annotations

from typing import Any

from components.config.load import validate
from components.config.mistakes import Mistake
from tests.unit.components.environment import stack_file

GATEWAY = {"kind": "nginx", "host": "models.example.com", "tls": {"kind": "self-signed"}}
#: The cluster, the wrong key in `slipway:cluster`, a part of the message, and the keys of further
#: mistakes.
Case = tuple[dict[str, Any], str, str, *tuple[str, ...]]
#: The cluster, the wrong key in `slipway:cluster`, a part of the quoted value, and a part of what is
#: expected or of the fix.
QuotedCase = tuple[dict[str, Any], str, str | None, str]


def assert_reported(case: Case) -> None:
    """The cluster has exactly these mistakes, the first with this message."""
    cluster, key, words, *further = case
    mistakes = _mistakes(cluster)
    assert [each.path for each in mistakes] == [_path(key), *map(_path, further)]
    assert words in str(mistakes[0])


def assert_quoted(case: QuotedCase) -> None:
    """The cluster has exactly this mistake, with the value and the fix."""
    cluster, key, value, words = case
    (mistake,) = _mistakes(cluster)
    assert mistake.path == _path(key)
    assert value is None or value in str(mistake.shown)
    assert words in f"{mistake.expected}\n{mistake.fix}"


def _mistakes(cluster: dict[str, Any]) -> list[Mistake]:
    config, mistakes = validate(
        stack_file(models={}, volumes=None, gateway=GATEWAY, cluster=cluster)
    )
    assert config is None
    return list(mistakes)


def _path(key: str) -> str:
    return f"slipway:cluster.{key}" if key else "slipway:cluster"
