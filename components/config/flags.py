"""`arguments`: flags of a model server, and the flags that a stack file must not set."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from components.config.options import mistake
from components.config.secret_scan import HIDDEN

_FLAG = re.compile(r"--([A-Za-z0-9][A-Za-z0-9_-]*)(?:=(.*))?", re.DOTALL)
_ONE_DASH = re.compile(r"-([A-Za-z][A-Za-z0-9_-]+)(=.*)?", re.DOTALL)
#: Unknown flags of another release that may expose the server or weaken its security.
_SUSPICIOUS = re.compile(r"^allow|port$|address$|socket|restrict|ssl|tls|cert|credential")


@dataclass(frozen=True)
class Flags:
    """The flags of one model server.

    `known` was read from the release `release`. `refused` maps flags to the fix: those that the
    program sets, and those that would break a guarantee about the server. `alone` allows a flag
    without a value. `abbreviated` means that the server accepts the beginning of a flag's name."""

    release: str
    known: frozenset[str]
    refused: Mapping[str, str]
    alone: bool = False
    abbreviated: bool = False

    def validator(self) -> tuple[BeforeValidator, WithJsonSchema]:
        """Annotations of one argument's type."""
        schema = {"type": "string", "pattern": f"^{_FLAG.pattern.replace('(?:', '(')}$"}
        return BeforeValidator(self._checked), WithJsonSchema(schema)

    def _checked(self, raw: Any, info: ValidationInfo) -> str:
        expected = "a flag and its value in one text, such as `--name=value`"
        if not isinstance(raw, str):
            raise mistake(expected, "write one text value")
        match = _FLAG.fullmatch(raw)
        if match is None:
            if _ONE_DASH.fullmatch(raw):
                self._checked(f"-{raw}", info)  # a mistake in the flag itself comes first
            raise _malformed(raw, expected)
        name, value = match.groups()
        if name not in self.known:
            # An image that the user chose may be of a release with other flags.
            self._check_unknown(name, own_image=info.data.get("image") is not None)
        if value is None and not self.alone:
            raise mistake(expected, f"add the value: `--{name}=…`")
        return raw

    def _check_unknown(self, name: str, *, own_image: bool) -> None:
        spelled = self._spelled(name)
        if spelled in self.refused:
            raise _refused(name, self.refused[spelled])
        begun = sorted(flag for flag in {*self.known, *self.refused} if flag.startswith(name))
        if self.abbreviated and begun:
            fixes = [f"`--{flag}`" for flag in begun if flag in self.known]
            if not fixes:
                raise _refused(name, self.refused[begun[0]])
            raise _named(name, "a flag's whole name", f"did you mean {' or '.join(fixes)}?")
        if own_image and not _SUSPICIOUS.search(name):
            return
        raise _named(name, f"a flag of {self.release}", self._meant(spelled))

    def _meant(self, name: str) -> str:
        close = difflib.get_close_matches(name, {*self.known, *self.refused}, n=1)
        if not close:
            return (
                "take it out; flags of another release are taken beside an image of your own, "
                "unless they may open the server"
            )
        if close[0] in self.refused:
            return f"for --{close[0]}, {self.refused[close[0]]}"
        return f"did you mean `--{close[0]}`?"

    def _spelled(self, name: str) -> str:
        """`name` in lower case and with the separator of this server's flags."""
        separator = "-" if any("-" in flag for flag in self.known) else "_"
        return re.sub("[-_]", separator, name.lower())


def name_of(argument: str) -> str:
    """`http-port` for `--http-port=8000`; the argument itself if it is not a flag."""
    match = _FLAG.fullmatch(argument)
    return match[1] if match else argument


def _named(name: str, expected: str, fix: str) -> PydanticCustomError:
    """A mistake that quotes the flag and not its value, which may be a credential."""
    return mistake(expected, fix, shown=f"`--{name}`")


def _refused(name: str, fix: str) -> PydanticCustomError:
    return _named(name, "a flag that is not the program's to set", fix)


def _malformed(raw: str, expected: str) -> PydanticCustomError:
    if single := _ONE_DASH.fullmatch(raw):
        return mistake(expected, "write it with two dashes", shown=f"`-{single[1]}`")
    return mistake(
        expected,
        "join a flag and its value by an equals sign in one text of the list",
        shown=HIDDEN if raw.startswith("-") else None,
    )
