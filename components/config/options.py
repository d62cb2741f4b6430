"""`Options`: what every part of a stack file is made of, and how a mistake in one is told."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError


class Options(BaseModel):
    """Plain values from a stack file: frozen, unknown keys refused, nothing coerced."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        use_attribute_docstrings=True,
        # An error that nobody catches is printed, and a value may be a credential.
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _remember_keys(cls, raw: Any, info: ValidationInfo) -> Any:
        """Tell the report which keys this map may have, for its "did you mean"."""
        if not isinstance(raw, dict):
            raise mistake(f"a map with {listed(cls.model_fields)}", "write `key: value` pairs")
        if info.context is not None:
            fields = cls.model_fields.items()
            names = tuple(field.alias or name for name, field in fields)
            info.context.setdefault("keys", {})[id(raw)] = names
        return raw


class SecretReference(Options):
    """A value in `slipway:secrets`, by its name."""

    secret: str


def example(**values: Any) -> ConfigDict:
    """`model_config` of options whose schema shows `values`: what a stack file has to say at
    least. The contract tests deploy it."""
    return ConfigDict(json_schema_extra={"examples": [values]})


def mistake(expected: str, fix: str, *, shown: str | None = None) -> PydanticCustomError:
    """An error for a validator to raise. The report puts the key before it and the value, or
    `shown` in the place of a value that may be a credential."""
    context = {"expected": expected, "fix": fix, "shown": shown}
    return PydanticCustomError("mistake", "{expected}", context)


def listed(names: Any) -> str:
    """`a, b or c`, each in backticks."""
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
