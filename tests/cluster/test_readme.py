"""The README's commands, run in the order in which a person meets them.

A block marked `console` holds commands behind `$ ` and what they print. Every line printed there
has to appear in what the command really prints, with numbers, addresses and names of this run
standing for those of the README's; `...` stands for lines left out. A prediction is printed as it
stands there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest

from tests.cluster.checkout import ROOT, Checkout
from tests.cluster.machine import leftovers, settled_picture
from tests.cluster.readme import blocks

HALF_PLUS_TWO = [2.5, 3.0, 4.5]

#: What differs from run to run: times, sizes, addresses, hashes.
VARYING = re.compile(r"\b[0-9a-f]{7,}\b|\d+(\.\d+)*")


@dataclass
class Command:
    """One command of the README and the lines that it prints there."""

    text: str
    printed: list[str] = field(default_factory=list)


def commands() -> list[Command]:
    found: list[Command] = []
    for block in blocks("console"):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Command(line[2:]))
            elif line.strip() and line.strip() != "...":
                found[-1].printed.append(line)
    return found


def shape(line: str) -> str:
    """`line` without what varies; a prediction, which begins with a bracket, does not."""
    return line.strip() if line.startswith("[") else " ".join(VARYING.sub("#", line).split())


def test_a_prediction_is_compared_by_its_numbers() -> None:
    assert shape("[2.5, 3.0, 4.5]") != shape("[2.5, 3.0, 4.6]")
    assert shape("✓ Kubernetes stopped (0 s)") == shape("✓ Kubernetes stopped (11 s)")


def test_the_readmes_commands_print_what_it_says_beside_another_clone_s_and_leave_nothing(
    dev: Checkout, fresh: Checkout
) -> None:
    listed = commands()
    assert [listed[0].text, listed[-1].text] == ["make up", "make down"]
    assert any(line.startswith("[") for command in listed for line in command.printed)
    assert fresh.cluster_name != dev.cluster_name
    before = settled_picture(fresh.cluster_name, fresh.root)
    for command in listed:
        script = f'{{ eval "$(make -s env)"; }} 2>/dev/null || true\n{command.text}\n'
        done = fresh.run("bash", "-c", script)
        shown = {shape(line) for line in (done.stdout + done.stderr).splitlines()}
        for line in command.printed:
            assert shape(line) in shown, f"`{command.text}` did not print {line!r}"
        assert dev.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO
    assert leftovers(before, fresh.cluster_name, fresh.root) == {}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_file_that_a_document_names_is_there(name: str) -> None:
    text = (ROOT / name).read_text()
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (ROOT / link).exists(), f"{name} links to {link}"
