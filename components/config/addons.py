"""`Addons`: the map `slipway:addons`, whose keys are the registered add-ons."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo, create_model
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from components import registry
from components.config.addon_options import AddonOptions, PresentOptions
from components.config.discriminated import OneOf
from components.config.options import Options

AddonChoice: TypeAlias = AddonOptions | PresentOptions
_PRESENT = "present"


class OneAddon(OneOf):
    """The value of an add-on's key: the options of the add-on, or `{kind: present}`."""

    def __init__(self, name: str, *, short: bool = False) -> None:
        super().__init__(short=short, default=None if short else name)
        self._name = name

    def kinds(self) -> Sequence[str]:
        return [self._name, _PRESENT]

    def model(self, kind: str) -> type[Options]:
        return PresentOptions if kind == _PRESENT else registry.ADDONS.options(self._name)


class _AddonMap:
    """Annotates a map of add-ons. Each key is the name of an add-on, and the value its options."""

    def validate(self, raw: Any, info: ValidationInfo) -> dict[str, AddonChoice]:
        model = _model(tuple(registry.ADDONS.kinds()))
        entries = model.model_validate(raw, context=info.context)
        return {
            str(field.alias): getattr(entries, name)
            for name, field in model.model_fields.items()
            if getattr(entries, name) is not None
        }

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(self.validate)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(_model(tuple(registry.ADDONS.kinds())).__pydantic_core_schema__)


@functools.cache
def _model(names: tuple[str, ...]) -> type[Options]:
    """The options of a map whose keys are `names`."""
    fields: dict[str, Any] = {
        name.replace("-", "_"): (
            Annotated[AddonChoice | None, OneAddon(name)],
            Field(default=None, alias=name),
        )
        for name in names
    }
    return create_model("Addons", __base__=Options, **fields)


Addons = Annotated[dict[str, AddonChoice], _AddonMap()]
