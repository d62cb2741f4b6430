"""`RestConnection`: persistent HTTP connections to a model's REST API."""

import contextlib
import ssl
import threading
import time
import urllib.parse
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import urllib3
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from client.answers import (
    TRANSIENT,
    deadline_error,
    gateway_error,
    known_server_error,
    model_not_found,
    too_large_error,
    unavailable,
)
from client.diagnosis import certificate_error, dead_channel, diagnose, split_address
from client.endpoint import RestAddress
from client.errors import (
    ClientError,
    ServerError,
    UnavailableError,
    UntrustedCertificateError,
    WrongHostError,
)
from client.json_text import decode, encode
from client.limits import Limits
from client.repeats import repeated
from client.server_sent_events import events
from client.trust import ssl_context

_MAX_KEPT = 64  # idle connections that stay open; more may be open at once
_RETRY_INTERVAL = 0.3  # seconds between two attempts to connect
_EVENTS = "text/event-stream"


class _Connection(HTTPSConnection):
    """Reports a failed TLS handshake as a failed connection, since nothing has been sent yet."""

    def connect(self) -> None:
        try:
            super().connect()
        except ssl.SSLCertVerificationError:
            raise
        except OSError as error:
            raise NewConnectionError(self, f"TLS handshake: {error}") from error


class _Pool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Connection


@dataclass(frozen=True)
class Answer:
    """An HTTP response with status 200."""

    data: bytes
    headers: Mapping[str, str]


