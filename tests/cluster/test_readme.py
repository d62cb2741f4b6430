"""The README's commands, run in its order.

A block marked `console` has commands after `$ `, and their output. Each line of that output has to
appear in the command's real output, where numbers, addresses and hashes may differ; `...` stands
for omitted lines. A prediction has to be equal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest

from tests.cluster.checkout import ROOT, Checkout
from tests.cluster.machine import leftovers, settled_picture
from tests.cluster.readme import blocks

HALF_PLUS_TWO = [2.5, 3.0, 4.5]

#: Parts that differ between runs: times, sizes, addresses, hashes.
VARYING = re.compile(r"\b[0-9a-f]{7,}\b|\d+(\.\d+)*")


@dataclass
class Command:
    """One command of the README, and the lines of its output there."""

    text: str
    printed: list[str] = field(default_factory=list)


def commands() -> list[Command]:
    listed: list[Command] = []
    for block in blocks("console"):
        for line in block.splitlines():
            if line.startswith("$ "):
                listed.append(Command(line[2:]))
            elif line.strip() and line.strip() != "...":
                listed[-1].printed.append(line)
    return listed


def shape(line: str) -> str:
    """`line` without the parts that differ between runs. A prediction, which begins with a bracket,
    is unchanged."""
    return line.strip() if line.startswith("[") else " ".join(VARYING.sub("#", line).split())


def test_a_prediction_is_compared_by_its_numbers() -> None:
    assert shape("[2.5, 3.0, 4.5]") != shape("[2.5, 3.0, 4.6]")
    assert shape("✓ Kubernetes stopped (0 s)") == shape("✓ Kubernetes stopped (11 s)")


def test_the_readmes_commands_print_its_output_beside_another_clone_and_leave_nothing(
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
        output = {shape(line) for line in (done.stdout + done.stderr).splitlines()}
        for line in command.printed:
            assert shape(line) in output, f"`{command.text}` did not print {line!r}"
        assert dev.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO
    assert leftovers(before, fresh.cluster_name, fresh.root) == {}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_every_file_that_a_document_links_to_exists(name: str) -> None:
    text = (ROOT / name).read_text()
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (ROOT / link).exists(), f"{name} links to {link}"
