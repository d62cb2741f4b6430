"""The README's commands, run in the order in which a person meets them.

A block marked `console` holds commands behind `$ ` and what they print. Every line printed there
has to appear in what the command really prints, with numbers, addresses and names of this run
standing for those of the README's; `...` stands for lines left out. A prediction is printed as it
stands there.

Blocks marked `bash` are commands for somebody to copy. The one for the dev stack is run as it is;
those for a cluster of one's own are run on the dev stack's, without the dev stack: its context and
its images stand for the README's.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import pytest
import yaml

from tests.cluster.checkout import ROOT, Checkout

Done: TypeAlias = subprocess.CompletedProcess[str]
#: What differs from run to run: times, sizes, addresses, hashes.
VARYING = re.compile(r"\b[0-9a-f]{7,}\b|\d+(\.\d+)*")


@dataclass
class Command:
    """One command of the README and the lines that it prints there."""

    text: str
    printed: list[str] = field(default_factory=list)


def blocks(language: str) -> list[str]:
    readme = (ROOT / "README.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)


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


def test_the_readmes_commands_print_what_it_says(fresh: Checkout) -> None:
    listed = commands()
    assert [command.text for command in listed[:1]] == ["make up"]
    assert any(line.startswith("[") for command in listed for line in command.printed)
    for command in listed:
        script = f'{{ eval "$(make -s env)"; }} 2>/dev/null || true\n{command.text}\n'
        done = fresh.run("bash", "-c", script)
        shown = {shape(line) for line in (done.stdout + done.stderr).splitlines()}
        for line in command.printed:
            assert shape(line) in shown, f"`{command.text}` did not print {line!r}"


def test_the_readmes_block_for_the_dev_stack_works_in_a_plain_shell(dev: Checkout) -> None:
    (block,) = (one for one in blocks("bash") if "make -s env" in one)
    environment = {name: value for name, value in os.environ.items() if "PULUMI" not in name}
    plain = {**environment, "PATH": "/usr/local/bin:/usr/bin:/bin", "KUBECONFIG": ""}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        cwd=dev.root,
        env=plain,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "unchanged" in done.stdout
    assert "half-plus-two-server" in done.stdout


MINE = "mine"
#: Seconds from an `up` that is done to a route that is served.
ROUTE_TIMEOUT = 20.0


@pytest.fixture
def without_stack(dev: Checkout) -> Iterator[Checkout]:
    """The dev stack's cluster, without the stack and without the files of its volume."""
    dev.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev")
    files = dev.models.rename(dev.root / ".slipway" / "files")
    try:
        yield dev
    finally:
        shutil.rmtree(dev.models, ignore_errors=True)
        files.rename(dev.models)
        dev.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")


@pytest.fixture
def own(without_stack: Checkout, tmp_path: Path) -> Iterator[Checkout]:
    """A clone whose `pulumi` and `kubectl` see that cluster as one that somebody has."""
    # pip compiles a gigabyte of clouds' SDKs otherwise, of which this stack imports nothing.
    checkout = Checkout(tmp_path, {**without_stack.exports, "PIP_NO_COMPILE": "1"})
    yield checkout
    checkout.pulumi("destroy", "--yes", "--skip-preview", "--stack", MINE)
    checkout.pulumi("stack", "rm", "--yes", MINE)


def add_sections(checkout: Checkout, *names: str) -> None:
    """Copy sections of the README's environment into the stack file."""
    (environment,) = (one for one in blocks("yaml") if "slipway:models:" in one)
    described = yaml.safe_load(environment)["config"]
    path = checkout.root / f"Pulumi.{MINE}.yaml"
    written = yaml.safe_load(path.read_text())
    written["config"] |= {f"slipway:{name}": described[f"slipway:{name}"] for name in names}
    path.write_text(yaml.safe_dump(written))


def run(checkout: Checkout, script: str, *, check: bool = True) -> Done:
    return checkout.run("bash", "-euo", "pipefail", "-c", script, check=check)


def test_the_readmes_commands_for_a_cluster_of_ones_own_serve_a_model(
    own: Checkout, without_stack: Checkout
) -> None:
    volume = without_stack.models
    before = own.everything()
    bash = [one for one in blocks("bash") if "make -s env" not in one]
    assert len(bash) == 3
    preparing, copying, asking = bash
    context = own.kubectl("config", "current-context").strip()
    *preparing, up = preparing.replace("kind-kind", context).strip().splitlines()
    assert up == "pulumi up"
    run(own, "\n".join(preparing))
    add_sections(own, "images", "volumes")
    own.pulumi("up", "--yes", "--skip-preview", "--stack", MINE)

    (pod,) = (one for one in blocks("yaml") if "kind: Pod" in one)
    named = yaml.safe_load(pod)["spec"]["containers"][0]["image"]
    # The local node has the image under the mirror's name alone.
    made = without_stack.run("python3", "-m", "local", "images", named.partition(":")[0])
    mirrored = made.stdout.strip()
    assert mirrored.endswith(f"/{named}")
    (own.root / "files.yaml").write_text(pod.replace(named, mirrored))
    run(own, copying)
    assert (volume / "half_plus_two").is_dir()

    add_sections(own, "models")
    own.pulumi("up", "--yes", "--skip-preview", "--stack", MINE)
    deadline = time.monotonic() + ROUTE_TIMEOUT
    while (asked := run(own, asking, check=False)).returncode:
        assert time.monotonic() < deadline, asked.stderr
    assert asked.stdout.splitlines()[-1] == "[2.5, 3.0, 4.5]"
    unchanged = ("--yes", "--skip-preview", "--expect-no-changes", "--stack", MINE)
    for command in ("up", "refresh", "up"):
        own.pulumi(command, *unchanged)
    own.pulumi("destroy", "--yes", "--skip-preview", "--stack", MINE)
    assert own.everything() == before


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_file_that_a_document_names_is_there(name: str) -> None:
    text = (ROOT / name).read_text()
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (ROOT / link).exists(), f"{name} links to {link}"
