"""A mock of the stack that has the cluster, for stacks of kind `reference`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.unit.components.engine import Cloud

STACK = "organization/slipway/platform"
KUBECONFIG = '{"current-context": "platform"}'
#: `slipway:cluster` of the stack that uses the cluster.
CLUSTER = {"kind": "reference", "stack": STACK}
_NO_CLOUD = Cloud()


class Platform(Cloud):
    """Adds the outputs of the other stack, with `cluster` as its output `cluster`, to the mock of a
    cloud."""

    def __init__(self, cluster: Mapping[str, Any], cloud: Cloud = _NO_CLOUD) -> None:
        self._cluster, self._cloud = dict(cluster), cloud

    def outputs_of(self, type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        if type_ != "pulumi:pulumi:StackReference":
            return self._cloud.outputs_of(type_, name, inputs)
        outputs = {"cluster": self._cluster, "kubeconfig": KUBECONFIG}
        return {"outputs": outputs, "secretOutputNames": ["kubeconfig"]}

    def result_of(self, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return self._cloud.result_of(function, arguments)
