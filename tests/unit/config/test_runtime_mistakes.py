"""Mistakes about servers of one's own, accelerators and exposed models."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.runtimes.custom_options import CustomOptions
from tests.unit.components.environment import model, stack_file
from tests.unit.config.mistaken import refused

MLSERVER: dict[str, Any] = CustomOptions.model_config["json_schema_extra"]["examples"][0]  # type: ignore[index,call-overload]
L4 = {"accelerator": {"kind": "nvidia-l4"}, "taints": ["nvidia.com/gpu=present:NoSchedule"]}
M = "slipway:models.m"


def custom(**changes: Any) -> dict[str, Any]:
    whole = {**MLSERVER, **changes}
    return {"models": {"m": model(**{key: it for key, it in whole.items() if it is not None})}}


def one(**changes: Any) -> dict[str, Any]:
    return {"models": {"m": model(**changes)}}


def pool(**changes: Any) -> dict[str, Any]:
    return {"cluster": {"kind": "existing", "node_pools": {"gpu": {**L4, **changes}}}}


def asks(kind: str, count: int = 1, **cluster: Any) -> dict[str, Any]:
    return {**cluster, **one(accelerator={"kind": kind, "count": count})}


def balancer(**changes: Any) -> dict[str, Any]:
    return one(expose={"kind": "load_balancer", "port": 9090, **changes})


# What is changed in a good stack file, the key, the value as it is told, and words of the fix.
MISTAKES: dict[str, tuple[dict[str, Any], str, str | None, str]] = {
    "no image": (custom(image=None), f"{M}.image", None, "add the key `image`"),
    "no protocol": (custom(protocol=None), f"{M}.protocol", None, "add the key"),
    "unknown protocol": (
        custom(protocol="v2"),
        f"{M}.protocol",
        '"v2"',
        "write `open-inference-v2` or `tensorflow-serving`",
    ),
    "no port": (custom(ports={}), f"{M}.ports", "{}", "write the port"),
    "one port for both": (
        custom(ports={"grpc": 8080, "rest": 8080}),
        f"{M}.ports",
        "8080",
        "take `grpc` out, or take `rest` out",
    ),
    "a port of root's": (
        custom(ports={"rest": 80}),
        f"{M}.ports.rest",
        "80",
        "write `1024`",
    ),
    "no health": (custom(health=None), f"{M}.health", None, "add the key"),
    "no way to ask for health": (custom(health={}), f"{M}.health", "{}", "write one of the two"),
    "two ways to ask for health": (
        custom(health={"grpc": True, "path": "/a"}),
        f"{M}.health",
        "true",
        "take `grpc` out, or take `path` out",
    ),
    "live without path": (
        custom(health={"grpc": True, "live": "/a"}),
        f"{M}.health",
        "/a",
        "take `live` out",
    ),
    "health by a URL": (
        custom(health={"path": "http://a/b"}),
        f"{M}.health.path",
        "http://a/b",
        "did you mean `/b`?",
    ),
    "health where nothing listens": (
        custom(ports={"grpc": 8081}),
        f"{M}.health",
        "/v2/models/{model}/ready",
        "add the port that answers there",
    ),
    "gRPC health where nothing listens": (
        custom(ports={"rest": 8080}, health={"grpc": True}),
        f"{M}.health",
        "true",
        "add the port, or ask by a path",
    ),
    "a number in the environment": (
        custom(environment={"A": 0}),
        f"{M}.environment.A",
        "0",
        "put the value in quotes",
    ),
    "a truth value in the environment": (
        custom(environment={"A": True}),
        f"{M}.environment.A",
        "true",
        "put the value in quotes",
    ),
    "a variable with a blank": (
        custom(environment={"a b": "c"}),
        f"{M}.environment.a b",
        '"a b"',
        "`a_b`",
    ),
    "the device plugin's variable": (
        custom(environment={"NVIDIA_VISIBLE_DEVICES": "all"}),
        f"{M}.environment.NVIDIA_VISIBLE_DEVICES",
        "NVIDIA_VISIBLE_DEVICES",
        "take it out: the device plugin sets it",
    ),
    "a variable by its old and its new name": (
        custom(environment={"A": "b"}, env={"C": "hunter2"}),
        f"{M}.env",
        "(hidden)",
        "write what it has under environment",
    ),
    "a secret that is not there": (
        custom(environment={"A": {"secret": "hub"}}),
        f"{M}.environment.A.secret",
        "(hidden)",  # it may be the secret itself
        "pulumi config set --path --secret 'secrets.NAME'",
    ),
    "a reference with more in it": (
        custom(environment={"A": {"secret": "hub", "key": "x"}}),
        f"{M}.environment.A.key",
        "unknown",
        "take `key` out",
    ),
    "files in a relative directory": (
        custom(model_directory="models"),
        f"{M}.model_directory",
        '"models"',
        "did you mean `/models`?",
    ),
    "files above a directory": (
        custom(model_directory="/mnt/../etc"),
        f"{M}.model_directory",
        "/mnt/../etc",
        "did you mean `/mnt/etc`?",
    ),
    "files where the server writes": (
        custom(model_directory="/tmp"),
        f"{M}.model_directory",
        "/tmp",
        "write `/mnt/models`: the server writes to /tmp",
    ),
    "root": (custom(user=0), f"{M}.user", "0", "write `1`"),
    "a GPU where no pool is": (
        asks("nvidia"),
        f"{M}.accelerator",
        "nvidia",
        "write",
    ),
    "a GPU where only other pools are": (
        asks("nvidia-a100", **pool()),
        f"{M}.accelerator",
        "nvidia-a100",
        "write `{kind: nvidia-l4, count: 1}`",
    ),
    "more GPUs than a node has": (
        asks("nvidia", 2, **pool()),
        f"{M}.accelerator",
        '"count": 2',
        "write `{kind: nvidia-l4, count: 1}`",
    ),
    "a device of a longer name": (
        asks("nvidia-l", **pool()),
        f"{M}.accelerator",
        "nvidia-l",
        "write `{kind: nvidia-l4, count: 1}`",
    ),
    "an unknown vendor": (
        asks("tpu"),
        f"{M}.accelerator.kind",
        '"tpu"',
        "write `nvidia` for any of its devices, or name one",
    ),
    "a device in capitals": (
        asks("NVIDIA L4"),
        f"{M}.accelerator.kind",
        "NVIDIA L4",
        "did you mean `nvidia-l4`",
    ),
    "no device at all": (asks("nvidia", 0), f"{M}.accelerator.count", "0", "write `1`"),
    "a taint without an effect": (
        pool(taints=["nvidia.com/gpu"]),
        "slipway:cluster.node_pools.gpu.taints[0]",
        "nvidia.com/gpu",
        "`nvidia.com/gpu:NoSchedule`",
    ),
    "a taint with another effect": (
        pool(taints=["a=b:Never"]),
        "slipway:cluster.node_pools.gpu.taints[0]",
        "a=b:Never",
        "write `a=b:NoSchedule`, `a=b:PreferNoSchedule` or",
    ),
    "unknown key of a pool": (
        {"cluster": {"kind": "existing", "node_pools": {"gpu": {"taint": ["a:NoSchedule"]}}}},
        "slipway:cluster.node_pools.gpu.taint",
        '["a:NoSchedule"]',
        "did you mean `taints`",
    ),
    "exposed by something else": (
        balancer(kind="node_port"),
        f"{M}.expose.kind",
        '"node_port"',
        "write `load_balancer`",
    ),
    "exposed on no port": (
        one(expose={"kind": "load_balancer"}),
        f"{M}.expose",
        "load_balancer",
        "add `port: 9090`",
    ),
    "exposed twice on a port": (
        balancer(rest_port=9090),
        f"{M}.expose",
        "9090",
        "write `rest_port: 9091`",
    ),
    "exposed on no real port": (balancer(port=70000), f"{M}.expose.port", "70000", "write `65535`"),
    "exposed to no range": (
        balancer(allow=["10.0.0.1/8"]),
        f"{M}.expose.allow[0]",
        "10.0.0.1/8",
        "did you mean `10.0.0.0/8`",
    ),
    "exposed where nothing listens": (
        custom(
            ports={"rest": 8080},
            expose={"kind": "load_balancer", "port": 9090},
        ),
        f"{M}.ports",
        "8080",
        "take `expose` out, or add the port that it is to reach",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_answered_with_key_value_and_fix(name: str) -> None:
    changes, path, value, fix = MISTAKES[name]
    text = refused(stack_file(**changes))
    entries = [each for each in re.split(r"\n  (?=slipway:)", text) if each.startswith(f"{path}")]
    entry = next((each for each in entries if re.match(rf"{re.escape(path)}( is |\n)", each)), None)
    assert entry is not None, text
    told, _, fixed = entry.partition("fix: ")
    assert value is None or value in told
    assert fix in fixed


def test_a_pool_that_is_wrong_itself_is_the_only_mistake() -> None:
    text = refused(stack_file(**asks("nvidia", **pool(taints=["x"]))))
    assert text.startswith("1 mistake ")
