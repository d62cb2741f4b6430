"""What the documentation tells a user to write is taken as it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import run
from tests.unit.components.environment import stack_file

DOCS = Path(__file__).parents[3] / "docs"
BLOCKS = [
    (path.name, block)
    for path in sorted(DOCS.glob("*.md"))
    for block in re.findall(
        r"^```yaml\n(slipway:.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL
    )
]


@pytest.mark.parametrize(("page", "block"), BLOCKS)
def test_a_part_of_a_stack_file_in_the_documentation_is_deployed(page: str, block: str) -> None:
    sections: dict[str, Any] = {
        key.removeprefix("slipway:"): value for key, value in yaml.safe_load(block).items()
    }
    named = re.findall(r"\{secret: ([^}]+)\}", block)
    config = stack_file(**sections, secrets=dict.fromkeys(named, "value") or None)
    recording = run(lambda: deploy(load()), config, secret_keys=("secrets",))
    assert recording.outputs["endpoints"].keys() == config["models"].keys(), page


def test_there_are_such_parts() -> None:
    assert len(BLOCKS) >= 3
