"""No credential that stands in a stack file, wherever and however, is in anything that is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from components.config.load import validate
from tests.unit.config.credentials import IN_A_NAME, MAPS, TEXTS, Credential, repeated
from tests.unit.config.mistaken import told
from tests.unit.config.positions import Position, positions, stacks

#: Each position gets one of so many parts of the credentials: all of them in all take minutes.
_PARTS = 5
_HIDDEN = tuple(each for one in (*TEXTS.values(), *MAPS.values()) for each in one.hidden)
POSITIONS: dict[str, list[tuple[int, Position]]] = {}
for number, each in enumerate(positions()):
    POSITIONS.setdefault(re.split(r"[.\[]", each.path)[0], []).append((number, each))


def pasted(position: Position, part: int) -> Iterator[tuple[str, Any, tuple[str, ...]]]:
    """Values, and keys, to put at `position`: credentials each alone, and all of them in a list
    and in maps."""
    texts = dict(list(TEXTS.items())[part::_PARTS])
    for name, one in texts.items():
        yield name, one.value, one.hidden
    if position.key:
        return
    if not position.names:
        yield "a password under `note`", IN_A_NAME.value, IN_A_NAME.hidden
    for name, one in list(MAPS.items())[part::_PARTS]:
        yield name, one.value, one.hidden
    everything: list[tuple[str, Credential]] = [*TEXTS.items(), *MAPS.items()]
    together = [
        ("a list", [one.value for _, one in everything]),
        ("a map", {name: one.value for name, one in everything}),
        ("keys", {one.value: {} for one in TEXTS.values()}),
    ]
    for name, value in together[part::_PARTS]:
        yield name, value, _HIDDEN


@pytest.mark.parametrize("top", POSITIONS)
def test_no_credential_is_repeated_wherever_it_stands(top: str) -> None:
    found = [
        f"{position.path}, {name}: {again[0]} in\n{text}"
        for number, position in POSITIONS[top]
        for name, value, hidden in pasted(position, number % _PARTS)
        if (again := repeated(text := told(position.put(value)), hidden))
    ]
    assert not found, "\n\n".join(found[:5])


def test_what_is_around_a_credential_is_right_so_that_what_judges_whole_maps_sees_it() -> None:
    wrong = {path for path, stack in stacks().items() if validate(stack)[1]}
    assert len(stacks()) > 50
    # A machine without GPUs, secrets that are not there, and one as Pulumi writes it.
    assert {re.sub("<.*?>", "", path) for path in wrong} == {
        "cluster.kubeconfig",
        "cluster.node_pools.models.accelerator",
        "images.pull_secrets[0]",
        "images.pull_secrets[0].password",
        "models.models.env.models",
        "models.models.environment.models",
        "secrets.models",
    }
