"""Programs run with their own interpreter, and their errors are shown as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.paths import Clone
from tests.engine.plugins.conftest import Bench


def test_a_program_runs_with_the_virtualenv_of_its_project(bench: Bench) -> None:
    project = bench()
    project.program(
        'import sys\npulumi.export("prefix", sys.prefix)\npulumi.export("path", sys.path[0])'
    )
    project.up()
    outputs = project.outputs()
    assert Path(outputs["prefix"]).resolve() == (project.directory / ".venv").resolve()
    assert outputs["path"] == str(project.directory)


def test_a_run_error_is_one_sentence_without_a_traceback(bench: Bench) -> None:
    project = bench()
    project.program('raise pulumi.RunError("key a: expected b, got c")')
    failed = project.up(check=False)
    assert failed.code != 0
    assert failed.text.count("error: key a: expected b, got c") >= 1
    assert "Traceback" not in failed.text


def test_an_exception_is_shown_with_the_line_of_the_program(bench: Bench) -> None:
    project = bench()
    (project.directory / "helper.py").write_text("def f():\n    raise ValueError('boom')\n")
    project.program("import helper\nhelper.f()")
    failed = project.up(check=False)
    assert failed.code != 0
    assert "ValueError: boom" in failed.text
    assert 'helper.py", line 2' in failed.text


def test_a_program_that_exits_early_fails_with_its_code(bench: Bench) -> None:
    project = bench()
    project.program("import sys\nsys.exit(3)")
    failed = project.up(check=False)
    assert failed.code != 0
    assert "3" in failed.text


def test_config_and_its_secrets_reach_the_program(bench: Bench) -> None:
    project = bench()
    project.pulumi("config", "set", "plain", "1")
    project.pulumi("config", "set", "--secret", "hidden", "very-hidden-value")
    project.program(
        'c = pulumi.Config()\npulumi.export("p", c.get("plain"))\n'
        'pulumi.export("h", c.require_secret("hidden"))'
    )
    outcome = project.up()
    assert "very-hidden-value" not in outcome.text
    assert "very-hidden-value" not in project.state_text()
    assert project.outputs() == {"p": "1", "h": "very-hidden-value"}


def test_a_policy_pack_is_asked(bench: Bench) -> None:
    environment = Clone.here().policy_venv
    if not environment.is_dir():
        pytest.skip(f"{environment} is not there: `python3 -m local test engine` puts it there")
    project = bench()
    pack = project.directory / "pack"
    pack.mkdir()
    (pack / ".venv").symlink_to(environment)
    (pack / "PulumiPolicy.yaml").write_text(
        "name: pack\nversion: 0.0.1\nruntime: {name: python, options: {virtualenv: .venv}}\n"
    )
    (pack / "__main__.py").write_text(
        """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy
def validate(args, report):
    if args.resource_type.startswith("tls:"):
        report("no keys here")
PolicyPack("pack", policies=[ResourceValidationPolicy(
    name="no-keys", description="none", validate=validate,
    enforcement_level=EnforcementLevel.MANDATORY)])
"""
    )
    project.program('import pulumi_tls\npulumi_tls.PrivateKey("k", algorithm="ED25519")')
    failed = project.up("--policy-pack", str(pack), check=False)
    assert failed.code != 0
    assert "no keys here" in failed.text
