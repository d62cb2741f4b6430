"""The interfaces that each protocol in `client/protocols` implements."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from client.endpoint import Transport, Version
from client.signature import Metadata, Signature

#: Outputs by name.
Outputs = dict[str, np.ndarray[Any, Any]]

if TYPE_CHECKING:  # a call over one transport does not load the library of the other
    from client.grpc_channel import GrpcChannel
    from client.rest_connection import RestConnection


class Connection(Protocol):
    """The connection that a model keeps open."""

    def ready(self, timeout: float | None = None) -> None:
        """Wait until calls can be made, if the transport has a connection to wait for."""

    def close(self) -> None:
        """Close the connection."""


class Wire(Protocol):
    """One protocol over one transport, for one model and version. `deadline` is in seconds.

    A prediction consists of encode, exchange and decode, so that each can be timed. Failures raise a
    ClientError, never the transport's own exceptions.
    """

    def metadata(self, deadline: float) -> Metadata:
        """The model's metadata, read from the server."""

    def encode(self, inputs: Mapping[str, np.ndarray[Any, Any]], signature: Signature) -> Any:
        """The request to send. `inputs` have been checked against `signature`."""

    def exchange(self, request: Any, deadline: float, *, idempotent: bool) -> Any:
        """Sends the request that `encode` returned, and returns the undecoded answer. `idempotent`: the
        server may execute it more than once."""

    def decode(self, answer: Any, signature: Signature) -> Outputs:
        """Outputs by name, from the answer that `exchange` returned."""

    def stream(
        self, inputs: Mapping[str, np.ndarray[Any, Any]], signature: Signature, deadline: float
    ) -> Generator[Outputs, None, None]:
        """Yields the answers to one request as they arrive. `inputs` have been checked. `deadline`
        applies to all answers together. Before anything is sent, raises UsageError if the protocol
        has no streams, and InputError for inputs that it cannot stream."""

    def load_version(self, version: int, deadline: float) -> None:
        """Make the server serve only `version` of the model. Raises UsageError if the protocol has no
        call for it, ServerError if the server refuses."""


class ServingProtocol(Protocol):
    """A serving protocol. `version` is a number, a label, or None for the server's choice. Raises
    UsageError for a label if the protocol has no labels."""

    transports: tuple[Transport, ...]

    def over_grpc(self, channel: GrpcChannel, model: str, version: Version | None) -> Wire:
        """The protocol on a gRPC channel."""

    def over_rest(
        self, connection: RestConnection, model: str, version: Version | None, *, binary: bool
    ) -> Wire:
        """The protocol on an HTTP connection. `binary`: tensors as raw bytes instead of JSON; only
        used if `transports` has "rest-binary"."""

    def rest_path(self, model: str) -> str:
        """The predict path for `model` on a server of this protocol, without the gateway's prefix."""
