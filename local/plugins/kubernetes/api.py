"""Calls to a Kubernetes API server; nothing is asked before it is needed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx

from local.plugins.kubernetes.credentials import Credentials
from local.plugins.kubernetes.errors import ApiError, KindNotFoundError, UnreachableError
from local.plugins.kubernetes.kubeconfig import Kubeconfig, KubeconfigError

Object = dict[str, Any]
#: An API server answers within its own 60 s limit; a little more leaves the last word to it.
_TIMEOUT = httpx.Timeout(65, connect=10, pool=None)
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=32)
_APPLY = "application/apply-patch+yaml"
#: All groups with their kinds in one answer.
_AGGREGATED_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@dataclass(frozen=True)
class Resource:
    """How the API server names a kind: `plural` under `prefix` (`/api/v1`, `/apis/apps/v1`)."""

    prefix: str
    plural: str
    namespaced: bool


class Api:
    """One cluster, by a kubeconfig; connects and reads what kinds there are when first asked."""

    def __init__(self, config: Kubeconfig) -> None:
        self.config = config
        self._credentials = Credentials(config)
        self._client: httpx.AsyncClient | None = None
        self._groups: dict[str, dict[str, Resource]] = {}
        self._lock = asyncio.Lock()

    async def resource(self, api_version: str, kind: str) -> Resource:
        """How `kind` is reached; raises KindNotFoundError when the server does not serve it."""
        known = self._groups.get(api_version, {})
        if kind not in known:
            async with self._lock:
                known = self._groups.get(api_version, {})
                if kind not in known:
                    known = self._groups[api_version] = await self._discover(api_version)
        if kind not in known:
            raise KindNotFoundError(api_version, kind)
        return known[kind]

    async def _discover(self, api_version: str) -> dict[str, Resource]:
        prefix = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        try:
            listing = await self.request("GET", prefix)
        except ApiError as error:
            if error.not_found:
                return {}
            raise
        return {
            entry["kind"]: Resource(prefix, entry["name"], bool(entry["namespaced"]))
            for entry in listing.get("resources") or []
            if "/" not in entry["name"]
        }

    async def path(self, target: Object, *, collection: bool = False) -> str:
        """The path of `target`, by its apiVersion, kind and metadata."""
        resource = await self.resource(target["apiVersion"], target["kind"])
        metadata = target.get("metadata") or {}
        parts = [resource.prefix]
        if resource.namespaced:
            parts.append(f"namespaces/{metadata.get('namespace') or self.config.namespace}")
        parts.append(resource.plural)
        if not collection:
            parts.append(str(metadata["name"]))
        return "/".join(parts)

    async def capabilities(self) -> tuple[str, list[str]]:
        """The server's version (`v1.36.3`) and what it serves: `group/version` and, below it,
        `group/version/Kind`."""
        version = (await self.request("GET", "/version"))["gitVersion"]
        groups = await self.request("GET", "/apis", accept=_AGGREGATED_DISCOVERY)
        served = []
        for group in groups.get("items") or []:
            for entry in group.get("versions") or []:
                name = f"{group['metadata']['name']}/{entry['version']}"
                kinds = (kind["responseKind"]["kind"] for kind in entry.get("resources") or [])
                served += [name, *(f"{name}/{kind}" for kind in kinds)]
        return str(version), served

    async def get(self, target: Object) -> Object:
        return await self.request("GET", await self.path(target))

    async def create(self, body: Object, *, manager: str, dry_run: bool = False) -> Object:
        path, body = await self.path(body, collection=True), await self._placed(body)
        return await self.request("POST", path, _parameters(manager, dry_run), body)

    async def replace(self, body: Object, *, manager: str, dry_run: bool = False) -> Object:
        return await self.request("PUT", await self.path(body), _parameters(manager, dry_run), body)

    async def apply(
        self, body: Object, *, manager: str, force: bool, dry_run: bool = False
    ) -> Object:
        """Server-side apply of `body` as field manager `manager`."""
        parameters = {**_parameters(manager, dry_run), "force": "true" if force else "false"}
        path, body = await self.path(body), await self._placed(body)
        return await self.request("PATCH", path, parameters, body, content_type=_APPLY)

    async def _placed(self, body: Object) -> Object:
        """`body` without a namespace where its kind lives in none."""
        if (await self.resource(body["apiVersion"], body["kind"])).namespaced:
            return body
        metadata = {k: v for k, v in body["metadata"].items() if k != "namespace"}
        return {**body, "metadata": metadata}

    async def json_patch(self, target: Object, operations: list[Object]) -> Object:
        path = await self.path(target)
        return await self.request(
            "PATCH", path, {}, operations, content_type="application/json-patch+json"
        )

    async def delete(self, target: Object, *, propagation: str) -> Object:
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        return await self.request("DELETE", await self.path(target), {}, body)

    async def list(self, target: Object, **parameters: str) -> list[Object]:
        """The objects of `target`'s kind in its namespace (selectors as keyword arguments)."""
        path = await self.path(target, collection=True)
        return list((await self.request("GET", path, parameters)).get("items") or [])

    async def text(self, path: str, **parameters: str) -> str:
        """The plain text at `path`: a container's log."""
        response = await self._send("GET", path, parameters, None, {})
        return response.text

    async def watch(self, target: Object, *, seconds: int) -> AsyncIterator[Object]:
        """Events about `target` for at most `seconds`, the first about how it is now.

        A target without a name stands for all objects of its kind with its labels.
        """
        client = await self._connect()
        path = await self.path(target, collection=True)
        metadata = target["metadata"]
        parameters = {"watch": "true", "timeoutSeconds": str(seconds)}
        if name := metadata.get("name"):
            parameters["fieldSelector"] = f"metadata.name={name}"
        else:
            labels = metadata.get("labels") or {}
            parameters["labelSelector"] = ",".join(f"{k}={v}" for k, v in labels.items())
        try:
            async with client.stream(
                "GET",
                path,
                params=parameters,
                headers=self._credentials.headers(),
                timeout=httpx.Timeout(seconds + 30, connect=10),
            ) as response:
                if response.status_code >= 400:
                    raise _api_error(response.status_code, await response.aread())
                async for line in response.aiter_lines():
                    if line:
                        yield json.loads(line)
        except httpx.RemoteProtocolError:
            return  # The server closed the stream: whoever waits reads the object again.
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    async def request(
        self,
        method: str,
        path: str,
        parameters: dict[str, str] | None = None,
        body: Any = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Object:
        """One call; raises ApiError when refused and UnreachableError when nobody answers."""
        headers = {"Accept": accept}
        if body is not None:
            headers["Content-Type"] = content_type
        response = await self._send(method, path, parameters or {}, body, headers)
        answer: Object = response.json()
        if warnings := response.headers.get_list("warning"):
            answer[WARNINGS] = [warning.split('"')[1] for warning in warnings if '"' in warning]
        return answer

    async def _send(
        self,
        method: str,
        path: str,
        parameters: dict[str, str],
        body: Any,
        headers: dict[str, str],
    ) -> httpx.Response:
        client = await self._connect()
        headers = {**headers, **self._credentials.headers()}
        content = None if body is None else json.dumps(body).encode()
        for attempt in range(6):
            try:
                response = await client.request(
                    method, path, params=parameters, content=content, headers=headers
                )
            except httpx.HTTPError as error:
                raise self._unreachable(error) from error
            if response.status_code != 429 or attempt == 5:
                break
            # The server says when it wants to be asked again.
            await asyncio.sleep(float(response.headers.get("retry-after", "1")))
        if response.status_code >= 400:
            raise _api_error(response.status_code, response.content)
        return response

    async def _connect(self) -> httpx.AsyncClient:
        try:
            await self._credentials.prepare()
            if self._client is None:
                extensions_host = self.config.tls_server_name
                self._client = httpx.AsyncClient(
                    base_url=self.config.server,
                    verify=self._credentials.ssl_context(),
                    timeout=_TIMEOUT,
                    limits=_LIMITS,
                    proxy=self.config.proxy_url,
                    trust_env=True,
                    headers={"User-Agent": "slipway-resource-kubernetes"},
                    event_hooks={"request": [_server_name(extensions_host)]},
                )
        except KubeconfigError as error:
            raise UnreachableError(str(error)) from error
        return self._client

    def _unreachable(self, error: httpx.HTTPError) -> UnreachableError:
        said = str(error) or type(error).__name__
        return UnreachableError(
            f"{self.config.server} (context {self.config.context!r}) does not answer: {said}"
        )


#: The key under which `request` leaves the server's warnings in its answer.
WARNINGS = "__warnings"


def _server_name(name: str | None) -> Any:
    async def set_extension(request: httpx.Request) -> None:
        if name:
            request.extensions["sni_hostname"] = name

    return set_extension


def _parameters(manager: str, dry_run: bool) -> dict[str, str]:
    parameters = {"fieldManager": manager, "fieldValidation": "Warn"}
    if dry_run:
        parameters["dryRun"] = "All"
    return parameters


def _api_error(code: int, content: bytes) -> ApiError:
    try:
        status = json.loads(content)
    except ValueError:
        status = {"message": f"HTTP {code}: {content.decode(errors='replace').strip()[:500]}"}
    return ApiError(code, status if isinstance(status, dict) else {"message": str(status)})
