"""Objects are registered as the SDK's classes would register them, without those classes."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components import registry
from components.config.load import load
from components.kubernetes.object import KubernetesObject
from components.stack import deploy
from tests.unit.clouds import aws
from tests.unit.components.engine import Recording, Resource, run
from tests.unit.components.environment import model, stack_file
from tests.unit.components.sdk_types import SECRET, mistakes, sdk_class

CUSTOM = registry.RUNTIMES.options("custom").model_config["json_schema_extra"]["examples"][0]
ROOT = Path(__file__).parents[3]
GATEWAY = stack_file()["gateway"]
PRESENT = {"kind": "present", "namespace": "ingress", "service": "controller"}
#: A model of each source, with all its keys.
SOURCES = {
    kind: model(source={"kind": kind, **options})
    for kind, options in {
        "s3": {
            "uri": "s3://bucket/models",
            "version": 1,
            "endpoint": "https://store.example.com",
            "addresses": ["10.0.0.0/8"],
            "credentials": "bucket-key",
        },
        "gcs": {"uri": "gs://bucket/models", "anonymous": True},
        "nfs": {"server": "10.0.0.7", "path": "/models", "mount_options": ["vers=4.0"]},
        "oss": {
            "uri": "oss://bucket/models",
            "endpoint": "https://oss.example.com",
            "credentials": "oss-key",
        },
        "image": {"image": "example/model:1", "path": "/models", "mode": "volume"},
    }.items()
}
#: Stacks that together create every kind of object that the program has.
STACKS: dict[str, dict[str, Any]] = {
    "dev": {},
    "without a host": {"gateway": {**GATEWAY, "host": None}},
    "ranges and replicas of Traefik": {
        "gateway": {
            **GATEWAY,
            "allow": ["10.0.0.0/8"],
            "controller": {"kind": "traefik", "replicas": 2},
        }
    },
    "a volume of many nodes": {
        "volumes": {
            "models": {"size": "1Gi", "access_mode": "ReadWriteMany", "storage_class": "fast"}
        },
        "models": {"a": model(replicas=2)},
    },
    "a controller that is present": {"gateway": {**GATEWAY, "controller": PRESENT}},
    "files from everywhere": {"models": SOURCES},
    "ingress-nginx": {"gateway": {**GATEWAY, "controller": "ingress-nginx"}},
    "models that scale": {
        "models": {
            "a": model(replicas={"min": 1, "max": 5}),
            "b": model(
                replicas={
                    "min": 2,
                    "max": 3,
                    "cpu": 70,
                    "memory": 80,
                    "scale_up": {"select_policy": "Min"},
                    "scale_down": {
                        "stabilization_window_seconds": 60,
                        "policies": [{"type": "Pods", "value": 1, "period_seconds": 30}],
                    },
                }
            ),
        },
    },
    "a server of one's own with a secret, GPUs and a load balancer": {
        "cluster": {
            "kind": "existing",
            "node_pools": {
                "gpu": {
                    "accelerator": {"kind": "nvidia-l4"},
                    "labels": {"pool": "gpu"},
                    "taints": ["nvidia.com/gpu:NoSchedule"],
                }
            },
        },
        "models": {
            "a": model(
                **CUSTOM | {"environment": {"MODE": "fast", "TOKEN": {"secret": "hub"}}},
                accelerator={"kind": "nvidia"},
                expose={"kind": "load_balancer", "port": 9090, "allow": ["10.0.0.0/8"]},
            )
        },
        "secrets": {"hub": "t0ken"},
    },
}
STACKS["a cluster on EKS"] = {
    "cluster": aws.cluster(
        shared_storage=True, node_pools={"default": aws.DEFAULT_POOL, "gpu": aws.GPU_POOL}
    )
}
OBJECTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "kubernetes:core/v1:ConfigMap": ("v1", "ConfigMap", {"data": {"a": "b"}, "immutable": True}),
    "kubernetes:core/v1:Secret": ("v1", "Secret", {"data": {"a": "Yg=="}, "type": "Opaque"}),
    "kubernetes:apps/v1:Deployment": ("apps/v1", "Deployment", {"spec": {"replicas": 1}}),
    "kubernetes:networking.k8s.io/v1:Ingress": (
        "networking.k8s.io/v1",
        "Ingress",
        {"metadata": {"name": "a"}, "spec": {}},
    ),
    "kubernetes:rbac.authorization.k8s.io/v1:Role": (
        "rbac.authorization.k8s.io/v1",
        "Role",
        {"rules": [{"verbs": ["list"]}]},
    ),
    "kubernetes:policy/v1:PodDisruptionBudget": ("policy/v1", "PodDisruptionBudget", {"spec": {}}),
}


def up(stack: str) -> Recording:
    changes = dict(STACKS[stack])
    if "gateway" in changes:
        gateway = changes["gateway"].items()
        changes["gateway"] = {key: value for key, value in gateway if value is not None}
    secret_keys = ("secrets",) if "secrets" in changes else ()
    return run(
        lambda: deploy(load()), stack_file(**changes), secret_keys=secret_keys, cloud=aws.Aws()
    )


def registered(create: Any) -> Resource:
    def program() -> dict[str, Any]:
        create()
        return {}

    (resource,) = run(program, {}).of_package("kubernetes")
    return resource


@pytest.mark.parametrize("stack", STACKS)
def test_every_key_of_every_object_is_one_that_the_sdk_knows(stack: str) -> None:
    checked = 0
    for each in up(stack).of_package("kubernetes"):
        if each.custom and not each.read:
            assert mistakes(each.type, each.inputs) == [], each.name
            checked += 1
    assert checked > 5


def test_a_key_that_kubernetes_does_not_have_is_a_mistake() -> None:
    port = {"name": "grpc", "port": "8500", "target_port": 1}
    service = {"apiVersion": "v1", "kind": "Service", "spec": {"ports": [port, {}]}}
    assert sorted(mistakes("kubernetes:core/v1:Service", service)) == [
        "Service.spec.ports[0].port: '8500'",
        "Service.spec.ports[0].target_port is unknown",
        "Service.spec.ports[1].port is missing",
    ]


@pytest.mark.parametrize("token", OBJECTS)
def test_an_object_is_registered_as_by_the_sdk_s_class(token: str) -> None:
    api_version, kind, fields = OBJECTS[token]
    ours = registered(lambda: KubernetesObject("object", api_version, kind, fields))
    theirs = registered(lambda: sdk_class(token)("object", **fields))
    assert ours == dataclasses.replace(theirs, error_hooks=["slipway-why"])
    assert ours.type == token


def test_an_existing_object_is_read_as_by_the_sdk_s_class_with_inputs_that_a_refresh_compares() -> (
    None
):
    ours = registered(lambda: KubernetesObject.get("object", "v1", "Service", "a/b"))
    theirs = registered(lambda: sdk_class("kubernetes:core/v1:Service").get("object", "a/b"))
    found = {"apiVersion": "v1", "kind": "Service", "metadata": {"namespace": "a", "name": "b"}}
    assert ours.inputs == {**theirs.inputs, **found}
    assert dataclasses.replace(ours, inputs={}, outputs={}) == dataclasses.replace(
        theirs, inputs={}, outputs={}
    )


def test_the_content_of_a_secret_is_secret_to_pulumi() -> None:
    fields = {"stringData": {"a": "b"}, "type": "Opaque"}
    secret = registered(lambda: KubernetesObject("object", "v1", "Secret", fields))
    assert SECRET in secret.inputs["stringData"]
    assert secret.inputs["type"] == "Opaque"
    assert secret.secret_outputs == ["data", "stringData"]


@pytest.mark.parametrize(("metadata", "name"), [({}, "object-1a2b3c4d"), ({"name": "own"}, "own")])
def test_an_object_knows_the_name_that_it_has_on_the_cluster(
    metadata: dict[str, str], name: str
) -> None:
    def program() -> dict[str, Any]:
        config = KubernetesObject("object", "v1", "ConfigMap", {"metadata": metadata})
        return {"name": config.name, "status": config.status}

    assert run(program, {}).outputs == {"name": name, "status": None}


def test_a_stack_is_evaluated_without_the_types_of_kubernetes() -> None:
    program = (
        "import sys, tests.unit.components.test_kubernetes_object as test\n"
        "assert test.up('dev').one('Deployment', 'half-plus-two-server')\n"
        "print([each for each in sys.modules if each.startswith('pulumi_kubernetes.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    # The SDK enters its groups (`pulumi_kubernetes.core`) unloaded; their versions hold the types.
    assert "'pulumi_kubernetes.provider'" in done.stdout
    assert ".v1" not in done.stdout
