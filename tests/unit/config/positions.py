"""Every place of a stack file, by the JSON Schema that the options models make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from components import schema
from tests.unit.clouds import ack_stack, aws, gke

#: Puts a value into a place of a whole stack file.
Put = Callable[[Any], dict[str, Any]]

#: What no stack is without.
_STACK = {"cluster": {"kind": "local"}, "gateway": {"kind": "nginx", "host": "a.example.com"}}
#: What the least of an options model says, by its title, beside what its schema shows.
_LEAST: Mapping[str, dict[str, Any]] = {
    "AckOptions": ack_stack.ack(),
    "AckCreateVpc": ack_stack.CREATED,
    "AckExistingVpc": ack_stack.EXISTING,
    "AckNodePool": ack_stack.DEFAULT,
    "EksOptions": aws.cluster(),
    "EksCreateVpc": aws.VPC,
    "EksExistingVpc": aws.EXISTING,
    "EksNodePool": aws.DEFAULT_POOL,
    "ExposeOptions": {"kind": "load_balancer", "port": 9090},
    "GkeOptions": gke.cluster(),
    "GkeNodePool": gke.DEFAULT,
    "Health": {"path": "/ready"},
    "NginxOptions": _STACK["gateway"],
    "Ports": {"rest": 8080},
    "Replicas": {"max": 2},
    "GkeExistingVpc": {
        "kind": "existing",
        "network": "net",
        "subnetwork": "sub",
        "pods": "pods",
        "services": "services",
    },
}
#: The same for keys of others.
_VALUES: Mapping[str, Any] = {
    "cidrs": ["203.0.113.0/24"],
    "count": 1,
    "data_type": "TYPE_FP32",
    "dims": [1],
    "from": ["10.8.0.0/24"],
    "inputs": {"x": {"data_type": "TYPE_FP32", "dims": [1]}},
    "instance": "cri-1a2b3c",
    "kind": "nvidia-a10",
    "managed_zone": "models",
    "max": 2,
    "name": "models-tls",
    "registry": "registry.example.com",
    "period_seconds": 15,
    "runtime": "tfserving",
    "size": "1Gi",
    "source": {"kind": "pvc", "claim": "models", "path": "half_plus_two"},
    "specific": [1],
    "stack": "organization/slipway/platform",
    "type": "Pods",
    "value": 1,
    "zone": "example.com",
}
#: Of a model, a volume, a pool, …
_NAME = "models"


@dataclass(frozen=True)
class Position:
    """A value's place, or with `key` that of a key; `names` where it is a map of any names."""

    path: str
    put: Put
    key: bool = False
    names: bool = False


def positions() -> list[Position]:
    """Each once: top-level values, keys of options, of maps and entries of lists, at any depth.
    What is in a model does not depend on what the model is in."""
    return list(_walk().found.values())


def stacks() -> dict[str, dict[str, Any]]:
    """A stack file for each options model, which says the least of it."""
    return _walk().stacks


def _walk() -> _Walk:
    whole = schema.schema()
    walk = _Walk(whole["$defs"])
    for key, node in whole["properties"]["config"]["properties"].items():
        name = key.removeprefix("slipway:")
        walk.into(node, name, lambda value, name=name: {**_STACK, name: value})
    return walk


class _Walk:
    def __init__(self, definitions: dict[str, Any]) -> None:
        self._definitions = definitions
        self._seen: set[tuple[str, str]] = set()
        self.found: dict[tuple[str, bool], Position] = {}
        self.stacks: dict[str, dict[str, Any]] = {}

    def into(self, node: dict[str, Any], path: str, put: Put) -> None:
        """Find what is at `path` and below, where a value described by `node` is put by `put`."""
        node = self._resolved(node)
        self._add(path, put, names=bool(self._of_names(node)))
        for alternative in node.get("oneOf", []) + node.get("anyOf", []):
            kind = _kind(self._resolved(alternative))
            self.into(alternative, f"{path}<{kind}>" if kind else path, put)
        if "properties" in node:
            self._into_options(node, path, put)
        for inner in self._of_names(node):
            example = self._least(inner, "value")
            self._add(f"{path}.*", lambda value, example=example: put({value: example}), key=True)
            self.into(inner, f"{path}.{_NAME}", lambda value: put({_NAME: value}))
        if "items" in node:
            self.into(node["items"], f"{path}[0]", lambda value: put([value]))

    @staticmethod
    def _of_names(node: dict[str, Any]) -> list[dict[str, Any]]:
        """What a map of names holds, which are any, or of a pattern."""
        inner = node.get("additionalProperties")
        found = [inner] if isinstance(inner, dict) else []
        return found + list(node.get("patternProperties", {}).values())

    def _into_options(self, node: dict[str, Any], path: str, put: Put) -> None:
        model = (node.get("title", ""), node.get("description", ""))
        if model in self._seen:
            return
        if any(model):
            self._seen.add(model)
        least = self.least(node)
        self.stacks[path] = put(least)
        for key, inner in node["properties"].items():
            self.into(inner, f"{path}.{key}", lambda value, key=key: put({**least, key: value}))
        self._add(f"{path}.*", lambda value: put({**least, value: 1}), key=True)
        self._add(f"{path}.unknown", lambda value: put({**least, "unknown": value}))

    def _add(self, path: str, put: Put, *, key: bool = False, names: bool = False) -> None:
        self.found.setdefault((path, key), Position(path, put, key, names))

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        reference = node.get("$ref")
        return self._definitions[reference.rpartition("/")[2]] if reference else node

    def least(self, node: dict[str, Any]) -> dict[str, Any]:
        """The least that a stack file says of an options model."""
        if node.get("title") in _LEAST:
            return dict(_LEAST[node["title"]])
        least = dict(node.get("examples", [{}])[0])
        for key in node.get("required", []):
            if key not in least:
                least[key] = self._least(node["properties"][key], key)
        return least

    def _least(self, node: dict[str, Any], key: str) -> Any:
        node = self._resolved(node)
        if "const" in node:
            return node["const"]
        if key in _VALUES:
            return _VALUES[key]
        if "oneOf" in node:
            return self._least(node["oneOf"][0], key)
        if "properties" in node:
            return self.least(node)
        return {"string": "x", "integer": 1, "array": [], "object": {}}[node["type"]]


def _kind(node: dict[str, Any]) -> str | None:
    properties = node.get("properties", {})
    kind = properties.get("kind", properties.get("runtime", {})).get("const")
    return str(kind) if kind else node.get("title")
