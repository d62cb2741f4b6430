"""Nothing depends on a stand-in's path or on its messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
#: Files that have to work with official plugins and with stand-ins: the program and its client,
#: their tests, and the commands that people and CI run.
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
#: Names of a stand-in's modules and directory, and the word itself.
PATHS = re.compile(
    r"local\.plugins|local/plugins|from local import .*\bplugins\b|stand[-_]?ins?\b", re.IGNORECASE
)
#: Strings in the stand-ins' sources, strings in any source, and three words in a row, which make a
#: string a message.
_QUOTED = re.compile(r'f?"([^"\\\n]{24,})"')
_LITERAL = re.compile(r"\"([^\"\\\n]{12,})\"|'([^'\\\n]{12,})'")
_SENTENCE = re.compile(r"[a-z]+ [a-z]+ [a-z]+")


def files(*roots: str) -> Iterator[Path]:
    for root in roots:
        path = ROOT / root
        assert path.exists(), f"{root} does not exist any more"
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (each for each in inside if each.is_file() and "__pycache__" not in each.parts)


def independent() -> dict[str, str]:
    """Path → text of every file that must not refer to a stand-in."""
    paths = {path.relative_to(ROOT).as_posix(): path for path in files(*INDEPENDENT)}
    return {name: path.read_text() for name, path in paths.items()}


def messages() -> set[str]:
    """The stand-ins' own messages: sentences in their sources, split at the values in them."""
    sentences: set[str] = set()
    for path in files("local/plugins"):
        if path.suffix != ".py":
            continue
        code = re.sub(r'""".*?"""', "", path.read_text(), flags=re.DOTALL)
        for text in _QUOTED.findall(code):
            sentences |= set(_pieces(text))
    return sentences


def _pieces(text: str) -> list[str]:
    """The parts of `text` between its values that have 16 characters and three words or more."""
    pieces = (piece.strip(" :;,.'`") for piece in re.split(r"\{[^}]*\}", text))
    return [piece for piece in pieces if len(piece) >= 16 and _SENTENCE.search(piece)]


def test_no_program_test_or_make_line_names_a_stand_in() -> None:
    references = {
        f"{name}:{number}: {line.strip()}"
        for name, text in independent().items()
        for number, line in enumerate(text.splitlines(), 1)
        if PATHS.search(line)
    }
    assert sorted(references) == []


def test_no_program_or_test_contains_a_message_of_a_stand_in() -> None:
    sentences = messages()
    assert len(sentences) > 15, "the stand-ins' messages were not found"
    together = "\n".join(sentences)
    repeated = {
        f"{name}: {piece!r}"
        for name, text in independent().items()
        for quotes in _LITERAL.findall(text)
        for piece in _pieces(max(quotes))
        if piece in together
    }
    assert sorted(repeated) == []


def test_the_program_and_the_client_do_not_refer_to_the_local_cluster() -> None:
    wrong = {
        f"{path.relative_to(ROOT)}:{number}"
        for path in files("__main__.py", "components", "client", "why")
        if path.suffix == ".py"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"\bfrom local\b|\bimport local\b|[\"'`]local[./]|\blocal/", line)
    }
    assert sorted(wrong) == []
