"""What a fix says to write, applied to the stack file that it is for."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pulumi
import yaml

from components.config.load import load
from tests.unit.components.engine import run
from tests.unit.config.edits import (
    ABSENT,
    Location,
    StackFile,
    delete,
    get,
    located,
    put,
    rename,
    take,
)

#: Stands for what only the user knows, where a fix names a key without a value.
PLACEHOLDER = "placeholder"


class UnreadableFixError(ValueError):
    """A fix that says something in backticks, and not what is to be done with it."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One mistake, as `up` prints it."""

    path: str
    shown: str | None
    expected: str
    fix: str

    def same(self, other: Answer) -> bool:
        """Whether it is that mistake, perhaps of another value."""
        return (self.path, self.expected) == (other.path, other.expected)

    def within(self, other: Answer) -> bool:
        """Whether it is about the same key, or one below it."""
        return self.path == other.path or self.path.startswith((f"{other.path}.", f"{other.path}["))


def answers(config: StackFile, **settings: Any) -> list[Answer]:
    """What the program says to `config`; nothing where it takes it."""

    def program() -> dict[str, Any]:
        load()
        return {}

    try:
        run(program, config, **settings)
    except pulumi.RunError as error:
        return [_read(entry) for entry in re.split(r"\n  (?=\S)", str(error))[1:]]
    return []


def _read(entry: str) -> Answer:
    found = re.fullmatch(
        r"(?P<path>\S.*?)(?: is (?P<shown>.*))?\n    expected (?P<expected>.*)\n    fix: (?P<fix>.*)",
        entry,
        re.DOTALL,
    )
    assert found, entry
    return Answer(**found.groupdict())


@dataclass(frozen=True)
class Proposal:
    """One way that a fix offers: `text` is what it says, `changed` the stack file with it."""

    text: str
    changed: StackFile
    whole: bool = True
    """False where it says only what comes next, and more is to be written."""
    secret_keys: tuple[str, ...] = ()
    """Top-level keys whose values are encrypted."""


def proposals(answer: Answer, config: StackFile) -> list[Proposal]:
    """All that the fix of `answer` offers to write, each alone. Raises `UnreadableFixError`."""
    return list(_Reader(answer, config).proposals())


@dataclass(frozen=True)
class _Step:
    """One thing to do: `where` if not at the mistake's key, or `beside` it."""

    verb: str
    token: str
    where: Location | None = None
    beside: bool = False


#: Programs to be run: what they would say is not known here.
_COMMAND = re.compile(r"(make|eval|kubectl|gcloud|aliyun|aws|pulumi|python3|\.venv/bin/pip) ")
_SET_SECRET = re.compile(r"pulumi config set --path --secret 'secrets\.(.*?)'")
_REMOVE = re.compile(r"`pulumi config rm (\S+)`")
_SET = re.compile(r"`pulumi config set (\S+) '(.*?)'`")
#: The value's own text may hold a credential, so a fix names no value: what is there goes.
_AWAY = re.compile(r"(^|, )take it out($|:|;|, (?!and change))")
_VERBS = re.compile(r"\b(did you mean|add the key|write|add|take|run)\b")


