"""What the registry promises of everything in it. A new line is tested by being there."""

from __future__ import annotations

import typing
from typing import Any

import pulumi
import pytest

from components import registry
from components.config.load import load
from components.config.model_options import ModelOptions, SourceOptions
from components.config.options import Options
from components.config.stack_config import (
    ClusterOptions,
    ControllerOptions,
    GatewayOptions,
    MetricsOptions,
)
from components.contracts import Runtime
from components.platform.gateway.controller import Controller
from components.stack import deploy
from tests.unit.components.engine import run
from tests.unit.components.environment import model, stack_file

BASES: dict[str, type[Options]] = {
    "clusters": ClusterOptions,
    "gateways": GatewayOptions,
    "controllers": ControllerOptions,
    "metrics": MetricsOptions,
    "runtimes": ModelOptions,
    "sources": SourceOptions,
}
COMPONENTS = {"controllers": Controller, "runtimes": Runtime}
ENTRIES = [(area, kind) for area in registry.REGISTRY for kind in registry.kinds(area)]  # type: ignore[arg-type]


@pytest.mark.parametrize(("area", "kind"), ENTRIES)
def test_every_kind_has_options_of_its_area_that_name_it(area: Any, kind: str) -> None:
    options = registry.implementation(area, kind).options
    assert issubclass(options, BASES[area])
    key = "runtime" if area == "runtimes" else "kind"
    assert typing.get_args(options.model_fields[key].annotation) == (kind,)


@pytest.mark.parametrize(("area", "kind"), ENTRIES)
def test_every_kind_stands_in_a_file_of_its_own_that_says_what_it_makes(
    area: Any, kind: str
) -> None:
    made = registry.implementation(area, kind)
    assert made.__doc__
    same = [other for other in registry.REGISTRY[area].values() if made.__module__ in other]
    assert len(same) == 1


@pytest.mark.parametrize(("area", "kind"), ENTRIES)
def test_every_kind_promises_what_its_area_asks_for(area: Any, kind: str) -> None:
    made = registry.implementation(area, kind)
    if area in COMPONENTS:
        assert issubclass(made, COMPONENTS[area])
    elif area != "sources":
        assert issubclass(made, pulumi.ComponentResource)


@pytest.mark.parametrize("runtime", registry.kinds("runtimes"))
def test_every_runtime_is_deployed_and_reached(runtime: str) -> None:
    options = registry.implementation("runtimes", runtime).options
    (example,) = options.model_config["json_schema_extra"]["examples"]
    config = stack_file(models={"half_plus_two": model(**example)})
    recording = run(lambda: deploy(load()), config)
    endpoint = recording.outputs["endpoints"]["half_plus_two"]
    assert endpoint["runtime"] == runtime
    assert endpoint["grpc"] or endpoint["rest"]
    own = [
        each
        for each in recording.resources
        if each.type.startswith("kubernetes:") and each.name.startswith("half-plus-two-")
    ]
    assert 0 < len(own) <= 10
