"""A small client of the API server for the cluster's own parts, on the standard library."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
from collections.abc import Iterator
from typing import Any

from local.cluster.spec import API_PORT, ClusterSpec

Object = dict[str, Any]


class ApiError(Exception):
    """The API server refused a request; `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Api:
    """Calls with one of the cluster's client certificates. Not shared between threads."""

    def __init__(self, spec: ClusterSpec, user: str, timeout: float = 10.0) -> None:
        pki = spec.certificates
        self._host = spec.network.node_ip
        self._timeout = timeout
        self._tls = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        self._tls.load_cert_chain(pki / f"{user}.crt", pki / f"{user}.key")

    def _send(
        self, method: str, path: str, body: Object | None, kind: str, timeout: float
    ) -> http.client.HTTPResponse:
        connection = http.client.HTTPSConnection(
            self._host, API_PORT, timeout=timeout, context=self._tls
        )
        data = None if body is None else json.dumps(body)
        connection.request(method, path, body=data, headers={"Content-Type": kind})
        response = connection.getresponse()
        if response.status >= 400:
            text = response.read().decode(errors="replace")
            # A plain-text answer, such as that of /readyz, is the message itself.
            with contextlib.suppress(ValueError):
                text = json.loads(text).get("message", text)
            raise ApiError(response.status, text)
        return response

    def call(
        self, method: str, path: str, body: Object | None = None, kind: str = "application/json"
    ) -> Object:
        text = self._send(method, path, body, kind, self._timeout).read()
        return json.loads(text) if text.startswith(b"{") else {"text": text.decode()}

    def apply(self, path: str, body: Object) -> Object:
        """Server-side apply of `body` at `path`."""
        query = "?fieldManager=slipway-local&force=true"
        return self.call("PATCH", path + query, body, "application/apply-patch+yaml")

    def merge(self, path: str, body: Object) -> Object:
        return self.call("PATCH", path, body, "application/merge-patch+json")

    def list(self, path: str) -> tuple[list[Object], str]:
        """The objects under `path`, and the resource version at which to start a watch."""
        listed = self.call("GET", path)
        return listed["items"], listed["metadata"]["resourceVersion"]

    def watch(self, path: str, version: str) -> Iterator[Object]:
        """Each object under `path` that changes after `version`; a deleted one has the key
        `deleted`. Ends when the server closes the watch, after minutes; then list again."""
        query = f"?watch=1&resourceVersion={version}&timeoutSeconds=300"
        response = self._send("GET", path + query, None, "application/json", 330.0)
        for line in response:
            event = json.loads(line)
            if event["type"] == "ERROR":
                return
            if event["type"] != "DELETED":
                yield event["object"]
            else:
                yield {**event["object"], "deleted": True}
