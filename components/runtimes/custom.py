"""`Custom`: models behind any server that speaks one of the known protocols."""

from __future__ import annotations

from collections.abc import Mapping

from components.contracts.source import ModelFiles
from components.kubernetes.object import Fields
from components.protocols import OPEN_INFERENCE_V2, TENSORFLOW_SERVING
from components.runtimes.custom_options import CustomOptions
from components.runtimes.deployment import DeploymentRuntime
from components.runtimes.server_spec import ServerSpec

_PROTOCOLS = {each.name: each for each in (OPEN_INFERENCE_V2, TENSORFLOW_SERVING)}


class Custom(DeploymentRuntime):
    """Any server. Slipway knows only its ports, its protocol and its probes."""

    kind = "custom"

    def directory(self, model: str) -> str:
        home = self._custom.model_directory
        return home if len(self.args.models) == 1 else f"{home}/{model}"

    def program(self, files: Mapping[str, ModelFiles]) -> ServerSpec:
        options = self._custom
        return ServerSpec(
            command=options.command or None,
            arguments=(),
            user=options.user,
            protocol=_PROTOCOLS[options.protocol],
            grpc_port=options.ports.grpc,
            rest_port=options.ports.rest,
            streaming=options.streaming,
            startup_probe=self._probe(options.health.path),
            readiness_probe=self._probe(options.health.path),
            liveness_probe=self._probe(options.health.live or options.health.path),
            cpu=("100m", "2"),
            memory=("256Mi", "1Gi"),
        )

    @property
    def _custom(self) -> CustomOptions:
        options = self.args.options
        assert isinstance(options, CustomOptions)
        return options

    def _probe(self, path: str | None) -> Fields:
        if path is None:
            return {"grpc": {"port": self._custom.ports.grpc}}
        named = path.replace("{model}", self.args.models[0].name)
        return {"httpGet": {"path": named, "port": "rest"}}
