"""The JSON Schema of stack files. `python -m components.schema` writes its file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from components.config.stack_config import StackConfig

SCHEMA_FILE = Path(__file__).parent.parent / "schema" / "slipway.schema.json"


def schema() -> dict[str, Any]:
    """The schema of a whole `Pulumi.<stack>.yaml`. It does not check keys of other packages under
    `config`."""
    inner = StackConfig.model_json_schema(ref_template="#/$defs/{model}")
    definitions = inner.pop("$defs", {})
    properties = {f"slipway:{key}": value for key, value in inner["properties"].items()}
    # Pulumi encrypts these before an editor sees them.
    properties["slipway:secrets"] = {
        "description": inner["properties"]["secrets"]["description"],
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "properties": {"secure": {"type": "string"}},
            "required": ["secure"],
            "additionalProperties": False,
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Slipway stack file",
        "type": "object",
        "properties": {
            "encryptionsalt": {"type": "string"},
            "secretsprovider": {"type": "string"},
            "encryptedkey": {"type": "string"},
            "environment": {},
            "config": {
                "type": "object",
                "properties": properties,
                "required": [f"slipway:{key}" for key in inner["required"]],
                "patternProperties": {"^(?!slipway:)[^:]+:": {}},
                "additionalProperties": False,
            },
        },
        "required": ["config"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def text() -> str:
    """The schema as the text of its file."""
    return json.dumps(schema(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.parent.mkdir(exist_ok=True)
    SCHEMA_FILE.write_text(text())
