"""One kept HTTP connection to a model's REST API: TLS, limits, and errors in words."""

import ssl
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError, SSLError, TimeoutError

from client.answers import (
    deadline_error,
    gateway_error,
    model_not_found,
    said_by_server,
    too_large_error,
)
from client.diagnosis import certificate_error, dead_channel, diagnose, split_address
from client.endpoint import RestAddress
from client.errors import ClientError, ServerError
from client.json_text import decode, encode
from client.limits import Limits
from client.trust import ssl_context

# What gRPC repeats as UNAVAILABLE: a refused connection, and a gateway without a ready pod. A read
# that timed out is not repeated, that would double the deadline.
_RETRIES = urllib3.Retry(
    total=3,
    read=0,
    redirect=0,
    status_forcelist=[502, 503],
    allowed_methods=None,
    backoff_factor=0.1,
    raise_on_status=False,
)


_KEPT = 64  # connections, made when so many threads call at once; without a limit of their own


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
        common: dict[str, Any] = {"port": port, "retries": _RETRIES, "maxsize": _KEPT}
        self._pool = (
            urllib3.HTTPSConnectionPool(
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

    def call(self, path: str, body: Any | None, deadline: float) -> Any:
        """GET `path`, or POST `body` as JSON, and the decoded answer. `deadline` in seconds.

        Raises the ClientError that fits.
        """
        parts = None if body is None else [encode(body)]
        answer = self.exchange(path, parts, deadline)
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
    ) -> Answer:
        """GET `path`, or POST `body`, whose parts are sent one after the other, not joined. JSON
        unless `headers` say otherwise. Raises the ClientError that fits."""
        size = sum(len(part) for part in body or ())
        if size > self.limits.message_bytes:
            raise too_large_error(f"{size} bytes", self.limits.message_bytes)
        sent = {"Host": self._netloc, "Content-Type": "application/json", **(headers or {})}
        if body is not None:
            sent["Content-Length"] = str(size)
        started = time.monotonic()
        try:
            response = self._pool.request(
                "GET" if body is None else "POST",
                path,
                body=tuple(body) if body else None,  # type: ignore[arg-type]  # sendall takes views
                headers=sent,
                timeout=urllib3.Timeout(connect=min(self.limits.connect, deadline), total=deadline),
            )
        except HTTPError as error:
            raise self._error(error, path, time.monotonic() - started) from error
        if len(response.data) > self.limits.message_bytes:
            size = len(response.data)
            raise too_large_error(f"an answer of {size} bytes", self.limits.message_bytes)
        if response.status != 200:
            raise self._refusal(response.status, response.data, path)
        return Answer(response.data, response.headers)

    def _refusal(self, status: int, data: bytes, path: str) -> ClientError:
        try:
            answer = decode(data)
        except ValueError:
            answer = None
        said = answer.get("error") if isinstance(answer, dict) else None
        if said is None:
            return gateway_error(status, self.dialled, path)
        said = str(said).strip().rstrip(".")
        if meant := said_by_server(said):
            return meant
        if status == 404:
            return model_not_found(said)
        return ServerError(
            f"The server refused {path} with HTTP {status}: {said}.",
            "See the inputs against `client metadata`, and the server's log.",
        )

    def _error(self, error: HTTPError, path: str, waited: float) -> ClientError:
        reason = error.reason if isinstance(error, MaxRetryError) else error
        if isinstance(reason, SSLError):
            cause = reason.args[0] if reason.args else None
            if isinstance(cause, ssl.SSLCertVerificationError):
                return certificate_error(cause, self.dialled, self._host, self._ca)
        diagnosis = diagnose(
            self.dialled, self._host, self._ca, tls=self._tls, h2=False, waited=waited
        )
        if diagnosis is None and isinstance(reason, TimeoutError):
            return deadline_error(self.dialled, path, waited)
        return diagnosis or dead_channel(self.dialled, self._host, waited, str(reason))
