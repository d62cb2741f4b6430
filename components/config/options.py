"""`Options`: the base of all options in a stack file, and the errors of their validators."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from components.config.mistakes import Location

_TRYING: ContextVar[bool] = ContextVar("trying", default=False)


class Options(BaseModel):
    """Plain values of a stack file. Instances are frozen, unknown keys are refused, and no value is
    coerced."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        use_attribute_docstrings=True,
        # An uncaught error is printed, and a value may be a credential.
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _remember_keys(cls, raw: Any, info: ValidationInfo) -> Any:
        """Record the keys that this map may have, for a "did you mean" in the report."""
        names = tuple(field.alias or name for name, field in cls.model_fields.items())
        if not isinstance(raw, dict):
            empty = "`{}` for the defaults, or " if takes(cls.model_validate, {}) else ""
            raise mistake(f"a map with {listed(names)}", f"write {empty}a map of these keys")
        if info.context is not None:
            info.context.setdefault("keys", {})[id(raw)] = names
        return raw


class SecretReference(Options):
    """A reference to a value of `slipway:secrets`, by name."""

    secret: str


def secret_references(value: Any, at: Location = ()) -> Iterator[tuple[Location, str]]:
    """The name in each `SecretReference` in options, or in maps and lists of them, with the
    reference's location; that of `value` is `at`."""
    if isinstance(value, SecretReference):
        yield at, value.secret
        return
    inner: Iterable[tuple[int | str, Any]] = ()
    if isinstance(value, BaseModel):
        fields = type(value).model_fields
        # A default refers to no secret.
        inner = (
            (fields[name].alias or name, getattr(value, name)) for name in value.model_fields_set
        )
    elif isinstance(value, Mapping):
        inner = value.items()
    elif isinstance(value, list | tuple):
        inner = enumerate(value)
    for key, each in inner:
        if not isinstance(each, str):
            yield from secret_references(each, (*at, key))


def referenced_secrets(value: Any) -> set[str]:
    """The names of all secrets that options refer to."""
    return {name for _, name in secret_references(value)}


def example(**values: Any) -> ConfigDict:
    """`model_config` of options whose schema has `values` as an example: the least that a stack file
    has to set. The contract tests deploy it."""
    return ConfigDict(json_schema_extra={"examples": [values]})


def mistake(expected: str, fix: str, *, shown: str | None = None) -> PydanticCustomError:
    """An error for a validator to raise. The report adds the key and the value, or `shown` in place
    of a value that may be a credential."""
    context = {"expected": expected, "fix": fix, "shown": shown}
    return PydanticCustomError("mistake", "{expected}", context)


def likely(
    check: Callable[[Any], Any], expected: str, fix: str, *meant: str
) -> PydanticCustomError:
    """A `mistake` whose fix is the first of `meant` that `check` accepts, or else `fix`."""
    if _TRYING.get():  # `check` of one of `meant` needs no fix of its own
        return mistake(expected, fix)
    token = _TRYING.set(True)
    try:
        taken = next((text for text in meant if "`" not in text and takes(check, text)), None)
    finally:
        _TRYING.reset(token)
    return mistake(expected, fix if taken is None else f"did you mean `{written(taken)}`?")


def takes(check: Callable[[Any], Any], raw: Any) -> bool:
    """Whether a validator accepts `raw`."""
    try:
        check(raw)
    except (PydanticCustomError, ValidationError):
        return False
    return True


def written(text: str) -> str:
    """`text` as YAML, with quotes if it would not be text without them."""
    import yaml  # only mistakes need it

    try:
        plain = yaml.safe_load(text) == text
    except yaml.YAMLError:
        plain = False
    return text if plain else json.dumps(text)


def as_text(raw: Any) -> tuple[str, ...]:
    """The number `raw` as text; empty if it is not a number."""
    return (json.dumps(raw),) if isinstance(raw, int | float) else ()


def listed(names: Any) -> str:
    """`a, b or c`, each in backticks."""
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"
