"""`GrpcChannel`: a persistent gRPC channel to a model, with TLS, path prefix and limits."""

import re
import time
from collections.abc import Generator
from typing import Any, Protocol, Self, TypeVar

import grpc
from google.protobuf.message import DecodeError

from client.answers import (
    deadline_error,
    gateway_error,
    known_server_error,
    model_not_found,
    refused_stream,
    too_large_error,
    unavailable,
)
from client.diagnosis import dead_channel, diagnose, split_address
from client.endpoint import GrpcAddress
from client.errors import (
    ClientError,
    DeadChannelError,
    DeadlineError,
    NoSuchCallError,
    ServerError,
    UnavailableError,
    UntrustedCertificateError,
    WrongHostError,
)
from client.limits import Limits
from client.readiness import Readiness
from client.repeats import repeated
from client.trust import root_certificates, ssl_context

# gRPC's texts for a plain HTTP answer of the gateway, and for a stream that is reset.
_HTTP_STATUS = re.compile(r"Received http2 header with status: (\d{3})")
_RESET = re.compile(r"RST_STREAM with error code (\d+)")
# Matched as a whole: a server's message about another server that it called is longer.
_REFUSED = re.compile(
    r"(?:Stream removed \(RST_STREAM \()?Received RST_STREAM with error code 7\)*"
)
# Seconds between two attempts to reconnect.
_RETRY_INTERVAL = 0.3


class Message(Protocol):
    """A message of protobuf's generated classes."""

    def SerializeToString(self) -> bytes: ...


Response = TypeVar("Response")


