"""What the program says to a stack file that has a mistake."""

from __future__ import annotations

import re
from typing import Any

import pulumi
import pytest

from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import model, stack_file

#: What is changed in a good stack file, the key, the value as it is told, and words of the fix.
Case = tuple[dict[str, Any], str, str | None, str]


def gateway(**changes: Any) -> dict[str, Any]:
    """The stack file's gateway with `changes`."""
    return {"gateway": {**stack_file()["gateway"], **changes}}


def one(name: str = "half_plus_two", **changes: Any) -> dict[str, Any]:
    return {"models": {name: model(**changes)}}


def pvc(**changes: Any) -> dict[str, Any]:
    return one(source={"kind": "pvc", "claim": "models", "path": "half_plus_two", **changes})


def refused(config: dict[str, Any], **settings: Any) -> str:
    """What the program says to `config`; it registers nothing."""
    registered: list[Recording] = []
    with pytest.raises(pulumi.RunError) as error:
        registered.append(run(lambda: deploy(load()), config, **settings))
    assert not registered
    return str(error.value)


def told(config: dict[str, Any], **settings: Any) -> str:
    """Everything that the program says about `config`: warnings, and the error with all that it
    was raised from."""
    try:
        return "\n".join(run(lambda: {"read": bool(load())}, config, **settings).warnings)
    except pulumi.RunError as error:
        said: list[str] = []
        cause: BaseException | None = error
        while cause is not None:
            said += [str(cause), repr(cause)]
            cause = cause.__cause__ or cause.__context__
        return "\n".join(said)


def assert_answered(case: Case) -> None:
    """The mistake is told by its key, its value and its fix."""
    changes, path, value, fix = case
    text = refused(stack_file(**changes))
    entries = re.split(r"\n  (?=\S)", text)[1:]
    entry = next((each for each in entries if re.split(r"[ \n]", each)[0] == path), None)
    assert entry is not None, text
    assert value is None or value in entry
    assert "expected " in entry
    assert fix in entry.partition("fix: ")[2]