class RestConnection:
    """A pool of connections to `address`, whose certificate is verified with `ca_certificate` (PEM,
    None: the system's roots). The URL's host is SNI, Host and the verified name. The connection goes
    to `connect_to`, without a proxy.

    Close it, or use it as a context manager.
    """

    def __init__(
        self, address: RestAddress, ca_certificate: str | None, limits: Limits | None = None
    ) -> None:
        self.address = address
        self.limits = limits or Limits()
        self._ca = ca_certificate
        url = urllib.parse.urlsplit(address.url)
        self._host, self._netloc, self._tls = url.hostname or "", url.netloc, url.scheme == "https"
        self.path = url.path
        self.target = address.connect_to or url.netloc
        host, port = split_address(self.target, 443 if self._tls else 80)
        common: dict[str, Any] = {"port": port, "retries": False, "maxsize": _MAX_KEPT}
        self._pool = (
            _Pool(
                host,
                ssl_context=ssl_context(ca_certificate),
                server_hostname=self._host,
                **common,
            )
            if self._tls
            else urllib3.HTTPConnectionPool(host, **common)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def ready(self, timeout: float | None = None) -> None:
        """Does nothing: each call connects by itself, and reports connection errors."""

    def call(
        self, path: str, body: Any | None, deadline: float, *, idempotent: bool = False
    ) -> Any:
        """GET `path`, or POST `body` as JSON, and return the decoded answer. `deadline`: seconds for
        all attempts, without connecting. `idempotent`: the call may be executed more than once, which
        is always so for GET.

        Raises a ClientError.
        """
        parts = None if body is None else [encode(body)]
        answer = self.exchange(path, parts, deadline, idempotent=idempotent)
        try:
            return decode(answer.data)
        except ValueError:
            raise gateway_error(200, self.target, path) from None

    def exchange(
        self,
        path: str,
        body: Sequence[bytes | memoryview] | None,
        deadline: float,
        headers: Mapping[str, str] | None = None,
        *,
        idempotent: bool = False,
    ) -> Answer:
        """GET `path`, or POST the parts of `body` without joining them. The content type is JSON unless
        `headers` has another. Raises a ClientError."""

        def attempt(left: float) -> Answer:
            started = time.monotonic()
            response = self._send(path, body, left, headers)
            if len(response.data) > self.limits.message_bytes:
                size = len(response.data)
                raise too_large_error(f"an answer of {size} bytes", self.limits.message_bytes)
            if response.status != 200:
                waited = time.monotonic() - started
                raise self._status_error(response, response.data, path, waited)
            return Answer(response.data, response.headers)

        return repeated(attempt, deadline, idempotent=idempotent or body is None)

    def stream(
        self, path: str, body: Sequence[bytes | memoryview], deadline: float
    ) -> Generator[bytes, None, None]:
        """POST `body`, and yield the data of each server-sent event of the answer as it arrives.
        `deadline`: seconds for the whole stream. Closing the generator before its end closes the
        connection."""
        started = time.monotonic()
        response = self._send(path, body, deadline, None, preload=False)
        late = threading.Event()
        timer = threading.Timer(started + deadline - time.monotonic(), _stop, (response, late))
        timer.daemon = True
        timer.start()
        try:
            is_events = response.headers.get("Content-Type", "").startswith(_EVENTS)
            received = events(_chunks(response), self.limits.message_bytes)
            if response.status != 200:
                data = next(received, b"") if is_events else response.data
                raise self._status_error(response, data, path, time.monotonic() - started)
            if not is_events:
                raise gateway_error(200, self.target, path)
            yield from received
            if late.is_set():
                raise self._late(path, time.monotonic() - started)
        except (HTTPError, OSError) as error:
            waited = time.monotonic() - started
            raise (
                self._late(path, waited) if late.is_set() else self._error(error, path, waited)
            ) from error
        finally:
            timer.cancel()
            response.close()

    def _send(
        self,
        path: str,
        body: Sequence[bytes | memoryview] | None,
        deadline: float,
        headers: Mapping[str, str] | None,
        *,
        preload: bool = True,
    ) -> urllib3.BaseHTTPResponse:
        """The answer to one request. Failed connections are retried for `limits.connect` seconds."""
        size = sum(len(part) for part in body or ())
        if size > self.limits.message_bytes:
            raise too_large_error(f"{size} bytes", self.limits.message_bytes)
        all_headers = {"Host": self._netloc, "Content-Type": "application/json", **(headers or {})}
        if body is not None:
            all_headers["Content-Length"] = str(size)
        started = time.monotonic()
        ends = started + self.limits.connect
        while True:
            left = max(ends - time.monotonic(), _RETRY_INTERVAL)
            try:
                return self._pool.request(
                    "GET" if body is None else "POST",
                    path,
                    body=tuple(body) if body else None,  # type: ignore[arg-type]  # sendall takes views
                    headers=all_headers,
                    timeout=urllib3.Timeout(connect=left, read=deadline),
                    preload_content=preload,
                )
            except ConnectTimeoutError as error:
                if time.monotonic() + _RETRY_INTERVAL > ends:
                    waited = time.monotonic() - started
                    raise self._diagnosis(waited) or self._no_connection(waited, error) from error
            except HTTPError as error:
                raise self._error(error, path, time.monotonic() - started) from error
            time.sleep(_RETRY_INTERVAL)

    def _status_error(
        self, response: urllib3.BaseHTTPResponse, data: bytes, path: str, waited: float
    ) -> ClientError:
        status, after = response.status, response.headers.get("Retry-After", "")
        wait = float(after) if after.isdigit() else 0.0  # dates are ignored
        try:
            answer = decode(data)
        except ValueError:
            answer = None
        reason = answer.get("error") if isinstance(answer, dict) else None
        if reason is None:
            return gateway_error(status, self.target, path, waited, wait)
        reason = str(reason).strip().rstrip(".")
        if known := known_server_error(reason):
            return known
        if status == 404:
            return model_not_found(reason)
        kind = UnavailableError if status in TRANSIENT else ServerError
        error = kind(
            f"The server refused {path} with HTTP {status}: {reason}.",
            "See the inputs against `client metadata`, and the server's log.",
        )
        error.retry_after = wait
        return error

    def _error(self, error: Exception, path: str, waited: float) -> ClientError:
        """The error of a request that was sent."""
        cause = error.args[-1] if error.args else None
        if isinstance(error, SSLError) and isinstance(cause, ssl.SSLCertVerificationError):
            return certificate_error(cause, self.target, self._host, self._ca)
        if isinstance(error, ReadTimeoutError) or isinstance(cause, TimeoutError):
            return self._late(path, waited)
        return unavailable(self.target, path, waited, str(cause or error))

    def _late(self, path: str, waited: float) -> ClientError:
        now = self._diagnosis(waited)
        if isinstance(now, UntrustedCertificateError | WrongHostError):
            return now
        return deadline_error(self.target, path, waited, now)

    def _diagnosis(self, waited: float) -> ClientError | None:
        return diagnose(self.target, self._host, self._ca, tls=self._tls, h2=False, waited=waited)

    def _no_connection(self, waited: float, error: Exception) -> ClientError:
        return dead_channel(self.target, self._host, waited, str(error))


def _chunks(response: urllib3.BaseHTTPResponse) -> Generator[bytes, None, None]:
    """Yields pieces of the body as they arrive."""
    while data := response.read1():
        yield data


def _stop(response: urllib3.BaseHTTPResponse, late: threading.Event) -> None:
    """Makes another thread's read of `response` end."""
    late.set()
    with contextlib.suppress(RuntimeError, OSError):  # it has already ended
        response.shutdown()
