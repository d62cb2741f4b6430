"""The images of pods: pull policy, mirror and digests."""

from __future__ import annotations

from typing import Any

import pytest

from components.addons.metrics_server_options import METRICS_SERVER_IMAGE
from components.config.load import load, validate
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import model, stack_file

SERVING, TRAEFIK = "tensorflow/serving:2.19.1", "traefik:v3.7.15"
S3 = {"kind": "s3", "uri": "s3://bucket/m", "version": 1, "credentials": "key"}
DIGEST = f"sha256:{'ab' * 32}"


def up(**images: Any) -> Recording:
    config = stack_file(images=images, models={"m": model(source=S3)})
    return run(lambda: deploy(load()), config)


def containers(recording: Recording) -> list[dict[str, Any]]:
    pods = [each.inputs["spec"]["template"]["spec"] for each in recording.of("Deployment")]
    return [
        container
        for pod in pods
        for container in (*pod["containers"], *pod.get("initContainers", ()))
    ]


@pytest.mark.parametrize("policy", ["Always", "IfNotPresent"])
def test_every_container_has_the_stack_s_pull_policy(policy: str) -> None:
    found = containers(up(pull_policy=policy))
    assert len(found) == 3
    assert {container["imagePullPolicy"] for container in found} == {policy}
    assert {container["imagePullPolicy"] for container in containers(up())} == {"Always"}


@pytest.mark.parametrize(
    ("mirror", "prefix"),
    [(None, ""), ("registry.example.com/proxy", "registry.example.com/proxy/")],
)
def test_a_digest_pins_an_image_of_the_program_here_and_at_a_mirror(
    mirror: str | None, prefix: str
) -> None:
    images = {"digests": {SERVING: DIGEST}} | ({"mirror": mirror} if mirror else {})
    recording = up(**images)
    found = {container["image"] for container in containers(recording)}
    assert f"{prefix}{SERVING}@{DIGEST}" in found
    assert f"{prefix}{TRAEFIK}" in found
    assert recording.warnings == []


def test_a_digest_of_an_image_that_no_pod_runs_is_a_warning() -> None:
    (warning,) = up(digests={"tensorflow/serving:2.18.0": DIGEST}).warnings
    assert "slipway:images.digests.tensorflow/serving:2.18.0 pins nothing" in warning


@pytest.mark.parametrize(
    ("images", "path", "fix"),
    [
        ({"pull_policy": "Never"}, "slipway:images.pull_policy", "write `Always`"),
        (
            {"digests": {f"{SERVING}@{DIGEST}": DIGEST}},
            f"slipway:images.digests.{SERVING}@{DIGEST}",
            f"did you mean `{SERVING}`?",
        ),
        ({"digests": {SERVING: "ab"}}, f"slipway:images.digests.{SERVING}", "what the registry"),
    ],
)
def test_a_mistake_in_an_image_s_pin_is_reported_with_a_fix(
    images: Any, path: str, fix: str
) -> None:
    _, (found,) = validate(stack_file(images=images))
    assert found.path == path
    assert fix in found.fix


def test_only_traefik_s_container_mounts_a_token_of_the_api() -> None:
    recording = up()
    for deployment in recording.of("Deployment"):
        pod = deployment.inputs["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        mounted = {
            mount["mountPath"]
            for container in pod["containers"]
            for mount in container["volumeMounts"]
        }
        has_token = "/var/run/secrets/kubernetes.io/serviceaccount" in mounted
        assert has_token == (deployment.name == "gateway-controller-server")


def test_a_digest_of_an_add_on_s_image_is_used() -> None:
    config = stack_file(
        models={"m": model(replicas={"max": 2})},
        images={"digests": {METRICS_SERVER_IMAGE: DIGEST}},
    )
    recording = run(lambda: deploy(load()), config)
    found = {container["image"] for container in containers(recording)}
    assert f"{METRICS_SERVER_IMAGE}@{DIGEST}" in found
    assert [each for each in recording.warnings if "pins nothing" in each] == []
