"""The Open Inference Protocol, version 2, of Triton, MLServer and KServe: GRPCInferenceService over
gRPC, and /v2/models over REST with JSON or raw tensors.

It uses no generated stubs, because these cannot put a path prefix before the service's name. KServe's
`docs/predict-api/v2` and Triton's `docs/protocol/extension_binary_data.md` specify the protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from client.endpoint import Transport, Version
from client.errors import UsageError

if TYPE_CHECKING:
    from client.grpc_channel import GrpcChannel
    from client.protocols.open_inference_grpc import GrpcWire
    from client.protocols.open_inference_rest import RestWire
    from client.rest_connection import RestConnection


class OpenInferenceV2:
    """All transports of the protocol `open-inference-v2`."""

    transports: tuple[Transport, ...] = ("grpc", "rest", "rest-binary")

    def over_grpc(self, channel: GrpcChannel, model: str, version: Version | None) -> GrpcWire:
        from client.protocols.open_inference_grpc import GrpcWire

        return GrpcWire(channel, model, _number(version))

    def over_rest(
        self, connection: RestConnection, model: str, version: Version | None, *, binary: bool
    ) -> RestWire:
        from client.protocols.open_inference_rest import RestWire

        return RestWire(connection, model, _number(version), binary=binary)

    def rest_path(self, model: str) -> str:
        return f"/v2/models/{model}/infer"


def _number(version: Version | None) -> int | None:
    if isinstance(version, str):
        raise UsageError(
            f"The protocol 'open-inference-v2' has no labels of versions, such as {version!r}.",
            "Name the version by its number, or leave it out.",
        )
    return version
