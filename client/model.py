"""`Model`: calls one model of a stack."""

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from client.contract import Connection, Outputs, Wire
from client.endpoint import Endpoint, Stack, Transport, Version
from client.errors import InputError, NoTransportError, UsageError
from client.limits import Limits
from client.outputs import find_endpoint, parse_outputs
from client.protocols import load_protocol
from client.signature import Metadata, Signature


@dataclass(frozen=True)
class Times:
    """Seconds of one prediction: arrays to bytes (`encode`), network and server (`exchange`), bytes to
    arrays (`decode`)."""

    encode: float
    exchange: float
    decode: float

    @property
    def total(self) -> float:
        return self.encode + self.exchange + self.decode


class Model:
    """A model behind one persistent connection. Several threads may call it.

    endpoint: its address. ca_certificate: PEM of the CA that signed the gateway's certificate, None
    for the system's roots. transport: "grpc", "rest" (JSON) or "rest-binary" (HTTP with raw tensors).
    version: the model's version, a number or a label, None for the server's choice.

    Raises UnknownProtocolError, UsageError if the protocol has no such transport, and
    NoTransportError if the endpoint has no address for it. Close it, or use it as a context manager.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        ca_certificate: str | None = None,
        transport: Transport = "grpc",
        version: Version | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.name = endpoint.model
        self.limits = (limits or Limits()).of(endpoint)
        self._metadata: Metadata | None = None
        protocol = load_protocol(endpoint.protocol)
        if transport not in protocol.transports:
            raise UsageError(
                f"The protocol {endpoint.protocol!r} of model {endpoint.model!r} has no"
                f" {transport}; it has: {', '.join(protocol.transports)}.",
                "Name one of these with --protocol (transport= in Python).",
            )
        self._connection: Connection
        self._wire: Wire
        if transport == "grpc" and endpoint.grpc:
            from client.grpc_channel import GrpcChannel

            channel = GrpcChannel(endpoint.grpc, ca_certificate, self.limits)
            self._connection = channel
            self._wire = protocol.over_grpc(channel, endpoint.model, version)
        elif transport != "grpc" and endpoint.rest:
            from client.rest_connection import RestConnection

            rest = RestConnection(endpoint.rest, ca_certificate, self.limits)
            self._connection = rest
            binary = transport == "rest-binary"
            self._wire = protocol.over_rest(rest, endpoint.model, version, binary=binary)
        else:
            raise NoTransportError(
                f"Model {endpoint.model!r} has no {transport} address in the stack's outputs.",
                f"Call it over {'rest' if transport == 'grpc' else 'grpc'}.",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def ready(self, timeout: float | None = None) -> None:
        """Wait until the connection is ready for calls, at most `timeout` seconds (default
        `limits.connect`). Over REST there is nothing to wait for: the first call connects.

        Raises DeadChannelError, UntrustedCertificateError, WrongHostError.
        """
        self._connection.ready(timeout)

    def metadata(self, *, deadline: float | None = None) -> Metadata:
        """The model's signatures, read from the server now. `deadline` in seconds.

        Raises ModelNotFoundError and the connection errors that `predict` raises.
        """
        self._metadata = self._wire.metadata(deadline or self.limits.deadline)
        return self._metadata

    def predict(
        self,
        inputs: Mapping[str, Any],
        *,
        signature: str | None = None,
        deadline: float | None = None,
        idempotent: bool = False,
    ) -> Outputs:
        """Outputs by name for `inputs` by name.

        Inputs are arrays of the signature's dtype and shape, or (nested) lists and numbers, which
        are converted. A bfloat16 tensor is a float32 array here. A string tensor is an array or list
        of str or bytes (of bytes in answers). The signature is read from the server at the first
        call, and again when inputs do not fit it.

        signature: default "serving_default". deadline: seconds for all attempts. idempotent:
        executing the call more than once does no harm, so it is repeated after a broken connection
        and after 429, 502 and 503. Otherwise a call is repeated only if it has certainly not been
        executed: the connection or the stream was refused.

        Raises InputError before anything is sent; UsageError for an unknown signature and for a
        decoupled model; DeadChannelError, UntrustedCertificateError, WrongHostError, DeadlineError,
        UnavailableError, GatewayError, ModelNotFoundError, MessageTooLargeError, ServerError.
        """
        return self.timed_predict(
            inputs, signature=signature, deadline=deadline, idempotent=idempotent
        )[0]

    def timed_predict(
        self,
        inputs: Mapping[str, Any],
        *,
        signature: str | None = None,
        deadline: float | None = None,
        idempotent: bool = False,
    ) -> tuple[Outputs, Times]:
        """`predict` with its times, which exclude reading the signature."""
        deadline = deadline or self.limits.deadline
        metadata, chosen, arrays = self._checked(inputs, signature, deadline)
        if metadata.decoupled:
            raise UsageError(
                f"Model {self.name!r} is decoupled: it gives any number of answers to one request.",
                "Read them as a stream: `predict --stream`, or stream(...) in Python.",
            )
        started = time.perf_counter()
        request = self._wire.encode(arrays, chosen)
        encoded = time.perf_counter()
        received = self._wire.exchange(request, deadline, idempotent=idempotent)
        exchanged = time.perf_counter()
        answer = self._wire.decode(received, chosen)
        decoded = time.perf_counter()
        return answer, Times(encoded - started, exchanged - encoded, decoded - exchanged)

    def stream(
        self,
        inputs: Mapping[str, Any],
        *,
        signature: str | None = None,
        deadline: float | None = None,
    ) -> Generator[Outputs, None, None]:
        """Yields the answers to one request as they arrive, each in the form of `predict`. Decoupled
        models (all of Triton's LLM backends) give any number of answers, other models one.

            with contextlib.closing(model.stream({"text_input": ["Hello"]})) as answers:
                for answer in answers: ...

        The inputs are checked at once. The request is sent when the first answer is read. The call is
        cancelled when the generator is closed or garbage-collected before its end. deadline: seconds
        from the request to the last answer. Only a refused connection is retried. Over REST, Triton's
        generate_stream sends no shapes: all open dimensions of an input but the last have to be 1.
        Raises what `predict` raises, and UsageError if the protocol or the transport has no streams.
        """
        deadline = deadline or self.limits.deadline
        _, chosen, arrays = self._checked(inputs, signature, deadline)
        return self._wire.stream(arrays, chosen, deadline)

    def _checked(
        self, inputs: Mapping[str, Any], signature: str | None, deadline: float
    ) -> tuple[Metadata, Signature, Outputs]:
        """The server's metadata, the chosen signature, and the inputs as arrays that fit it."""
        cached = self._metadata
        metadata = cached or self.metadata(deadline=deadline)
        try:
            chosen = metadata.signature(signature)
            return metadata, chosen, chosen.check(inputs)
        except InputError:
            if cached is None:
                raise
        # A new version may have been rolled out since the metadata was read.
        metadata = self.metadata(deadline=deadline)
        chosen = metadata.signature(signature)
        return metadata, chosen, chosen.check(inputs)

    def load_version(self, version: int, *, deadline: float | None = None) -> None:
        """Make the server serve only `version` of the model. `deadline` in seconds.

        Raises UsageError if the protocol has no such call, ServerError if the server refuses
        or has no such version, and what `predict` raises about the connection.
        """
        self._wire.load_version(version, deadline or self.limits.deadline)


def transports_of(endpoint: Endpoint) -> tuple[Transport, ...]:
    """The transports that the endpoint's protocol has, and for which it has an address.

    Raises UnknownProtocolError.
    """
    return tuple(
        transport
        for transport in load_protocol(endpoint.protocol).transports
        if (endpoint.grpc if transport == "grpc" else endpoint.rest)
    )


def connect(
    outputs: Mapping[str, Any] | Stack,
    model: str,
    *,
    transport: Transport = "grpc",
    version: Version | None = None,
    limits: Limits | None = None,
) -> Model:
    """The model `model` of the stack with these outputs (`pulumi stack output --json`, parsed). This
    does not connect yet.

    Raises OutputsError, UnknownModelError with the names of the stack's models, and what Model raises.
    """
    stack = outputs if isinstance(outputs, Stack) else parse_outputs(outputs)
    return Model(
        find_endpoint(stack, model),
        ca_certificate=stack.ca_certificate,
        transport=transport,
        version=version,
        limits=limits,
    )
