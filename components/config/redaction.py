"""`Redaction`: hides what may be a credential in every message about a stack file."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from components.config.mistakes import Mistake, below
from components.config.secret_scan import (
    HIDDEN,
    KUBECONFIG_CONTENT,
    credential_named,
    few_digits,
    plain,
)
from components.config.trials import misspelt

_EXPECTED = "another value: see schema/slipway.schema.json"
_FIX = "write what is expected; the value here may be a credential, so it is not repeated"
#: Texts of the program itself, which hold no value of the stack file.
_OWN = frozenset({*KUBECONFIG_CONTENT, _EXPECTED, _FIX})
#: A message that shares this many consecutive characters with a hidden text repeats it.
_WINDOW = 8
#: The same for quoted text in a message about the hidden text itself.
_PIECE = 4
_QUOTED = re.compile(r"`[^`]*`")
_PUNCTUATION = re.compile(r"[\W_]+")
#: A flag of a program. Messages may repeat its name, and never its value.
_FLAG = re.compile(r"(--[a-z][a-z0-9_-]*)(?:=(.*))?", re.DOTALL)


class Redaction:
    """Decides which values of a stack file messages may repeat.

    `raw` holds the values by their top-level keys. `keys` holds the keys that the options of a map
    have, by the map's id. Values under other keys are hidden, since their meaning is not known.
    `secret` holds the top-level keys that Pulumi treats as secret. All values below them are hidden.

    Validators quote parts of values, in lower case or with other punctuation. So a text repeats a
    hidden one if the two share eight consecutive characters, ignoring punctuation and case. A text
    in an open position stays visible even if it is in a closed position too: a variable whose value
    is the name of a model does not hide that name.
    """

    def __init__(
        self,
        raw: Mapping[str, Any],
        keys: Mapping[int, Collection[str]] | None = None,
        secret: Collection[str] = (),
    ) -> None:
        self._keys = keys or {}
        self._hidden: list[tuple[str, str]] = []
        self._open: list[str] = []
        self._paths: dict[str, str] = {}
        self._maps: set[str] = set()
        self._names: set[str] = set()
        known = self._keys.get(id(raw))
        for key, value in raw.items():
            closed = key in secret or self._closes(key, value, known)
            self._key(f"slipway:{key}", key)
            self._see(value, f"slipway:{key}", f"slipway:{_name(key)}", closed=closed)
        self._all_open = _all_forms(self._open)
        self._all_hidden = _all_forms(text for _, text in self._hidden)

    def mistakes(self, found: Iterable[Mistake]) -> list[Mistake]:
        """The mistakes `found`, with what may be a credential hidden."""
        return [self._mistake(each) for each in found]

    def text(self, text: str, path: str) -> str:
        """A text about the value at `path`; `HIDDEN` if it repeats a hidden text."""
        return HIDDEN if self._repeats(text, path) else text

    def _mistake(self, found: Mistake) -> Mistake:
        path = found.path
        value, expected, fix = found.shown, found.expected, found.fix
        if value is not None and "`" in value:
            value = self.text(value, path)
        if self._repeats(expected, path):
            expected = _QUOTED.sub(lambda each: self.text(each[0], path), expected)
        if self._repeats(expected, path):
            expected = _EXPECTED
        if self._repeats(fix, path):
            fix, example, _ = fix.partition(": `")  # `without a port: …`
            if not example or self._repeats(fix, path):
                fix = _FIX
        return replace(found, path=self._path(path), shown=value, expected=expected, fix=fix)

    def _see(self, value: Any, path: str, name: str, *, closed: bool) -> None:
        """Record the value at `path`, which messages call `name`, and the values below it."""
        self._paths[path] = name
        if isinstance(value, dict):
            known = self._keys.get(id(value))
            if known is not None or any(id(inner) in self._keys for inner in value.values()):
                self._maps.add(path)
            for key, inner in value.items():
                self._key(f"{path}.{key}", key)
                deeper = closed or self._closes(key, inner, known)
                self._see(inner, f"{path}.{key}", f"{name}.{_name(key)}", closed=deeper)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                self._see(inner, f"{path}[{index}]", f"{name}[{index}]", closed=closed)
        elif isinstance(value, str):
            flag = _FLAG.fullmatch(value) if closed else None
            if flag and plain(flag[1]):
                self._open.append(flag[1])
                value = flag[2] or ""
            if not plain(value) or (closed and not few_digits(value)):
                self._hidden.append((path, value))
            else:
                self._open.append(value)
        elif closed and not few_digits(value):
            self._hidden.append((path, str(value)))

    def _key(self, path: str, key: str) -> None:
        if plain(key):
            self._open.append(key)
            self._names.add(key)
        else:
            self._hidden.append((path, key))

    def _closes(self, key: str, value: Any, known: Collection[str] | None) -> bool:
        """Whether the values below `key` are hidden. A key that the user chose, such as the name
        `tokenizer` of a model, is no evidence. Such keys are in maps without options, and their
        values have options."""
        if known is None:
            return id(value) not in self._keys and credential_named(key)
        meant = key if key in known else misspelt(key, known)
        return meant is None or credential_named(key) or credential_named(meant)

    def _path(self, path: str) -> str:
        """`path` without hidden keys. The part after the last existing key is a known key."""
        found = max((each for each in self._paths if below(path, each)), key=len, default="")
        return self._paths.get(found, "") + path[len(found) :]

    def _repeats(self, text: str, path: str) -> bool:
        """Whether `text`, a message about the value at `path`, repeats part of a hidden text."""
        if text in _OWN:
            return False
        shared = [*map(_shared, _forms(text), self._all_hidden)]
        if any(
            each not in known
            for windows, known in zip(shared, self._all_open, strict=True)
            for each in windows
        ):
            return True
        quoted = [each[1:-1] for each in _QUOTED.findall(text)]
        pieces = [each for each in quoted if each not in self._names]
        for place, hidden in self._hidden:
            if below(path, place) or (path not in self._maps and below(place, path)):
                if _quotes(pieces, hidden) or any(
                    each in secret
                    for windows, secret in zip(shared, _forms(hidden), strict=True)
                    for each in windows
                ):
                    return True
            elif _is_no_word(hidden) and any(hidden.lower() in each.lower() for each in quoted):
                return True
        return False


def _name(key: str) -> str:
    return key if plain(key) else HIDDEN


def _forms(text: str) -> tuple[str, str]:
    """The text in lower case, and the same without punctuation."""
    return text.lower(), _PUNCTUATION.sub("", text.lower())


def _all_forms(texts: Iterable[str]) -> tuple[str, str]:
    whole, bare = zip(*map(_forms, ["", *texts]), strict=True)
    return "\n".join(whole), "\n".join(bare)


def _shared(text: str, hidden: str) -> list[str]:
    """All runs of `_WINDOW` characters in `text` that are in `hidden` too."""
    windows = {text[at : at + _WINDOW] for at in range(len(text) - _WINDOW + 1)}
    return [each for each in windows if each in hidden]


def _quotes(pieces: Iterable[str], hidden: str) -> bool:
    """Whether one of `pieces` contains `hidden`, or is part of it, whatever its length."""
    _, secret = _forms(hidden)
    for each in pieces:
        whole, piece = _forms(each)
        if secret and secret in _PUNCTUATION.split(whole):
            return True
        if len(secret) >= _PIECE and secret in piece:
            return True
        if len(piece) >= _PIECE and piece in secret:
            return True
    return False


def _is_no_word(hidden: str) -> bool:
    """Whether `hidden` is shorter than `_WINDOW` and not a word, such as `hunter2`."""
    return len(hidden) < _WINDOW and bool(
        re.search(r"[^\W\d_]", hidden) and re.search(r"[\W\d_]", hidden)
    )
