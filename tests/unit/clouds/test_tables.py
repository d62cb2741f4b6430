"""The data of the simulated clouds agrees with the types of the SDKs."""

from __future__ import annotations

import importlib
import sysconfig
from pathlib import Path

import pytest
from pulumi import _types

from local.clouds import create_only, fake_values
from local.clouds.checking import failures
from local.clouds.clouds import CLOUDS
from local.clouds.fake_values import Facts
from local.clouds.sdk import Sdk

_PACKAGES = Path(sysconfig.get_path("purelib"))
_SDKS = {name: Sdk(_PACKAGES, name) for name in CLOUDS}
_STAMP = "0123456789abcdef" * 4
_API = {"url": "https://127.0.0.1:6443", "host": "127.0.0.1:6443", "ca": "Y2E="}
_FACTS = Facts(region="region-1", project="project", account="123456789012", api=_API)
_KINDS = [(name, token) for name, cloud in CLOUDS.items() for token in cloud.kinds]
_FUNCTIONS = [(name, token) for name, cloud in CLOUDS.items() for token in cloud.functions]
_GIVEN = {"name": "n", "id": "i", "clusterId": "c", "region": "region-1"}


@pytest.mark.parametrize(("cloud", "token"), _KINDS)
def test_the_fake_outputs_of_a_resource_have_the_types_of_its_sdk(cloud: str, token: str) -> None:
    sdk = _SDKS[cloud]
    resource = sdk.resource(token)
    kind = CLOUDS[cloud].kinds[token]
    state = fake_values.outputs(sdk, resource.outputs, kind, _FACTS, {}, _STAMP, "id")
    assert failures(sdk, resource.outputs, state) == []
    unknown = fake_values.outputs(sdk, resource.outputs, kind, _FACTS, {}, "", None)
    assert unknown.keys() == state.keys()


@pytest.mark.parametrize(("cloud", "token"), _FUNCTIONS)
def test_the_result_of_a_function_has_the_types_of_its_sdk(cloud: str, token: str) -> None:
    sdk = _SDKS[cloud]
    function = sdk.function(token)
    given = {name: value for name, value in _GIVEN.items() if name in function.inputs}
    answer = CLOUDS[cloud].functions[token](given, _FACTS)
    assert (
        failures(sdk, function.outputs, fake_values.result(sdk, function.outputs, given, answer))
        == []
    )


@pytest.mark.parametrize("token", create_only.table())
def test_every_create_only_property_is_an_input_and_its_source_is_named(token: str) -> None:
    sdk = _SDKS[token.partition(":")[0]]
    for path in create_only.table()[token]:
        known = sdk.resource(token).inputs
        for key in path.split("."):
            assert key in known, path
            kind = known[key].type
            while kind.kind in ("list", "map"):
                (kind,) = kind.inner
            known = sdk.fields(kind) if kind.kind == "object" else {}
    text = Path(create_only.__file__).with_suffix(".yaml").read_text()
    source = text.partition(f"\n{token}:\n  source: ")[2].partition("\n")[0]
    assert source.endswith((".go", ".markdown")), token


@pytest.mark.parametrize(
    ("module", "arguments", "token"),
    [
        ("pulumi_aws.eks.cluster", "ClusterArgs", "aws:eks/cluster:Cluster"),
        ("pulumi_gcp.container.node_pool", "NodePoolArgs", "gcp:container/nodePool:NodePool"),
        ("pulumi_alicloud.cs.node_pool", "NodePoolArgs", "alicloud:cs/nodePool:NodePool"),
    ],
)
def test_the_inputs_read_from_the_sdk_s_text_are_those_of_its_classes(
    module: str, arguments: str, token: str
) -> None:
    loaded = getattr(importlib.import_module(module), arguments)
    names = _types.input_type_py_to_pulumi_names(loaded).values()
    assert sorted(names) == sorted(_SDKS[token.partition(":")[0]].resource(token).inputs)
