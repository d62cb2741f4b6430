"""A runtime that consists only of this file and a registry line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from components import registry
from components.config.model_options import ModelOptions
from components.config.options import example
from components.contracts.source import ModelFiles
from components.kubernetes.object import Fields
from components.protocols import TENSORFLOW_SERVING
from components.runtimes.deployment import DeploymentRuntime
from components.runtimes.server_spec import ServerSpec

_PROBE: Fields = {"tcpSocket": {"port": "rest"}}
#: Its registry line.
PLAIN = registry.Kind(f"{__name__}:PlainOptions", f"{__name__}:Plain")


class PlainOptions(ModelOptions):
    """A server in a Deployment."""

    model_config = example(runtime="plain")
    runtime: Literal["plain"]

    def server_image(self) -> str:
        return self.image or "example/plain:1"


class Plain(DeploymentRuntime):
    """One container."""

    kind = "plain"
    secrets: ClassVar[dict[str, set[str]]] = {}
    """The names in `slipway:secrets` whose values each server got, by the server's name."""

    def program(self, files: Mapping[str, ModelFiles]) -> ServerSpec:
        (of_model,) = files.values()
        self.secrets[self._name] = set(self.args.secrets)
        return ServerSpec(
            command=None,
            arguments=[of_model.path],
            protocol=TENSORFLOW_SERVING,
            grpc_port=None,
            rest_port=8080,
            startup_probe=_PROBE,
            readiness_probe=_PROBE,
            liveness_probe=_PROBE,
            cpu=("10m", "1"),
            memory=("32Mi", "64Mi"),
        )
