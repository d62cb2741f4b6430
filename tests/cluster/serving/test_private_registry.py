"""Images from a registry that requires a password."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.checkout import Checkout
from tests.cluster.continuous_calls import HALF_PLUS_TWO
from tests.cluster.serving.private_registry import ADDRESS, USER, Registry, registry
from tests.cluster.serving.sources import TIMEOUT

FIRST, SECOND = "correct-horse-battery", "another-password-now"
LOGIN = {"registry": ADDRESS, "username": USER, "password": {"secret": "registry"}}


@pytest.fixture
def private(changed: Checkout) -> Iterator[Registry]:
    """The registry with all images of the dev stack, and a kubeconfig without the list of the
    node's images: with the kubeconfig of `make up` the program accepts only those."""
    original = Path(changed.exports["KUBECONFIG"])
    config = yaml.safe_load(original.read_text())
    for cluster in config["clusters"]:
        del cluster["cluster"]["extensions"]
    without_list = changed.root / ".slipway" / "kubeconfig-without-images"
    without_list.write_text(yaml.safe_dump(config))
    changed.exports["KUBECONFIG"] = str(without_list)
    try:
        with registry(changed) as running:
            running.accept(FIRST)
            yield running
    finally:
        changed.exports["KUBECONFIG"] = str(original)


def up(checkout: Checkout, pull_secrets: list[Any], *, check: bool = True) -> str:
    """Serve one model, with all images from the registry; returns the output of `up`."""
    config = checkout.config()
    models = config["config"]["slipway:models"]
    config["config"] |= {
        "slipway:images": {"mirror": ADDRESS, "pull_secrets": pull_secrets},
        "slipway:models": {
            "half_plus_two": {**models["half_plus_two"], "startup_timeout": "90s"},
        },
    }
    checkout.write_config(config)
    return again(checkout, check=check)


def again(checkout: Checkout, *, check: bool = True) -> str:
    command = ("pulumi", "up", "--yes", "--skip-preview", "--stack", "dev")
    done = checkout.run(*command, check=check, timeout=TIMEOUT)
    return done.stdout + done.stderr


def set_password(checkout: Checkout, password: str) -> None:
    command = ("config", "set", "--path", "--secret", "slipway:secrets.registry", password)
    checkout.pulumi(*command, "--stack", "dev")


def pods(checkout: Checkout, namespace: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(
        checkout.kubectl("get", "pods", "-n", namespace, "-o", "json")
    )["items"]
    return [pod for pod in items if "deletionTimestamp" not in pod["metadata"]]


def test_pods_pull_with_the_login_of_the_stack_file_and_not_without(
    changed: Checkout, private: Registry
) -> None:
    refused = up(changed, [], check=False)
    assert "ImagePull" in refused
    assert f"{ADDRESS}/tensorflow/serving" in refused
    assert {each.split()[0] for each in private.requests} == {"401"}
    assert changed.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO, "the old pod serves"

    set_password(changed, FIRST)
    up(changed, [LOGIN])
    assert changed.first_answer("half_plus_two", "1", "2", "5", stack="dev") == HALF_PLUS_TWO
    for namespace, image in (("models", "tensorflow/serving"), ("slipway-gateway", "traefik")):
        for pod in pods(changed, namespace):
            (status,) = pod["status"]["containerStatuses"]
            assert status["image"].startswith(f"{ADDRESS}/{image}:"), status
            assert status["ready"]
        manifests = f"200 /v2/{image}/manifests/"
        assert [each for each in private.requests if each.startswith(manifests)], image
    assert FIRST not in changed.pulumi("stack", "export", "--stack", "dev").stdout
    assert FIRST not in changed.kubectl("get", "deployments,pods", "-A", "-o", "yaml")


def test_a_new_password_is_used_without_a_roll_out(changed: Checkout, private: Registry) -> None:
    set_password(changed, FIRST)
    up(changed, [LOGIN])
    before = [each["metadata"]["uid"] for each in pods(changed, "models")]
    private.accept(SECOND)
    set_password(changed, SECOND)
    printed = again(changed)
    assert [each["metadata"]["uid"] for each in pods(changed, "models")] == before, printed

    changed.kubectl("delete", "pods", "-n", "models", "--all", "--wait=false")
    changed.kubectl("rollout", "status", "deployment", "-n", "models", "--timeout=60s")
    assert {each.split()[0] for each in private.requests} <= {"200", "401"}
    (pod,) = pods(changed, "models")
    assert pod["metadata"]["uid"] not in before
    assert pod["status"]["containerStatuses"][0]["ready"]


def test_a_secret_of_another_namespace_is_copied_and_used(
    changed: Checkout, private: Registry
) -> None:
    login = (f"--docker-server={ADDRESS}", f"--docker-username={USER}")
    create = ("create", "secret", "docker-registry", "regcred", "-n", "default")
    changed.kubectl(*create, *login, f"--docker-password={FIRST}")
    try:
        up(changed, [{"name": "regcred", "namespace": "default"}])
        assert changed.first_answer("half_plus_two", "1", "2", "5", stack="dev") == HALF_PLUS_TWO
        (pod,) = pods(changed, "models")
        (reference,) = pod["spec"]["imagePullSecrets"]
        assert reference["name"].startswith("models-pull-secrets-regcred-")
        assert FIRST not in changed.pulumi("stack", "export", "--stack", "dev").stdout
        changed.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", "dev")
    finally:
        changed.kubectl("delete", "secret", "regcred", "-n", "default")
