"""Discriminated unions: maps whose keys depend on the kind that they name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from components.config.options import Options, listed, mistake
from components.config.secret_scan import shown


class OneOf:
    """Annotates a field whose value is a map. The value of `key` in it names one of `models`, the
    options of the other keys.

    `short` allows the bare kind in place of a map: `controller: traefik`. `default` is the kind of
    a map that names none.
    """

    def __init__(
        self,
        models: Mapping[str, type[Options]] | None = None,
        key: str = "kind",
        *,
        short: bool = False,
        default: str | None = None,
    ) -> None:
        self._models = models or {}
        self.key = key
        self.short = short
        self._default = default

    def kinds(self) -> Sequence[str]:
        """The kinds that the map may name."""
        return sorted(self._models)

    def model(self, kind: str) -> type[Options]:
        """The options of `kind`."""
        return self._models[kind]

    def options(self, raw: Any, info: ValidationInfo) -> Options:
        """The validated options, of the class of their kind."""
        kinds = self.kinds()
        if self.short and isinstance(raw, str):
            raw = {self.key: raw}
        if not isinstance(raw, dict):
            raise mistake(f"a map with `{self.key}`, one of {listed(kinds)}", "choose one of these")
        kind = raw.get(self.key, self._default)
        if kind not in kinds:
            expected = f"`{self.key}`, one of {listed(kinds)}"
            if kind is None:
                raise mistake(expected, "choose one of these")
            close = difflib.get_close_matches(str(kind), kinds, n=1)
            fix = f"did you mean `{self.key}: {close[0]}`?" if close else "choose one of these"
            raise mistake(f"{expected}, but `{self.key}` is {shown(kind)}", fix)
        return self.model(str(kind)).model_validate(raw, context=info.context)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self.options)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        choices: list[JsonSchemaValue] = [
            handler(self.model(kind).__pydantic_core_schema__) for kind in self.kinds()
        ]
        if self.short:
            choices.append({"enum": list(self.kinds())})
        return {"oneOf": choices} if len(choices) > 1 else choices[0]
