"""One kept HTTP connection to a model's REST API: TLS, limits, and errors in words."""

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
    model_not_found,
    said_by_server,
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

_KEPT = 64  # connections, made when so many threads call at once; without a limit of their own
_DIAL_AGAIN = 0.3  # seconds between two dials
_EVENTS = "text/event-stream"


class _Connection(HTTPSConnection):
    """An error of the handshake is one of connecting: nothing has been sent yet."""

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
    """An answer with status 200."""

    data: bytes
    headers: Mapping[str, str]


class RestConnection:
    """A pool of connections to `address`, checked against `ca_certificate` (PEM, None: the system's
    roots). The URL's host is SNI, Host and the verified name, `connect_to` is dialled; no proxy is.

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
        self.dialled = address.connect_to or url.netloc
        host, port = split_address(self.dialled, 443 if self._tls else 80)
        common: dict[str, Any] = {"port": port, "retries": False, "maxsize": _KEPT}
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
        """Close the kept connections."""
        self._pool.close()

    def ready(self, timeout: float | None = None) -> None:
        """Nothing to wait for: a call dials, and says itself what is wrong."""

    def call(
        self, path: str, body: Any | None, deadline: float, *, idempotent: bool = False
    ) -> Any:
        """GET `path`, or POST `body` as JSON, and the decoded answer. `deadline` in seconds for all
        tries, dialling not counted; `idempotent`: the call may be executed more than once, as a GET
        may be anyway.

        Raises the ClientError that fits.
        """
        parts = None if body is None else [encode(body)]
        answer = self.exchange(path, parts, deadline, idempotent=idempotent)
        try:
            return decode(answer.data)
        except ValueError:
            raise gateway_error(200, self.dialled, path) from None

    def exchange(
        self,
        path: str,
        body: Sequence[bytes | memoryview] | None,
        deadline: float,
        headers: Mapping[str, str] | None = None,
        *,
        idempotent: bool = False,
    ) -> Answer:
        """GET `path`, or POST `body`, whose parts are sent one after the other, not joined. JSON
        unless `headers` say otherwise. Raises the ClientError that fits."""

        def once(left: float) -> Answer:
            started = time.monotonic()
            response = self._send(path, body, left, headers)
            if len(response.data) > self.limits.message_bytes:
                size = len(response.data)
                raise too_large_error(f"an answer of {size} bytes", self.limits.message_bytes)
            if response.status != 200:
                waited = time.monotonic() - started
                raise self._refusal(response, response.data, path, waited)
            return Answer(response.data, response.headers)

        return repeated(once, deadline, idempotent=idempotent or body is None)

    def stream(
        self, path: str, body: Sequence[bytes | memoryview], deadline: float
    ) -> Generator[bytes, None, None]:
        """POST `body`, and the data of each server-sent event of the answer, as it comes. `deadline`
        in seconds for all of them. The connection is closed when the generator is closed before its
        end."""
        started = time.monotonic()
        response = self._send(path, body, deadline, None, preload=False)
        late = threading.Event()
        timer = threading.Timer(started + deadline - time.monotonic(), _stop, (response, late))
        timer.daemon = True
        timer.start()
        try:
            listed = response.headers.get("Content-Type", "").startswith(_EVENTS)
            found = events(_chunks(response), self.limits.message_bytes)
            if response.status != 200:
                data = next(found, b"") if listed else response.data
                raise self._refusal(response, data, path, time.monotonic() - started)
            if not listed:
                raise gateway_error(200, self.dialled, path)
            yield from found
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
        """The answer to one request. An address that cannot be connected to is dialled again for
        `limits.connect` seconds."""
        size = sum(len(part) for part in body or ())
        if size > self.limits.message_bytes:
            raise too_large_error(f"{size} bytes", self.limits.message_bytes)
        sent = {"Host": self._netloc, "Content-Type": "application/json", **(headers or {})}
        if body is not None:
            sent["Content-Length"] = str(size)
        started = time.monotonic()
        ends = started + self.limits.connect
        while True:
            left = max(ends - time.monotonic(), _DIAL_AGAIN)
            try:
                return self._pool.request(
                    "GET" if body is None else "POST",
                    path,
                    body=tuple(body) if body else None,  # type: ignore[arg-type]  # sendall takes views
                    headers=sent,
                    timeout=urllib3.Timeout(connect=left, read=deadline),
                    preload_content=preload,
                )
            except ConnectTimeoutError as error:
                if time.monotonic() + _DIAL_AGAIN > ends:
                    waited = time.monotonic() - started
                    raise self._diagnosis(waited) or self._dead(waited, error) from error
            except HTTPError as error:
                raise self._error(error, path, time.monotonic() - started) from error
            time.sleep(_DIAL_AGAIN)

    def _refusal(
        self, response: urllib3.BaseHTTPResponse, data: bytes, path: str, waited: float
    ) -> ClientError:
        status, after = response.status, response.headers.get("Retry-After", "")
        wait = float(after) if after.isdigit() else 0.0  # a date is not waited for
        try:
            answer = decode(data)
        except ValueError:
            answer = None
        said = answer.get("error") if isinstance(answer, dict) else None
        if said is None:
            return gateway_error(status, self.dialled, path, waited, wait)
        said = str(said).strip().rstrip(".")
        if meant := said_by_server(said):
            return meant
        if status == 404:
            return model_not_found(said)
        kind = UnavailableError if status in TRANSIENT else ServerError
        error = kind(
            f"The server refused {path} with HTTP {status}: {said}.",
            "See the inputs against `client metadata`, and the server's log.",
        )
        error.retry_after = wait
        return error

    def _error(self, error: Exception, path: str, waited: float) -> ClientError:
        """What became of a request that was sent."""
        cause = error.args[-1] if error.args else None
        if isinstance(error, SSLError) and isinstance(cause, ssl.SSLCertVerificationError):
            return certificate_error(cause, self.dialled, self._host, self._ca)
        if isinstance(error, ReadTimeoutError) or isinstance(cause, TimeoutError):
            return self._late(path, waited)
        return unavailable(self.dialled, path, waited, str(cause or error))

    def _late(self, path: str, waited: float) -> ClientError:
        now = self._diagnosis(waited)
        if isinstance(now, UntrustedCertificateError | WrongHostError):
            return now
        return deadline_error(self.dialled, path, waited, now)

    def _diagnosis(self, waited: float) -> ClientError | None:
        return diagnose(self.dialled, self._host, self._ca, tls=self._tls, h2=False, waited=waited)

    def _dead(self, waited: float, error: Exception) -> ClientError:
        return dead_channel(self.dialled, self._host, waited, str(error))


def _chunks(response: urllib3.BaseHTTPResponse) -> Generator[bytes, None, None]:
    """The body in pieces, each as soon as it is there."""
    while data := response.read1():
        yield data


def _stop(response: urllib3.BaseHTTPResponse, late: threading.Event) -> None:
    """End the reading of `response` from another thread."""
    late.set()
    with contextlib.suppress(RuntimeError, OSError):  # it has just ended by itself
        response.shutdown()