class _Reader:
    """Fixes are written so: ``did you mean `a`?``, ``write `a: 1`, or `b: 2` and `c: 3` ``,
    ``add the unit: `5s` ``, ``add the key `a` ``, ``add `a` to `b.c` ``, ``take `a` out of `b` ``,
    ``write beside it `a: 1` ``, ``choose one of these``, `leave it out`, `put the value in quotes`;
    ``in `slipway:cluster` `` after it says where, if not at the mistake's key.
    """

    def __init__(self, answer: Answer, config: StackFile) -> None:
        self._answer, self._config = answer, config
        self._at = located(answer.path, config)

    def proposals(self) -> Iterator[Proposal]:
        fix = self._answer.fix
        if fix == "choose one of these":
            yield from self._choices()
        for words, change in _AS_IT_STANDS.items():
            if words in fix:
                changed = copy.deepcopy(self._config)
                put(changed, self._at, change(get(changed, self._at)))
                yield Proposal(words, changed)
        if removed := _REMOVE.search(fix):
            yield Proposal(
                removed[0], {key: self._config[key] for key in self._config if key != removed[1]}
            )
        if written := _SET.search(fix):
            yield Proposal(written[0], {**self._config, written[1]: written[2]})
        secret = _SET_SECRET.search(fix)
        if secret and not re.search("and write `", fix):
            changed = copy.deepcopy(self._config)
            changed["secrets"] = {**changed.get("secrets", {}), secret[1]: PLACEHOLDER}
            yield Proposal(secret[0], changed, secret_keys=("secrets",))
        if "leave it out" in fix or _AWAY.search(fix):
            changed = copy.deepcopy(self._config)
            delete(changed, self._at)
            yield Proposal("leave it out", changed)
        for steps in self._alternatives():
            changed = copy.deepcopy(self._config)
            for step in steps:
                self._apply(changed, step)
            if secret:
                changed["secrets"] = {**changed.get("secrets", {}), secret[1]: PLACEHOLDER}
            text = " and ".join(f"{step.verb} `{step.token}`" for step in steps)
            kind = steps[0].verb == "did you mean" and re.match("(kind|runtime): ", steps[0].token)
            whole = steps[0].verb != "add the key" and not kind
            yield Proposal(text, changed, whole=whole, secret_keys=("secrets",) if secret else ())

    def _alternatives(self) -> Iterator[list[_Step]]:
        pieces = self._answer.fix.split("`")
        steps: list[_Step] = []
        for between, token in zip(pieces[::2], pieces[1::2], strict=False):
            verbs = _VERBS.findall(between)
            joins = steps and re.search(r"( and |^ out,? and \w+ )$", between)
            if verbs and verbs[-1] == "run":
                assert _COMMAND.match(token), self._answer.fix
            elif _COMMAND.match(token):
                continue
            elif verbs or joins:
                step = replace(steps[-1], token=token, where=None) if joins else None
                beside = between.endswith("beside it ")
                step = step or _Step(verbs[-1], token, beside=beside)
                if verbs and joins:
                    step = _Step(verbs[-1], token)
                if steps and not joins:
                    yield steps
                steps = [*steps, step] if joins else [step]
            elif steps and (between == ", " or between.endswith(" or ")):
                yield steps
                steps = [replace(steps[0], token=token, where=None)]
            elif steps and between in (" in ", " to ", " out of "):
                steps = [replace(step, where=self._place(token)) for step in steps]
            else:
                raise UnreadableFixError(f"{self._answer.fix!r}: `{token}`")
        if steps:
            yield steps

    def _place(self, path: str) -> Location:
        if path.startswith("slipway:"):
            return located(path, self._config)
        return (*self._at, *path.split("."))

    def _choices(self) -> Iterator[Proposal]:
        quoted = re.findall(r"['`]([^'`]+)['`]", self._answer.expected.partition(", but")[0])
        key, *kinds = quoted if quoted[0] in ("kind", "runtime") else (None, *quoted)
        assert kinds, self._answer
        for kind in kinds:
            changed = copy.deepcopy(self._config)
            value = get(changed, self._at)
            if key is not None and isinstance(value, dict):
                value[key] = kind
            else:
                put(changed, self._at, {key: kind} if key else kind)
            yield Proposal(f"choose `{kind}`", changed, whole=key is None)

    def _apply(self, changed: StackFile, step: _Step) -> None:
        at = self._at if step.where is None else step.where
        token, value = step.token, get(changed, at)
        if step.verb == "did you mean" and self._about_the_key():
            new = str(yaml.safe_load(token))
            assert new not in get(changed, at[:-1]), f"{new} is there already"
            rename(changed, at, new)
        elif step.verb == "take":
            take(changed, at, token)
        elif step.verb == "add the key":
            put(changed, at if at[-1] == token else (*at, token), PLACEHOLDER)
        elif step.verb == "add" and step.where is not None:
            put(changed, at, [*(value if value is not ABSENT else ()), yaml.safe_load(token)])
        elif pair := re.match(r"([A-Za-z][\w.-]*): ", token):
            below = isinstance(value, dict) or (step.where is not None and value is ABSENT)
            parent = at if below and not step.beside else at[:-1]
            parent = at[:-1] if pair[1] == at[-1] else parent
            put(changed, (*parent, pair[1]), yaml.safe_load(token)[pair[1]])
        elif at[-1] == "secret" and token.startswith("{secret: "):
            put(changed, at[:-1], yaml.safe_load(token))
        elif isinstance(value, str) and re.fullmatch("--[^=]+", token):
            put(changed, at, token + "".join(value.partition("=")[1:]))  # a flag keeps its value
        else:
            put(changed, at, yaml.safe_load(token))

    def _about_the_key(self) -> bool:
        """Whether the key itself is the mistake."""
        unknown = self._answer.expected.startswith("one of the keys")
        key, value = self._at[-1], get(self._config, self._at)
        named = self._answer.shown == f"`{json.dumps(key, ensure_ascii=False)}`" and value != key
        return ":" in str(key) or unknown or named or self._answer.shown == "unknown"


#: What is to be done with the value that is there.
_AS_IT_STANDS: dict[str, Callable[[Any], Any]] = {
    "put the value in quotes": json.dumps,
    "take the quotes off": yaml.safe_load,
    "put it in square brackets": lambda value: [value],
    "write it with two dashes": lambda value: f"-{value}",
}
