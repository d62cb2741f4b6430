"""Nothing depends on how a stand-in is reached, or what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
#: What has to work whoever answers for the plugins: the program and its client, everything that
#: tests them, and the lines that people and CI run.
INDEPENDENT = (
    "__main__.py",
    "components",
    "client",
    "why",
    "schema",
    "Pulumi.yaml",
    "Pulumi.dev.yaml",
    "Makefile",
    ".ci",
    "tests/bench",
    "tests/cluster",
    "tests/engine",
    "tests/unit/client",
    "tests/unit/components",
    "tests/unit/config",
)
#: A stand-in's modules, its directory, and what tells it from an official plugin.
PATHS = re.compile(
    r"local\.plugins|local/plugins|from local import .*\bplugins\b|stand[-_]?ins?\b", re.IGNORECASE
)
#: Texts in the stand-ins' sources, and in anybody's; three words in a row make a message.
_QUOTED = re.compile(r'f?"([^"\\\n]{24,})"')
_LITERAL = re.compile(r"\"([^\"\\\n]{12,})\"|'([^'\\\n]{12,})'")
_SENTENCE = re.compile(r"[a-z]+ [a-z]+ [a-z]+")


def files(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        path = ROOT / room
        assert path.exists(), f"{room} is not there any more"
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (each for each in found if each.is_file() and "__pycache__" not in each.parts)


def independent() -> dict[str, str]:
    """Path → text of every file that may not know of a stand-in."""
    named = {path.relative_to(ROOT).as_posix(): path for path in files(*INDEPENDENT)}
    return {name: path.read_text() for name, path in named.items()}


def messages() -> set[str]:
    """What the stand-ins say in words of their own: sentences in their sources, cut where a value
    is put in."""
    found: set[str] = set()
    for path in files("local/plugins"):
        if path.suffix != ".py":
            continue
        code = re.sub(r'""".*?"""', "", path.read_text(), flags=re.DOTALL)
        for text in _QUOTED.findall(code):
            found |= set(_pieces(text))
    return found


def _pieces(text: str) -> list[str]:
    """Sixteen characters, three words and more between the values that are put into `text`."""
    pieces = (piece.strip(" :;,.'`") for piece in re.split(r"\{[^}]*\}", text))
    return [piece for piece in pieces if len(piece) >= 16 and _SENTENCE.search(piece)]


def test_no_program_test_or_make_line_names_a_stand_in() -> None:
    named = {
        f"{name}:{number}: {line.strip()}"
        for name, text in independent().items()
        for number, line in enumerate(text.splitlines(), 1)
        if PATHS.search(line)
    }
    assert sorted(named) == []


def test_no_program_or_test_repeats_what_only_a_stand_in_says() -> None:
    said = messages()
    assert len(said) > 15, "the stand-ins' messages were not found"
    together = "\n".join(said)
    repeated = {
        f"{name}: {piece!r}"
        for name, text in independent().items()
        for quotes in _LITERAL.findall(text)
        for piece in _pieces(max(quotes))
        if piece in together
    }
    assert sorted(repeated) == []


def test_the_program_and_the_client_do_not_know_of_the_local_cluster() -> None:
    wrong = {
        f"{path.relative_to(ROOT)}:{number}"
        for path in files("__main__.py", "components", "client", "why")
        if path.suffix == ".py"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"\bfrom local\b|\bimport local\b|[\"'`]local[./]|\blocal/", line)
    }
    assert sorted(wrong) == []
