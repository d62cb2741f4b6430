"""Rules for the GitHub workflows beside those of actionlint and zizmor, which `make lint` runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
#: An action by commit, with the commit's version in a comment. Renovate updates both.
_PINNED = re.compile(r"^[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def jobs(workflow: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(workflow.read_text())["jobs"]
    return found


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_an_action_is_pinned_by_commit_and_names_its_version(workflow: Path) -> None:
    used = re.findall(r"(?m)^\s*(?:- )?uses: (.+)$", workflow.read_text())
    assert used
    assert [each for each in used if not _PINNED.match(each)] == []


def test_an_action_has_one_commit_in_all_workflows() -> None:
    text = "".join(workflow.read_text() for workflow in WORKFLOWS)
    commits = set(re.findall(r"uses: (\S+)@(\S+)", text))
    assert len({action for action, _ in commits}) == len(commits)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_job_has_a_time_limit_and_no_write_permission(workflow: Path) -> None:
    for job in jobs(workflow).values():
        assert 0 < job["timeout-minutes"] <= 120
        assert set(job["permissions"].values()) == {"read"}
    assert yaml.safe_load(workflow.read_text())["permissions"] == {}


def test_ci_runs_what_a_contributor_runs() -> None:
    steps = jobs(ROOT / ".github" / "workflows" / "ci.yml")["run"]["steps"]
    commands = [step["run"].split()[-1] for step in steps if "run" in step]
    assert ".ci/run" in commands
