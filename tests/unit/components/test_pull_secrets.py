"""Pods pull from private registries with Secrets in their own namespaces."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from components.config.load import load, validate
from components.pull_secrets import docker_config
from components.stack import deploy
from tests.unit.clouds import aws
from tests.unit.components.engine import Cloud, Recording, Resource, run
from tests.unit.components.environment import model, stack_file
from tests.unit.components.sdk_types import SECRET
from tests.unit.components.test_kubernetes_object import STACKS
from tests.unit.config.mistaken import assert_answered, refused

LOGIN = {
    "registry": "registry.example.com",
    "username": "robot",
    "password": {"secret": "registry"},
}
PASSWORD = "pa55word-of-the-registry"
MIRROR = {"mirror": "registry.example.com/proxy", "pull_secrets": [LOGIN]}
#: Stacks that together create every kind of pod.
EVERY = {
    **STACKS,
    "karpenter": {"cluster": aws.cluster(autoscaler="karpenter", node_pools=aws.BOTH_POOLS)},
}


def up(images: Mapping[str, Any], cloud: Cloud | None = None, **changes: Any) -> Recording:
    config = stack_file(**{**changes, "images": images})
    config["gateway"] = {key: each for key, each in config["gateway"].items() if each is not None}
    config["secrets"] = {"registry": PASSWORD, **changes.get("secrets", {})}
    return run(lambda: deploy(load()), config, secret_keys=("secrets",), cloud=cloud or aws.Aws())


def pods(value: Any) -> Iterator[dict[str, Any]]:
    """The spec of every pod in an object, at any depth."""
    if isinstance(value, dict):
        if isinstance(value.get("containers"), list):
            yield value
        for inner in value.values():
            yield from pods(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from pods(inner)


def revealed(value: Any) -> Any:
    """`value` without the markers of secrets."""
    if isinstance(value, dict):
        if SECRET in value:
            return revealed(value["value"])
        return {key: revealed(inner) for key, inner in value.items()}
    return value


def pull_secrets(recording: Recording) -> list[Resource]:
    return [each for each in recording.of("Secret") if "pull-secrets" in each.name]


def places(recording: Recording) -> set[tuple[str, str]]:
    """Namespace and name of every pull Secret."""
    return {
        (each.inputs["metadata"]["namespace"], f"{each.name}-1a2b3c4d")
        for each in pull_secrets(recording)
    }


@pytest.mark.parametrize("stack", EVERY)
def test_every_pod_and_every_chart_names_pull_secrets_of_its_own_namespace(stack: str) -> None:
    recording = up(MIRROR, **EVERY[stack])
    checked = 0
    for each in recording.of_package("kubernetes"):
        if each.kind == "Chart":
            (reference,) = each.inputs["values"]["imagePullSecrets"]
            assert (each.inputs["namespace"], reference["name"]) in places(recording), each.name
            checked += 1
        for pod in pods(each.inputs):
            (reference,) = pod["imagePullSecrets"]
            namespace = each.inputs["metadata"]["namespace"]
            assert (namespace, reference["name"]) in places(recording), each.name
            checked += 1
    assert checked > 0


def test_the_pods_of_karpenter_the_device_plugin_and_metrics_are_among_them() -> None:
    found = {
        namespace
        for stack in ("karpenter", "models that scale", "ingress-nginx")
        for namespace, _ in places(up(MIRROR, **EVERY[stack]))
    }
    assert found == {"models", "slipway-gateway", "slipway-metrics", "kube-system"}


def test_the_password_is_only_in_the_secret_and_is_secret_there() -> None:
    recording = up(MIRROR)
    for secret in pull_secrets(recording):
        assert secret.inputs["type"] == "kubernetes.io/dockerconfigjson"
        assert SECRET in secret.inputs["data"]
        assert secret.secret_outputs == ["data", "stringData"]
        text = base64.b64decode(revealed(secret.inputs["data"])[".dockerconfigjson"])
        assert json.loads(text)["auths"] == {
            "registry.example.com": {
                "username": "robot",
                "password": PASSWORD,
                "auth": base64.b64encode(f"robot:{PASSWORD}".encode()).decode(),
            }
        }
    others = [each.inputs for each in recording.resources if each not in pull_secrets(recording)]
    encoded = base64.b64encode(PASSWORD.encode()).decode().rstrip("=")
    assert not [word for word in (PASSWORD, encoded) if word in json.dumps(others, default=str)]


@pytest.mark.parametrize("stack", ["dev", "a cluster on EKS"])
def test_a_new_password_changes_the_secret_in_place(stack: str) -> None:
    recording = up(MIRROR, **EVERY[stack])
    for provider in recording.of_package("pulumi"):
        if provider.type == "pulumi:providers:kubernetes":
            assert provider.inputs["enableSecretMutable"] == "true"
    assert not any(each.inputs.get("immutable") for each in pull_secrets(recording))


def test_a_stack_without_pull_secrets_creates_none_and_refers_to_none() -> None:
    recording = up({})
    assert pull_secrets(recording) == []
    assert "imagePullSecrets" not in json.dumps([each.inputs for each in recording.resources])


def test_several_registries_are_one_secret_and_docker_hub_has_its_own_key() -> None:
    hub = {"registry": "docker.io", "username": "u", "password": {"secret": "registry"}}
    secret, *_ = pull_secrets(up({"pull_secrets": [LOGIN, hub]}))
    text = base64.b64decode(revealed(secret.inputs["data"])[".dockerconfigjson"])
    assert list(json.loads(text)["auths"]) == [
        "registry.example.com",
        "https://index.docker.io/v1/",
    ]
    assert json.loads(docker_config({"docker.io": ("u", "p")}))["auths"].keys() == {
        "https://index.docker.io/v1/"
    }


def test_a_secret_from_outside_the_stack_is_referred_to_by_its_name() -> None:
    recording = up({"pull_secrets": [{"name": "regcred"}]})
    assert pull_secrets(recording) == []
    references = [
        pod["imagePullSecrets"] for each in recording.of("Deployment") for pod in pods(each.inputs)
    ]
    assert references == [[{"name": "regcred"}]] * 2


class _WithSecret(Cloud):
    """A cluster that has a pull Secret."""

    def outputs_of(self, type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        if name.endswith("-original"):
            return {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "e30="}}
        return {}


def test_a_secret_of_another_namespace_is_copied_to_where_the_pods_are() -> None:
    recording = up({"pull_secrets": [{"name": "regcred", "namespace": "shared"}]}, _WithSecret())
    originals = [each for each in pull_secrets(recording) if each.read]
    copies = [each for each in pull_secrets(recording) if not each.read]
    assert {each.inputs["id"] for each in originals} == {"shared/regcred"}
    assert all(each.secret_outputs == ["data", "stringData"] for each in originals)
    assert {each.inputs["metadata"]["namespace"] for each in copies} == {
        "models",
        "slipway-gateway",
    }
    for copy in copies:
        assert SECRET in copy.inputs["data"]
        assert revealed(copy.inputs["data"]) == {".dockerconfigjson": "e30="}
        assert copy.inputs["type"] == "kubernetes.io/dockerconfigjson"
    for each in recording.of("Deployment"):
        (pod,) = pods(each.inputs)
        namespace = each.inputs["metadata"]["namespace"]
        (name,) = [
            f"{copy.name}-1a2b3c4d"
            for copy in copies
            if copy.inputs["metadata"]["namespace"] == namespace
        ]
        assert pod["imagePullSecrets"] == [{"name": name}]


def test_a_login_for_a_registry_that_no_image_is_pulled_from_is_a_warning() -> None:
    recording = up({"pull_secrets": [LOGIN]})
    (warning,) = [each for each in recording.warnings if "pull_secrets" in each]
    assert "`registry.example.com`" in warning
    assert up(MIRROR).warnings == []
    hub = {"registry": "docker.io", "username": "u", "password": {"secret": "registry"}}
    assert up({"pull_secrets": [hub]}).warnings == []


_KEY = "slipway:images.pull_secrets[0]"
MISTAKES: list[tuple[Any, str, str | None, str]] = [
    ({**LOGIN, "password": "hunter2"}, f"{_KEY}.password", "(hidden)", "pulumi config set"),
    ({**LOGIN, "password": {"secret": "x"}}, f"{_KEY}.password.secret", "(hidden)", "secrets.NAME"),
    ({**LOGIN, "registry": "https://a.example.com"}, f"{_KEY}.registry", None, "`a.example.com`"),
    ({**LOGIN, "registry": "a.example.com/v2"}, f"{_KEY}.registry", None, "`a.example.com`"),
    ({**LOGIN, "registry": "team"}, f"{_KEY}.registry", '"team"', "`docker.io/team`"),
    ({**LOGIN, "registry": "index.docker.io"}, f"{_KEY}.registry", None, "`docker.io`"),
    ({**LOGIN, "username": "robot:pw"}, f"{_KEY}.username", "(hidden)", "under the key password"),
    (
        {**LOGIN, "name": "regcred"},
        _KEY,
        "(hidden)",
        "take `name` out",
    ),
    ({"registry": "a.example.com", "username": "u"}, f"{_KEY}.password", None, "`password`"),
    ("regcred", _KEY, "(hidden)", "`{name: regcred}`"),
    ({"name": "Reg_Cred"}, f"{_KEY}.name", '"Reg_Cred"', "`reg-cred`"),
    ({"name": "a", "namespace": "models"}, f"{_KEY}.namespace", '"models"', "`default`"),
    ({"name": "a", "namespace": "slipway-gateway"}, f"{_KEY}.namespace", None, "`default`"),
    ({**LOGIN, "passwort": "hunter2"}, f"{_KEY}.passwort", "(hidden)", "take `passwort` out"),
]


@pytest.mark.parametrize("case", MISTAKES, ids=str)
def test_a_mistake_in_a_pull_secret_is_reported_without_the_password(case: Any) -> None:
    entry, path, value, fix = case
    changes = {"images": {"pull_secrets": [entry]}}
    assert_answered((changes, path, value, fix))
    assert "hunter2" not in refused(stack_file(**changes))


def test_a_registry_is_named_once() -> None:
    _, found = validate(
        stack_file(images={"pull_secrets": [LOGIN, LOGIN]}, secrets={"registry": "x"})
    )
    (mistake,) = found
    assert mistake.path == "slipway:images.pull_secrets"
    assert mistake.fix == "take all but one of them out"


def test_an_image_with_model_files_is_pulled_with_them_too() -> None:
    source = {"kind": "image", "image": "example/model:1", "path": "/models", "mode": "volume"}
    recording = up(MIRROR, models={"m": model(source=source)})
    (pod,) = pods(recording.one("Deployment", "m-server").inputs)
    assert pod["imagePullSecrets"]
    image = next(each["image"] for each in pod["volumes"] if "image" in each)
    assert image["reference"] == "registry.example.com/proxy/example/model:1"
