"""The README's commands for a user's own cluster, run on the dev stack's cluster with its context
and its images, while the dev stack is destroyed."""

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
    """The dev stack's cluster without the stack and without the files of its volume."""
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
    """A clone whose `pulumi` and `kubectl` use that cluster. The packages that its pip has to
    install, a gigabyte with the clouds' SDKs, are on its path already:
    tests/unit/clouds/test_install.py tests an empty environment."""
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
    """Copy sections of the README's stack file into the stack's."""
    (example,) = (block for block in blocks("yaml") if "slipway:models:" in block)
    config = yaml.safe_load(example)["config"]
    path = checkout.root / f"Pulumi.{MINE}.yaml"
    document = yaml.safe_load(path.read_text())
    document["config"] |= {f"slipway:{name}": config[f"slipway:{name}"] for name in names}
    path.write_text(yaml.safe_dump(document))


def run(checkout: Checkout, script: str) -> Done:
    return checkout.run("bash", "-euo", "pipefail", "-c", script)


def test_the_readmes_commands_for_a_users_own_cluster_serve_a_model(
    own: Checkout, without_stack: Checkout
) -> None:
    volume = without_stack.models
    before = own.everything()
    bash = [block for block in blocks("bash") if "make -s env" not in block]
    assert len(bash) == 3
    preparing, copying, calling = bash
    context = own.kubectl("config", "current-context").strip()
    *commands, up = preparing.replace("kind-kind", context).strip().splitlines()
    assert up == "pulumi up"
    run(own, "\n".join(commands))
    add_sections(own, "images", "volumes")
    own.pulumi("up", "--yes", "--skip-preview", "--stack", MINE)

    (pod,) = (block for block in blocks("yaml") if "kind: Pod" in block)
    image = yaml.safe_load(pod)["spec"]["containers"][0]["image"]
    # The local node has the image only under the mirror's name.
    done = without_stack.run("python3", "-m", "local", "images", image.partition(":")[0])
    mirrored = done.stdout.strip()
    assert mirrored.endswith(f"/{image}")
    (own.root / "files.yaml").write_text(pod.replace(image, mirrored))
    run(own, copying)
    assert (volume / "half_plus_two").is_dir()

    add_sections(own, "models")
    own.pulumi("up", "--yes", "--skip-preview", "--stack", MINE)
    called = run(own, calling)
    assert called.stdout.splitlines()[-1] == "[2.5, 3.0, 4.5]"
    unchanged = ("--yes", "--skip-preview", "--expect-no-changes", "--stack", MINE)
    for command in ("up", "refresh", "up"):
        own.pulumi(command, *unchanged)
    own.pulumi("destroy", "--yes", "--skip-preview", "--stack", MINE)
    assert own.everything() == before
