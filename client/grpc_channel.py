"""One kept gRPC channel to a model: TLS, path prefix, limits, and errors in words."""

import json
import re
import time
from typing import Any, Protocol, Self, TypeVar

import grpc
from google.protobuf.message import DecodeError

from client.answers import (
    deadline_error,
    gateway_error,
    model_not_found,
    said_by_server,
    too_large_error,
)
from client.diagnosis import dead_channel, diagnose, split_address
from client.endpoint import GrpcAddress
from client.errors import (
    ClientError,
    ServerError,
    UntrustedCertificateError,
    WrongHostError,
)
from client.limits import Limits
from client.readiness import Readiness
from client.trust import root_certificates, ssl_context

# Every call of a model server here is idempotent, so a call that met a pod going away is repeated.
_RETRY = {
    "maxAttempts": 4,
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 3,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
_SERVICE_CONFIG = json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": _RETRY}]})
# A gateway that answers by itself does so in HTTP, which gRPC reports in these words.
_HTTP_STATUS = re.compile(r"status: (\d{3})")


class Message(Protocol):
    """What protobuf's generated classes have."""

    def SerializeToString(self) -> bytes: ...


Response = TypeVar("Response")


class GrpcChannel:
    """A channel to `address`, checked against `ca_certificate` (PEM, None: the system's roots).

    It dials what the address says and no proxy. Close it, or use it as a context manager.
    """

    def __init__(
        self, address: GrpcAddress, ca_certificate: str | None, limits: Limits | None = None
    ) -> None:
        self.address = address
        self.limits = limits or Limits()
        self._ca = ca_certificate
        self._calls: dict[str, Any] = {}
        self._channel = self._open()
        self._readiness = Readiness(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the channel and what is in flight on it."""
        self._readiness.stop()
        self._channel.close()

    def ready(self, timeout: float | None = None) -> None:
        """Wait until the channel can carry calls, `timeout` seconds (Limits.connect by default).
        Once it has been up, gRPC reconnects by itself and this returns at once.

        Raises UntrustedCertificateError or WrongHostError as soon as the server shows a
        certificate that will not do, and DeadChannelError when the time is over.
        """
        if self._readiness.was_ready:
            return
        timeout = self.limits.connect if timeout is None else timeout
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
        raise self._diagnosis(waited) or self._dead(waited, "nothing that is HTTP/2")

    def call(
        self, method: str, request: Message, response: type[Response], deadline: float
    ) -> Response:
        """Call `/package.Service/Method` behind the address's path prefix.

        `deadline` in seconds, dialling not counted. Raises the ClientError that fits.
        """
        return self.parse(self.exchange(method, request.SerializeToString(), deadline), response)

    def exchange(self, method: str, request: bytes, deadline: float) -> bytes:
        """`call` of a message that is serialized already, for the answer's bytes."""
        self.ready()
        call = self._calls.get(method)
        if call is None:
            call = self._calls[method] = self._channel.unary_unary(self.address.path + method)
        started = time.monotonic()
        try:
            answer: bytes = call(request, timeout=deadline)
        except grpc.RpcError as error:
            raise self._error(error, method, time.monotonic() - started) from error
        return answer

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
            # The authority alone makes SNI, the verified name and :authority; the test-only
            # grpc.ssl_target_name_override is not needed for it.
            ("grpc.default_authority", self.address.authority),
            ("grpc.enable_http_proxy", 0),
            ("grpc.max_send_message_length", self.limits.message_bytes),
            ("grpc.max_receive_message_length", self.limits.message_bytes),
            ("grpc.keepalive_time_ms", int(self.limits.keepalive * 1000)),
            ("grpc.service_config", _SERVICE_CONFIG),
            # Large requests are repeated like small ones (the default buffer is 256 KiB).
            ("grpc.per_rpc_retry_buffer_size", self.limits.message_bytes),
            ("grpc.initial_reconnect_backoff_ms", 200),
            ("grpc.max_reconnect_backoff_ms", 2000),
        ]
        if not self.address.tls:
            return grpc.insecure_channel(self.address.target, options)
        ssl_context(self._ca)  # refuses what is no certificate, which gRPC would only log
        credentials = grpc.ssl_channel_credentials(root_certificates(self._ca))
        return grpc.secure_channel(self.address.target, credentials, options)

    def _diagnosis(self, waited: float) -> ClientError | None:
        host, tls = split_address(self.address.authority)[0], self.address.tls
        return diagnose(self.address.target, host, self._ca, tls=tls, h2=True, waited=waited)

    def _dead(self, waited: float, said: str) -> ClientError:
        return dead_channel(self.address.target, self.address.authority, waited, said)

    def _error(self, error: Any, method: str, waited: float) -> ClientError:
        code, details = error.code(), (error.details() or "no reason").strip().rstrip(".")
        path = self.address.path + method
        if http := _HTTP_STATUS.search(details):
            return gateway_error(int(http[1]), self.address.target, path)
        if meant := said_by_server(details):
            return meant
        if code is grpc.StatusCode.UNAVAILABLE:
            return self._diagnosis(waited) or self._dead(waited, details)
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return deadline_error(self.address.target, path, waited)
        if code is grpc.StatusCode.RESOURCE_EXHAUSTED and "larger than max" in details:
            return too_large_error(details, self.limits.message_bytes)
        if code is grpc.StatusCode.NOT_FOUND:
            return model_not_found(details)
        return ServerError(
            f"The server refused {path} with {code.name}: {details}.",
            "See the inputs against `client metadata`, and the server's log.",
        )
