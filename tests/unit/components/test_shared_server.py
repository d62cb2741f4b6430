"""Several models in one server."""

from __future__ import annotations

from typing import Any

import pytest

from client import kubectl
from components.config.load import load, validate
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import model, stack_file


def up(**models: dict[str, Any]) -> Recording:
    return run(lambda: deploy(load()), stack_file(models=models))


def in_server(server: str, path: str = "half_plus_two", **changes: Any) -> dict[str, Any]:
    source = {"kind": "pvc", "claim": "models", "path": path}
    return model(server=server, source=source, **changes)


def test_models_with_one_server_name_share_its_objects_and_have_routes_of_their_own() -> None:
    recording = up(a=in_server("numbers", "a"), b=in_server("numbers", "b"), c=model())
    servers = [each for each in recording.of("Deployment") if each.name.endswith("-server")]
    names = {each.name for each in servers} - {"gateway-controller-server"}
    assert names == {"numbers-server", "c-server"}
    routed = {each.name for each in recording.of("Ingress")}
    assert routed == {f"{name}-route-{way}" for name in "abc" for way in ("grpc", "rest")}
    config = recording.one("ConfigMap", "numbers-config").inputs["data"]["models.config"]
    assert '"/volumes/models/a"' in config
    assert '"/volumes/models/b"' in config


def test_a_volume_of_two_models_is_mounted_once() -> None:
    recording = up(a=in_server("numbers", "a"), b=in_server("numbers", "b"))
    spec = recording.one("Deployment", "numbers-server").inputs["spec"]["template"]["spec"]
    assert [each["name"] for each in spec["volumes"]] == ["claim-models", "config", "tmp"]
    mounted = [each["name"] for each in spec["containers"][0]["volumeMounts"]]
    assert mounted == ["claim-models", "config", "tmp"]


def test_every_model_of_a_server_has_an_endpoint_with_its_own_name() -> None:
    endpoints = up(a=in_server("numbers", "a"), b=in_server("numbers", "b")).outputs["endpoints"]
    assert list(endpoints) == ["a", "b"]
    for name, endpoint in endpoints.items():
        assert endpoint["grpc"]["path"] == f"/{name}"
        assert endpoint["rest"]["url"].endswith(f"/{name}/v1/models/{name}:predict")


def test_the_service_and_no_pod_has_the_labels_by_which_the_client_finds_a_model() -> None:
    recording = up(a=in_server("numbers", "a"), B_c=in_server("numbers", "b"), d=model())
    of_models = {f"{kubectl.MODEL_LABEL}/{name}": "" for name in ("a", "B_c")}
    found = recording.one("Service", "numbers-service").inputs["metadata"]["labels"]
    assert found.items() >= of_models.items()
    assert found[kubectl.PROTOCOL_LABEL] == "tensorflow-serving"
    alone = recording.one("Service", "d-service").inputs["metadata"]["labels"]
    assert f"{kubectl.MODEL_LABEL}/d" in alone
    assert not alone.keys() & of_models.keys()
    # A new label of a Deployment's pods would be a roll-out.
    pods = recording.one("Deployment", "numbers-server").inputs["spec"]["template"]["metadata"]
    assert not pods["labels"].keys() & {*of_models, kubectl.PROTOCOL_LABEL}


@pytest.mark.parametrize("name", ["a", "b"])
def test_an_option_of_the_server_may_be_set_in_any_of_its_models(name: str) -> None:
    models = {each: in_server("numbers", each) for each in "ab"}
    models[name]["replicas"] = 3
    recording = up(**models)
    assert recording.one("Deployment", "numbers-server").inputs["spec"]["replicas"] == 3


def test_different_options_for_one_server_are_an_error_with_both_values() -> None:
    models = {
        "a": in_server("numbers", "a", replicas=2),
        "b": in_server("numbers", "b", replicas=3),
    }
    _, (found,) = validate(stack_file(models=models))
    assert found.path == "slipway:models.b.replicas"
    assert "what `a` says of server `numbers` (`2`)" in str(found)


def test_a_server_is_not_named_like_a_model_with_a_server_of_its_own() -> None:
    _, found = validate(stack_file(models={"numbers": model(), "b": in_server("numbers", "b")}))
    assert [each.path for each in found] == ["slipway:models.b.server"]
