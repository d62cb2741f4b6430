"""A fix is accepted, whatever is wrong at a key."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest

from tests.unit.config.advice import refused_fixes
from tests.unit.config.edits import Location, StackFile, put, rename
from tests.unit.config.fixes import answers
from tests.unit.config.whole_files import WHOLE

pytestmark = pytest.mark.usefixtures("unprobed")

#: What somebody may write where something else is expected.
WRONG: tuple[Any, ...] = (
    *(None, True, 0, -1, 7, 1.5, 10**9, "", "x", "2", "0", "-5s", "1.5s", "5 s", "100us"),
    *("100ms", "999h", "1d", "2GB", "0Gi", "10Ti", "1 core", "10.0.0.1", "10.0.0.0/33"),
    *("8.8.8.0/24", "0.0.0.0/0", "https://u@A.b:80/c/", "A_B", "a/../b/", "nvidia", "yes"),
    *("latest", "kube-system", [], ["x"], [1], {}, {"x": 1}),
)
#: Of these, so many at each place: all of them at some.
AT_EACH = 4


def _places(value: Any, at: Location = ()) -> Iterator[Location]:
    if at:
        yield at
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _places(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _places(inner, (*at, index))


def _wrong_at(config: StackFile, at: Location, first: int) -> Iterator[tuple[str, StackFile]]:
    """`config` with something wrong at `at`, from the `first` of all that is `WRONG` on."""
    for wrong in islice((*WRONG, *WRONG), first % len(WRONG), first % len(WRONG) + AT_EACH):
        changed = copy.deepcopy(config)
        put(changed, at, copy.deepcopy(wrong))
        yield f"{at} = {wrong!r}", changed
    for name in (f"{at[-1]}s", str(at[-1])[:-1], f"7 {at[-1]}") if isinstance(at[-1], str) else ():
        changed = copy.deepcopy(config)
        rename(changed, at, name)
        yield f"{at} renamed {name!r}", changed


@pytest.mark.parametrize("name", WHOLE)
def test_whatever_is_written_at_a_key_a_fix_is_itself_accepted(name: str) -> None:
    config, found = WHOLE[name], []
    for number, at in enumerate(_places(config)):
        for what, changed in _wrong_at(config, at, number * AT_EACH):
            found += [f"{what}: {each}" for each in refused_fixes(changed, answers(changed))]
    assert found == []
