"""The README's commands for a cluster of one's own, run on the dev stack's without the dev stack:
its context and its images stand for the README's."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
import yaml

from local import bootstrap
from local.paths import Clone
from tests.cluster.checkout import Checkout
from tests.cluster.readme import blocks

Done: TypeAlias = subprocess.CompletedProcess[str]
MINE = "mine"


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
    """A clone whose `pulumi` and `kubectl` see that cluster as one that somebody has. What its pip
    is to install is there, a gigabyte with the clouds' SDKs: tests/unit/clouds/test_install.py
    begins with nothing."""
    checkout = Checkout(tmp_path, without_stack.exports)
    checkout.run("python3", "-m", "venv", ".venv")
    (packages,) = (tmp_path / ".venv" / "lib").glob("python*/site-packages")
    python = bootstrap.clouds_python(Clone.here())
    (packages / "there.pth").write_text(
        "".join(f"{each}\n" for each in python.parents[1].glob("lib/python*/site-packages"))
    )
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


def run(checkout: Checkout, script: str) -> Done:
    return checkout.run("bash", "-euo", "pipefail", "-c", script)


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
    asked = run(own, asking)
    assert asked.stdout.splitlines()[-1] == "[2.5, 3.0, 4.5]"
    unchanged = ("--yes", "--skip-preview", "--expect-no-changes", "--stack", MINE)
    for command in ("up", "refresh", "up"):
        own.pulumi(command, *unchanged)
    own.pulumi("destroy", "--yes", "--skip-preview", "--stack", MINE)
    assert own.everything() == before
