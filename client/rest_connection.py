"""One kept HTTP connection to a model's REST API: TLS, limits, and errors in words."""

import json
import ssl
import time
import urllib.parse
from typing import Any, Self

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError, SSLError, TimeoutError

from client.answers import deadline_error, gateway_error, model_not_found, too_large_error
from client.diagnosis import certificate_error, dead_channel, diagnose, split_address
from client.endpoint import RestAddress
from client.errors import ClientError, ServerError
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
        common: dict[str, Any] = {"port": port, "retries": _RETRIES, "maxsize": 4}
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
        payload = None if body is None else json.dumps(body).encode()
        if payload is not None and len(payload) > self.limits.message_bytes:
            raise too_large_error(f"{len(payload)} bytes of JSON", self.limits.message_bytes)
        started = time.monotonic()
        try:
            response = self._pool.request(
                "GET" if body is None else "POST",
                path,
                body=payload,
                headers={"Host": self._netloc, "Content-Type": "application/json"},
                timeout=urllib3.Timeout(connect=min(self.limits.connect, deadline), total=deadline),
            )
        except HTTPError as error:
            raise self._error(error, path, time.monotonic() - started) from error
        return self._answer(response.status, response.data, path)

    def _answer(self, status: int, data: bytes, path: str) -> Any:
        if len(data) > self.limits.message_bytes:
            raise too_large_error(f"an answer of {len(data)} bytes", self.limits.message_bytes)
        try:
            answer = json.loads(data)
        except ValueError:
            answer = None
        if status == 200 and answer is not None:
            return answer
        said = answer.get("error") if isinstance(answer, dict) else None
        if said is None:
            raise gateway_error(status, self.dialled, path)
        said = str(said).strip().rstrip(".")
        if status == 404:
            raise model_not_found(said)
        raise ServerError(
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
