"""pyproject.toml has Slipway's version; the changelog and the policy pack have the same one."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
#: https://keepachangelog.com/en/1.1.0/
SECTIONS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def releases() -> list[tuple[str, date]]:
    """The changelog's versions and their dates, in its order."""
    headings = re.findall(r"(?m)^## \[(\d\S*)\] - (\S+)$", (ROOT / "CHANGELOG.md").read_text())
    return [(number, date.fromisoformat(day)) for number, day in headings]


def test_the_changelogs_newest_version_is_the_projects() -> None:
    assert releases()[0][0] == version()


def test_the_policy_pack_has_the_projects_version() -> None:
    pack = yaml.safe_load((ROOT / "policy" / "PulumiPolicy.yaml").read_text())
    assert pack["version"] == version()


def test_the_changelog_has_unreleased_changes_first_and_then_the_newest_version() -> None:
    headings = re.findall(r"(?m)^## (.+)$", (ROOT / "CHANGELOG.md").read_text())
    assert headings[0] == "[Unreleased]"
    assert headings[1:] == [f"[{number}] - {day}" for number, day in releases()]
    order = [(tuple(map(int, number.split("."))), day) for number, day in releases()]
    assert order == sorted(order, reverse=True)


def test_the_changelog_has_the_sections_of_keep_a_changelog() -> None:
    sections = re.findall(r"(?m)^### (.+)$", (ROOT / "CHANGELOG.md").read_text())
    assert sections
    assert set(sections) <= SECTIONS
