"""The JSON Schema that editors check stack files with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from components import registry, schema

ROOT = Path(schema.__file__).parent.parent
STACKS = [ROOT / f"Pulumi.{name}.yaml" for name in ("dev", "ack")]


def test_the_committed_schema_is_what_the_models_say() -> None:
    assert schema.SCHEMA_FILE.read_text() == schema.text(), "run python -m components.schema"


def test_the_schema_knows_every_registered_kind() -> None:
    text = schema.text()
    assert [
        kind for area in registry.AREAS.values() for kind in area.kinds() if kind not in text
    ] == []


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_a_stack_points_editors_to_the_schema(path: Path) -> None:
    first = path.read_text().splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(.+)", first)
    assert named and (ROOT / named[1]) == schema.SCHEMA_FILE


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_a_stack_has_only_keys_of_the_schema(path: Path) -> None:
    document = yaml.safe_load(path.read_text())
    known = schema.schema()["properties"]["config"]["properties"]
    assert set(document["config"]) <= set(known)


def test_every_key_of_the_schema_is_described() -> None:
    known = schema.schema()["properties"]["config"]["properties"]
    definitions = schema.schema()["$defs"]

    def described(value: dict[str, object]) -> bool:
        reference = str(value.get("$ref", "")).rpartition("/")[2]
        return "description" in value or "description" in definitions.get(reference, {})

    assert [key for key, value in known.items() if not described(value)] == []
