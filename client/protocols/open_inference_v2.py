"""The Open Inference Protocol, version 2, as Triton, MLServer and KServe speak it:
GRPCInferenceService over gRPC, /v2/models over REST, there as JSON or with raw tensors.

Calls are made by hand, because generated stubs cannot put a path prefix before the service's name.
Specified in KServe's `docs/predict-api/v2` and Triton's `docs/protocol/extension_binary_data.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from client.endpoint import Transport

if TYPE_CHECKING:
    from client.grpc_channel import GrpcChannel
    from client.protocols.open_inference_grpc import GrpcWire
    from client.protocols.open_inference_rest import RestWire
    from client.rest_connection import RestConnection


class OpenInferenceV2:
    """All transports of the protocol `open-inference-v2`."""

    transports: tuple[Transport, ...] = ("grpc", "rest", "rest-binary")

    def over_grpc(self, channel: GrpcChannel, model: str, version: int | None) -> GrpcWire:
        from client.protocols.open_inference_grpc import GrpcWire

        return GrpcWire(channel, model, version)

    def over_rest(
        self, connection: RestConnection, model: str, version: int | None, *, binary: bool
    ) -> RestWire:
        from client.protocols.open_inference_rest import RestWire

        return RestWire(connection, model, version, binary=binary)

    def rest_path(self, model: str) -> str:
        return f"/v2/models/{model}/infer"
