"""What a serving protocol promises: a file in `client/protocols` implements it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from client.signature import Metadata, Signature

if TYPE_CHECKING:  # whoever calls over gRPC need not load HTTP, nor the other way round
    from client.grpc_channel import GrpcChannel
    from client.rest_connection import RestConnection


class Connection(Protocol):
    """What a model keeps open."""

    def ready(self, timeout: float | None = None) -> None:
        """Wait until calls can be made, where there is something to wait for."""

    def close(self) -> None:
        """Let go of it."""


class Wire(Protocol):
    """One protocol over one transport, for one model and version. `deadline` is in seconds.

    Both calls raise ClientError of the kind that fits, never the transport's own exceptions.
    """

    def metadata(self, deadline: float) -> Metadata:
        """What the server says about the model."""

    def predict(
        self, inputs: Mapping[str, np.ndarray[Any, Any]], signature: Signature, deadline: float
    ) -> dict[str, np.ndarray[Any, Any]]:
        """Outputs by name. `inputs` have been checked against `signature`."""


class ServingProtocol(Protocol):
    """How a model server is spoken to. `version` None means the server's own choice."""

    def over_grpc(self, channel: GrpcChannel, model: str, version: int | None) -> Wire:
        """The protocol on a gRPC channel."""

    def over_rest(self, connection: RestConnection, model: str, version: int | None) -> Wire:
        """The protocol on an HTTP connection."""

    def rest_path(self, model: str) -> str:
        """The predict path a server of this protocol has for `model` when nothing is before it."""
