"""`environment`: variables of a server's environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema

from components.config.options import SecretReference, mistake

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: The device plugin sets it. A value in the pod template would override that, and could name the
#: devices of other pods.
_DEVICES = "NVIDIA_VISIBLE_DEVICES"


def variable(refused: Mapping[str, str]) -> tuple[BeforeValidator, WithJsonSchema]:
    """Annotations of a variable's name. `refused` maps names to the fix: those that the program sets,
    and those that would break a guarantee about the server."""
    fixes = {
        _DEVICES: "take it out: the device plugin sets it for models with accelerator",
        **refused,
    }

    def checked(raw: Any) -> Any:
        if not isinstance(raw, str) or not _VARIABLE.fullmatch(raw):
            near = re.sub("[^A-Za-z0-9_]", "_", str(raw))
            meant = near if _VARIABLE.fullmatch(near) else f"_{near}"
            raise mistake("a variable's name: letters, digits and `_`", f"did you mean `{meant}`?")
        if raw in fixes:
            raise mistake("a variable that is not the program's to set", fixes[raw])
        return raw

    schema = {"type": "string", "pattern": f"^{_VARIABLE.pattern}$"}
    return BeforeValidator(checked), WithJsonSchema(schema)


def _value(raw: Any, info: ValidationInfo) -> Any:
    if isinstance(raw, dict):
        return SecretReference.model_validate(raw, context=info.context)
    if isinstance(raw, str):
        return raw
    expected = "text, or `{secret: name}`"
    fix = "put the value in quotes" if isinstance(raw, int | float) else "write one text value"
    raise mistake(expected, fix)


Variable = Annotated[str, *variable({})]
Value = Annotated[
    str | SecretReference,
    BeforeValidator(_value),
    WithJsonSchema(
        {
            "oneOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {"secret": {"type": "string"}},
                    "required": ["secret"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
