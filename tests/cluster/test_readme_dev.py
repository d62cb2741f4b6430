"""The commands of the README's block for the dev stack, run unchanged."""

from __future__ import annotations

import os
import subprocess

from tests.cluster.checkout import Checkout
from tests.cluster.readme import blocks


def test_the_readmes_block_for_the_dev_stack_works_in_a_plain_shell(dev: Checkout) -> None:
    (block,) = (block for block in blocks("bash") if "make -s env" in block)
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