class GrpcChannel:
    """A channel to `address`, whose certificate is verified with `ca_certificate` (PEM, None: the
    system's roots). It connects without a proxy.

    Close it, or use it as a context manager.
    """

    def __init__(
        self, address: GrpcAddress, ca_certificate: str | None, limits: Limits | None = None
    ) -> None:
        self.address = address
        self.limits = limits or Limits()
        self._ca = ca_certificate
        self._calls: dict[str, Any] = {}
        self._lost = False
        self._channel = self._open()
        self._readiness = Readiness(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the channel and cancel its calls."""
        self._readiness.stop()
        self._channel.close()

    def ready(self, timeout: float | None = None) -> None:
        """Wait until the channel is ready for calls, at most `timeout` seconds (default:
        Limits.connect). Once it has been ready, gRPC reconnects by itself and this returns at once,
        unless the last call got no answer: then this first checks that the address is reachable.

        Raises UntrustedCertificateError or WrongHostError as soon as the server presents an invalid
        certificate, and DeadChannelError after `timeout`.
        """
        timeout = self.limits.connect if timeout is None else timeout
        if self._readiness.was_ready:
            if self._lost:
                self._wait_until_reachable(timeout)
            return
        started = time.monotonic()
        failed = False
        while (left := started + timeout - time.monotonic()) > 0:
            state = self._readiness.wait(left, after_failure=failed)
            if state is grpc.ChannelConnectivity.READY:
                return
            failed = state is grpc.ChannelConnectivity.TRANSIENT_FAILURE
            if failed:
                error = self._diagnosis(time.monotonic() - started)
                if isinstance(error, UntrustedCertificateError | WrongHostError):
                    raise error
        waited = time.monotonic() - started
        raise self._diagnosis(waited) or self._no_connection(waited, "nothing that is HTTP/2")

    def call(
        self,
        method: str,
        request: Message,
        response: type[Response],
        deadline: float,
        *,
        idempotent: bool = False,
    ) -> Response:
        """Call `/package.Service/Method` with the address's path prefix.

        `deadline`: seconds for all attempts, without connecting. `idempotent`: the call may be
        executed more than once. Raises a ClientError.
        """
        message = request.SerializeToString()
        answer = self.exchange(method, message, deadline, idempotent=idempotent)
        return self.parse(answer, response)

    def exchange(
        self, method: str, request: bytes, deadline: float, *, idempotent: bool = False
    ) -> bytes:
        """Like `call`, with a serialized request and answer."""
        call = self._calls.get(method)
        if call is None:
            call = self._calls[method] = self._channel.unary_unary(self.address.path + method)

        def attempt(left: float) -> bytes:
            self.ready()
            started = time.monotonic()
            try:
                # A call that waits for a lost connection has not been sent yet. Without
                # wait_for_ready it would fail like a call that was sent.
                answer: bytes = call(request, timeout=left, wait_for_ready=True)
            except grpc.RpcError as error:
                raise self._error(error, method, time.monotonic() - started) from error
            return answer

        return repeated(attempt, deadline, idempotent=idempotent)

    def stream(self, method: str, request: bytes, deadline: float) -> Generator[bytes, None, None]:
        """Sends one message of a bidirectional streaming call, and yields the answers as they arrive.
        `deadline`: seconds for the whole stream. Closing the generator before its end cancels the
        call.
        """
        self.ready()
        started = time.monotonic()
        call = self._channel.stream_stream(self.address.path + method)(
            iter([request]), timeout=deadline, wait_for_ready=True
        )
        try:
            yield from call
        except grpc.RpcError as error:
            raise self._error(error, method, time.monotonic() - started) from error
        finally:
            call.cancel()

    def parse(self, answer: bytes, response: type[Response]) -> Response:
        """The message in `answer`. Raises ServerError."""
        try:
            message: Response = response.FromString(answer)  # type: ignore[attr-defined]
        except DecodeError as error:
            raise ServerError(
                f"{self.address.target} answered something that is no {response.__name__}.",
                "See that the endpoint's protocol is the server's.",
            ) from error
        return message

    def _open(self) -> Any:
        options = [
            # The authority sets SNI, the verified name and :authority, so the test-only
            # grpc.ssl_target_name_override is not needed.
            ("grpc.default_authority", self.address.authority),
            ("grpc.enable_http_proxy", 0),
            ("grpc.max_send_message_length", self.limits.message_bytes),
            ("grpc.max_receive_message_length", self.limits.message_bytes),
            ("grpc.keepalive_time_ms", int(self.limits.keepalive * 1000)),
            # gRPC itself repeats a call that a GOAWAY reports as not executed, if its buffer still
            # has the request (default 256 KiB).
            ("grpc.per_rpc_retry_buffer_size", self.limits.message_bytes),
            ("grpc.initial_reconnect_backoff_ms", 200),
            ("grpc.max_reconnect_backoff_ms", 2000),
        ]
        if not self.address.tls:
            return grpc.insecure_channel(self.address.target, options)
        ssl_context(self._ca)  # raises for an invalid certificate, which gRPC would only log
        credentials = grpc.ssl_channel_credentials(root_certificates(self._ca))
        return grpc.secure_channel(self.address.target, credentials, options)

    def _diagnosis(self, waited: float) -> ClientError | None:
        host, tls = split_address(self.address.authority)[0], self.address.tls
        return diagnose(self.address.target, host, self._ca, tls=tls, h2=True, waited=waited)

    def _no_connection(self, waited: float, reason: str) -> ClientError:
        return dead_channel(self.address.target, self.address.authority, waited, reason)

    def _wait_until_reachable(self, timeout: float) -> None:
        """Connects until the address answers. Raises what `ready` raises."""
        started = time.monotonic()
        while error := self._diagnosis(time.monotonic() - started):
            late = time.monotonic() - started + _RETRY_INTERVAL > timeout
            if late or not isinstance(error, DeadChannelError):
                raise error
            time.sleep(_RETRY_INTERVAL)
        self._lost = False

    def _error(self, error: Any, method: str, waited: float) -> ClientError:
        client_error = self._classified(error, method, waited)
        self._lost = self._lost or isinstance(client_error, DeadlineError | UnavailableError)
        return client_error

    def _classified(self, error: Any, method: str, waited: float) -> ClientError:
        code, details = error.code(), (error.details() or "no reason").strip().rstrip(".")
        address, path = self.address.target, self.address.path + method
        if http := _HTTP_STATUS.fullmatch(details):
            return gateway_error(int(http[1]), address, path, waited)
        if known := known_server_error(details):
            return known
        if _REFUSED.fullmatch(details):
            return refused_stream(address, path)
        if code is grpc.StatusCode.UNAVAILABLE or _RESET.search(details):
            return unavailable(address, path, waited, details)
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            now = self._diagnosis(waited)
            if isinstance(now, UntrustedCertificateError | WrongHostError):
                return now
            return deadline_error(address, path, waited, now)
        if code is grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in details:
            return too_large_error(details, self.limits.message_bytes)
        if code is grpc.StatusCode.NOT_FOUND:
            return model_not_found(details)
        if code is grpc.StatusCode.UNIMPLEMENTED:
            return NoSuchCallError(
                f"{address} has no {path} ({code.name}: {details}).",
                "See whether the gateway routes it (`kubectl get ingress -A`), and whether the"
                " endpoint's protocol is the server's.",
            )
        return ServerError(
            f"The server refused {path} with {code.name}: {details}.",
            "See the inputs against `client metadata`, and the server's log.",
        )
