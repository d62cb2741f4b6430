"""Operations that fail, the lines that they print, and after how many seconds: the table of
docs/why.md."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.cluster.checkout import ROOT, Checkout
from why.containers import LOG, timeless

PAGE: Final = ROOT / "docs" / "why.md"
_START: Final = "<!-- table: python3 -m local test serving -k failures --write-docs -->\n"
_END: Final = "<!-- end of table -->\n"
_HEAD: Final = "| what is wrong | what is printed | after |\n|---|---|--:|\n"
#: The engine's colour codes.
_COLOUR: Final = re.compile(r"<\{%.*?%\}>")
#: The random parts of the names of Deployments and pods.
_RANDOM: Final = re.compile(r"(?<=-server)-[0-9a-f]{8}(-[0-9a-z]{6,10}-[0-9a-z]{5})?\b")
_AGAIN: Final = "it runs again and is not ready; before, "


@dataclass(frozen=True)
class Diagnostic:
    """An error that pulumi printed, `seconds` after its start."""

    message: str
    seconds: float


@dataclass(frozen=True)
class Run:
    """One `pulumi` command that failed."""

    command: str
    code: int
    printed: str
    errors: Sequence[Diagnostic]

    def of(self, text: str) -> Diagnostic:
        """The first error that contains `text`."""
        for each in self.errors:
            if text in each.message:
                return each
        raise AssertionError(f"no error has {text!r}:\n{self.printed}")


@dataclass(frozen=True)
class Failure:
    """A failure. `about` is a part of the error that gives the reason, `sentences` are parts of its
    lines."""

    title: str
    about: str
    sentences: tuple[str, ...]
    model: dict[str, Any] | None = None

    def row(self, run: Run) -> str:
        """This failure's row: the printed lines with `sentences`, each cut off after its sentence.
        The rest, such as addresses and a registry's answer, differs between machines."""
        error = run.of(self.about)
        lines = dict.fromkeys(_line_with(each, error.message) for each in self.sentences)
        cell = "<br>".join(f"`{line.replace('|', '&#124;').replace('`', '')}`" for line in lines)
        return f"| {self.title} | `pulumi {run.command}`: {cell} | {error.seconds:.0f} s |\n"


def pulumi(
    checkout: Checkout,
    *arguments: str,
    stack: str,
    timeout: float,
    env: dict[str, str] | None = None,
) -> Run:
    """Runs `pulumi <arguments>`, which may fail."""
    log = checkout.root / ".slipway" / f"events-{stack}.json"
    log.unlink(missing_ok=True)
    started = time.time()
    done = checkout.run(
        *("pulumi", *arguments, "--yes", "--skip-preview", f"--stack={stack}"),
        f"--event-log={log}",
        check=False,
        timeout=timeout,
        env={"PULUMI_DEBUG_COMMANDS": "true", **(env or {})},
    )
    printed = done.stdout + done.stderr
    errors = list(_errors(log, started)) if log.exists() else []
    for each in errors:
        for line in each.message.splitlines():
            assert line.strip() in printed, f"{line!r} is in the log, not in what is printed"
    command = [each for each in arguments if each in ("up", "destroy", "--run-program")]
    return Run(" ".join(command), done.returncode, printed, errors)


def table(rows: Sequence[str]) -> str:
    return _HEAD + "".join(rows)


def written_table() -> str:
    """The table in docs/why.md."""
    return PAGE.read_text().partition(_START)[2].partition(_END)[0]


def write_table(text: str) -> None:
    before, start, rest = PAGE.read_text().partition(_START)
    assert start, f"{PAGE} has no line {_START!r}"
    PAGE.write_text(before + start + text + _END + rest.partition(_END)[2])


def comparable(text: str) -> str:
    """A table without the parts that differ between runs: seconds, times, counts, and whether a
    crashing container has just been restarted."""
    return timeless(text.replace(_AGAIN, ""))


def _errors(log: Path, started: float) -> Sequence[Diagnostic]:
    errors = []
    for line in log.read_text().splitlines():
        event = json.loads(line)
        diagnostic = event.get("diagnosticEvent")
        if diagnostic and diagnostic["severity"] == "error" and not diagnostic.get("ephemeral"):
            message = _COLOUR.sub("", diagnostic["message"])
            errors.append(Diagnostic(message, max(event["timestamp"] - started, 0)))
    return errors


def _line_with(sentence: str, message: str) -> str:
    for line in message.splitlines():
        if sentence in line:
            before, _, after = line.partition(sentence)
            if before.strip().startswith(LOG):  # a time and a source follow, which differ
                before = f"{LOG}… "
            return _RANDOM.sub("-…", f"{before}{sentence}{' …' if after.strip() else ''}".strip())
    raise AssertionError(f"no line has {sentence!r}:\n{message}")
