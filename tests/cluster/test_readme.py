"""The README's commands, run in the order in which a person meets them.

A block marked `console` holds commands behind `$ ` and what they print. Every line printed there
has to appear in what the command really prints, with numbers, addresses and names of this run
standing for those of the README's; `...` stands for lines left out. A prediction is printed as it
stands there.

Blocks marked `bash` are commands for somebody to copy. The one that is for the dev stack is run;
those for a cluster of one's own would leave this machine, and their manifest is shown to the dev
stack's API server.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass, field

import pytest

from tests.cluster.checkout import ROOT, Checkout

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


def test_the_readmes_pod_for_files_is_admitted_and_mounts_the_stacks_claim(dev: Checkout) -> None:
    (manifest,) = (one for one in blocks("yaml") if "kind: Pod" in one)
    path = dev.root / ".slipway" / "files.yaml"
    path.write_text(manifest)
    try:
        shown = dev.kubectl("apply", "--dry-run=server", "-o", "json", "-f", str(path))
    finally:
        path.unlink()
    pod = json.loads(shown)
    claims = dev.kubectl("get", "pvc", "-n", pod["metadata"]["namespace"], "-o", "name").split()
    mounted = [one["persistentVolumeClaim"] for one in pod["spec"]["volumes"][:1]]
    assert [f"persistentvolumeclaim/{claim['claimName']}" for claim in mounted] == claims


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_file_that_a_document_names_is_there(name: str) -> None:
    text = (ROOT / name).read_text()
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (ROOT / link).exists(), f"{name} links to {link}"
