"""The promises of the registry, which are tested for each of its lines."""

from __future__ import annotations

import typing

import pulumi
import pytest

from components import registry
from components.config.addon_options import AddonOptions
from components.config.cluster_options import ClusterOptions
from components.config.gateway_options import ControllerOptions, GatewayOptions
from components.config.load import load
from components.config.model_options import ModelOptions, SourceOptions
from components.config.options import Options
from components.stack import deploy
from tests.unit.components.engine import run
from tests.unit.components.environment import MOST_OBJECTS, model, stack_file

BASES: dict[str, type[Options]] = {
    "clusters": ClusterOptions,
    "addons": AddonOptions,
    "gateways": GatewayOptions,
    "controllers": ControllerOptions,
    "runtimes": ModelOptions,
    "sources": SourceOptions,
    "identities": ClusterOptions,
}
#: Areas whose components are no resources, but parts of other components.
NO_RESOURCES = ("sources", "identities")
ENTRIES = [(area.name, kind) for area in registry.AREAS.values() for kind in area.kinds()]


@pytest.mark.parametrize(("area", "kind"), ENTRIES)
def test_the_options_of_every_kind_extend_its_area_s_base_and_have_its_name(
    area: str, kind: str
) -> None:
    options = registry.AREAS[area].options(kind)
    assert issubclass(options, BASES[area])
    key = registry.AREAS[area].key
    assert typing.get_args(options.model_fields[key].annotation) == (kind,)


@pytest.mark.parametrize(("area", "kind"), ENTRIES)
def test_every_kind_stands_in_a_file_of_its_own_with_a_docstring(area: str, kind: str) -> None:
    component = registry.AREAS[area].component(kind)
    assert component.__doc__
    lines = registry.AREAS[area].entries.values()
    assert len([each for each in lines if component.__module__ in each.component]) == 1


@pytest.mark.parametrize(("area", "kind"), ENTRIES)
def test_every_component_is_a_resource_or_a_part_of_one(area: str, kind: str) -> None:
    component = registry.AREAS[area].component(kind)
    assert issubclass(component, pulumi.ComponentResource) != (area in NO_RESOURCES)


@pytest.mark.parametrize("runtime", registry.RUNTIMES.kinds())
def test_every_runtime_is_deployed_and_reached(runtime: str) -> None:
    options = registry.RUNTIMES.options(runtime)
    (example,) = options.model_config["json_schema_extra"]["examples"]  # type: ignore[index, call-overload]
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
    assert 0 < len(own) <= MOST_OBJECTS
