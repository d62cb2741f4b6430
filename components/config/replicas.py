"""`Replicas`: the number of pods that serve a model, and how it is scaled."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from components.config.options import Options, listed, mistake

#: The default target of a HorizontalPodAutoscaler without metrics.
_DEFAULT_CPU = 80
_MOST = 100
_Count = Annotated[int, Field(ge=1, le=_MOST)]
_Percent = Annotated[int, Field(ge=1, le=1000)]


class ScalingPolicy(Options):
    """How much the number of pods may change within a period."""

    type: Literal["Pods", "Percent"]
    """`Pods`: a number of pods. `Percent`: percent of the current number"""
    value: Annotated[int, Field(ge=1, le=1000)]
    period_seconds: Annotated[int, Field(ge=1, le=1800)]


class ScalingRules(Options):
    """How fast the number of pods follows the load in one direction. Keys that are left out have
    Kubernetes' defaults: up by 4 pods or 100 % in 15 s, whichever is more, without a stabilization
    window; down by 100 % in 15 s, to the highest number recommended within the last 300 s."""

    stabilization_window_seconds: Annotated[int, Field(ge=0, le=3600)] | None = None
    """The period, in seconds, over which the autoscaler considers past recommendations before it
    scales"""
    policies: Annotated[tuple[ScalingPolicy, ...], Field(strict=False)] | None = Field(
        default=None, json_schema_extra={"minItems": 1}
    )
    select_policy: Literal["Max", "Min", "Disabled"] | None = None
    """The policy with the largest (`Max`) or smallest (`Min`) change applies. `Disabled`: no scaling
    in this direction"""

    @field_validator("policies", mode="before")
    @classmethod
    def _some(cls, raw: Any) -> Any:
        if raw == [] or raw == ():
            fix = "take `policies` out, and write `select_policy: Disabled` for no move"
            raise mistake("at least one policy", fix)
        return raw


class Replicas(Options):
    """The number of pods that serve the model. With `max` above `min` a HorizontalPodAutoscaler
    sets the number between the two, and `up` does not change it. With both `cpu` and `memory` the
    target that needs more pods applies. With neither, the target is 80 % of the CPU request.
    Scaling needs the metrics API on the cluster: see `slipway:addons.metrics-server`."""

    min: _Count = 1
    max: Annotated[_Count | None, Field(validate_default=True)] = None
    """The same as `min` if left out"""
    cpu: _Percent | None = None
    """The target CPU utilization, in percent of the request, as the mean of all pods"""
    memory: _Percent | None = None
    """The target memory utilization, in percent of the request, as the mean of all pods. Few model
    servers free memory when the load falls, so this scales up more readily than down"""
    scale_up: ScalingRules | None = None
    scale_down: ScalingRules | None = None

    @field_validator("max", mode="before")
    @classmethod
    def _as_many(cls, raw: Any, info: ValidationInfo) -> Any:
        return info.data.get("min", 1) if raw is None else raw

    @field_validator("max")
    @classmethod
    def _not_fewer(cls, most: int, info: ValidationInfo) -> int:
        least = info.data.get("min", 1)
        if most < least:
            raise mistake(f"at least as many as `min` ({least})", f"write `{least}` or more")
        return most

    @model_validator(mode="after")
    def _scaling_keys_need_a_range(self) -> Replicas:
        scaling_keys = self.model_fields_set - {"min", "max"}
        if scaling_keys and not self.scales:
            keys = [key for key in type(self).model_fields if key in scaling_keys]
            raise mistake(
                f"`max` above `min` ({self.min}) beside {listed(keys)}",
                f"write `max: {min(self.min + 1, _MOST)}`, or `{self.min}` alone"
                if self.min < _MOST
                else f"write `{self.min}` alone",
            )
        return self

    @property
    def most(self) -> int:
        return self.min if self.max is None else self.max

    @property
    def scales(self) -> bool:
        """Whether an autoscaler sets the number of pods."""
        return self.most > self.min

    @property
    def targets(self) -> dict[str, int]:
        """The target utilization in percent of the request, by resource."""
        targets = {"cpu": self.cpu, "memory": self.memory}
        return {key: value for key, value in targets.items() if value} or {"cpu": _DEFAULT_CPU}


def _number(raw: Any) -> Any:
    if isinstance(raw, dict):
        return raw
    expected = "a whole number from 1 to 100, or a map with `min` and `max`"
    if isinstance(raw, str | float) and re.fullmatch(r"[1-9][0-9]?(\.0+)?|100", str(raw)):
        raise mistake(expected, f"write `{int(float(raw))}` without quotes")
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise mistake(expected, "write a number, or a map of these keys")
    if raw < 1:
        raise mistake(expected, "write `1`; to stop serving a model, take the model out")
    if raw > _MOST:
        raise mistake(expected, f"write `{_MOST}` or less")
    return {"min": raw}


class _OrNumber:
    """Adds a bare number to the JSON Schema of the map."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return handler(source)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        count = {"type": "integer", "minimum": 1, "maximum": 100}
        return {"default": 1, "oneOf": [count, handler(schema)]}


#: A number, or a map with a range.
NumberOrReplicas = Annotated[Replicas, BeforeValidator(_number), _OrNumber()]
