"""What a serving protocol promises: a file in `client/protocols` implements it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from client.endpoint import Transport, Version
from client.signature import Metadata, Signature

#: Outputs by name.
Outputs = dict[str, np.ndarray[Any, Any]]

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

    A prediction is encode, exchange, decode, apart so that each can be timed. Whatever fails raises
    the ClientError that fits, never the transport's own exceptions.
    """

    def metadata(self, deadline: float) -> Metadata:
        """What the server says about the model."""

    def encode(self, inputs: Mapping[str, np.ndarray[Any, Any]], signature: Signature) -> Any:
        """What goes over the wire. `inputs` have been checked against `signature`."""

    def exchange(self, request: Any, deadline: float, *, idempotent: bool) -> Any:
        """Send what `encode` made, and what came back, as it came. `idempotent`: the server may
        execute it more than once."""

    def decode(self, answer: Any, signature: Signature) -> Outputs:
        """Outputs by name, from what `exchange` brought."""

    def stream(
        self, inputs: Mapping[str, np.ndarray[Any, Any]], signature: Signature, deadline: float
    ) -> Generator[Outputs, None, None]:
        """The answers to one request, as they come; `inputs` have been checked. `deadline` is for all
        of them. Raises at once UsageError where the protocol has no streams, InputError for inputs
        that it cannot stream."""

    def load_version(self, version: int, deadline: float) -> None:
        """Have the server serve `version` of the model, and no other. Raises UsageError where the
        protocol has no call for it, ServerError where the server refuses."""


class ServingProtocol(Protocol):
    """How a model server is spoken to. `version` None means the server's own choice; text is a label
    of versions. Raises UsageError for a label where the protocol has none."""

    transports: tuple[Transport, ...]

    def over_grpc(self, channel: GrpcChannel, model: str, version: Version | None) -> Wire:
        """The protocol on a gRPC channel."""

    def over_rest(
        self, connection: RestConnection, model: str, version: Version | None, *, binary: bool
    ) -> Wire:
        """The protocol on an HTTP connection. `binary`: tensors as raw bytes, not as JSON; asked
        for only where `transports` has "rest-binary"."""

    def rest_path(self, model: str) -> str:
        """The predict path a server of this protocol has for `model` when nothing is before it."""
