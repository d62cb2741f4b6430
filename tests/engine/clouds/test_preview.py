"""`make preview`, like for a pull request from a fork: without credentials and without a cluster."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.clouds import ACCOUNT, SIMULATED
from tests.engine.clouds.test_lifecycle import CLOUDS, ROOT


def _previewed(*arguments: str) -> subprocess.CompletedProcess[str]:
    python = os.environ.get("SLIPWAY_LOCAL_PYTHON", sys.executable)
    removed = ("AWS_", "GOOGLE_", "ALICLOUD_", "PULUMI_", "KUBECONFIG", ACCOUNT, SIMULATED)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(removed)}
    return subprocess.run(
        [python, "-m", "local", "preview", *arguments],
        cwd=ROOT,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize(
    "stack", [name for name in CLOUDS if (ROOT / f"Pulumi.{name}.yaml").exists()]
)
def test_a_preview_as_json_reports_that_it_is_simulated(stack: str) -> None:
    file = ROOT / f"Pulumi.{stack}.yaml"
    before = file.read_bytes()
    done = _previewed(stack, "--json")
    assert done.returncode == 0, done.stderr[-4000:] + done.stdout[-4000:]
    assert done.stderr.splitlines()[0].startswith("simulated: ")
    preview = json.loads(done.stdout)  # the engine's JSON has no stack outputs
    assert {each["op"] for each in preview["steps"]} <= {"create", "read"}
    assert any(each["urn"].endswith(f"Stack::slipway-{stack}") for each in preview["steps"])
    assert any("is simulated" in each["message"] for each in preview["diagnostics"])
    assert file.read_bytes() == before


def test_a_violation_of_a_policy_fails_the_preview(tmp_path: Path) -> None:
    """The stack's API is public to a range, which only a rule that is off by default refuses."""
    strict = tmp_path / "strict.json"
    strict.write_text(json.dumps({"CKV_AWS_39": "mandatory"}))
    assert "✅ slipway" in _previewed("eks").stdout
    done = _previewed("eks", "--policy-pack-config", str(strict))
    assert done.returncode == 1
    assert done.stdout.count("[mandatory]") == 1
    assert "[mandatory]  CKV_AWS_39" in done.stdout


def test_a_preview_of_an_unknown_stack_reports_the_existing_ones() -> None:
    done = _previewed("nowhere")
    assert done.returncode == 1
    (message,) = [line for line in done.stderr.splitlines() if "Pulumi.nowhere.yaml" in line]
    assert "dev" in message.partition("expected one of ")[2].split(", ")
