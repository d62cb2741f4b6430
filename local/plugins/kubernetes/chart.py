"""`kubernetes:helm.sh/v4:Chart`: a component whose children are the objects of a chart."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import grpc.aio

from local.plugins.engine import CHANNEL_OPTIONS, Engine
from local.plugins.kubernetes import helm
from local.plugins.kubernetes.annotations import SKIP_AWAIT
from local.plugins.kubernetes.errors import ApiError, KindNotFoundError, UnreachableError
from local.plugins.kubernetes.kinds import group_of, is_custom_resource_definition, is_namespaced
from local.plugins.kubernetes.provider import Provider
from local.plugins.protocol import provider_pb2, resource_pb2, resource_pb2_grpc
from local.plugins.values import (
    RESOURCE,
    SIGNATURE,
    UNKNOWN,
    Properties,
    Secret,
    contains_unknown,
    decode,
    encode,
    reveal,
)

Object = dict[str, Any]
TOKEN: Final = "kubernetes:helm.sh/v4:Chart"
_DEPENDS_ON: Final = "config.kubernetes.io/depends-on"
_RESOURCE_POLICY: Final = "helm.sh/resource-policy"


async def construct(request: Any, provider: Provider, engine: Engine, version: str) -> Any:
    """Registers the component, renders its chart and registers what it renders.

    Raises ChartError when the chart cannot be rendered.
    """
    channel = grpc.aio.insecure_channel(request.monitorEndpoint, options=CHANNEL_OPTIONS)
    async with channel:
        monitor = resource_pb2_grpc.ResourceMonitorStub(channel)
        urn = await _register_component(monitor, request)
        inputs: Properties = reveal(decode(request.inputs))
        response = provider_pb2.ConstructResponse(urn=urn)
        if contains_unknown(inputs):
            await engine.warn(urn, "Input properties have unknown values. Preview is incomplete.")
            response.state.CopyFrom(encode({"resources": UNKNOWN}))
        else:
            objects = await _objects(inputs, request.name, provider)
            children = _Children(monitor, request, urn, inputs, version, engine)
            response.state.CopyFrom(encode({"resources": await children.register(objects)}))
        await monitor.RegisterResourceOutputs(
            resource_pb2.RegisterResourceOutputsRequest(urn=urn, outputs=encode({}))
        )
        return response


async def _register_component(monitor: Any, request: Any) -> str:
    message = resource_pb2.RegisterResourceRequest(
        type=request.type,
        name=request.name,
        parent=request.parent,
        protect=request.protect,
        providers=request.providers,
        dependencies=request.dependencies,
        aliases=request.aliases,
        acceptSecrets=True,
        acceptResources=True,
        supportsPartialValues=True,
        aliasSpecs=True,
    )
    return str((await monitor.RegisterResource(message)).urn)


async def _objects(inputs: Properties, name: str, provider: Provider) -> list[Object]:
    settings = provider.settings
    capabilities = await _capabilities(provider)
    objects = await helm.render(inputs.get("name") or name, inputs, settings, capabilities)
    namespace = inputs.get("namespace") or settings.namespace
    for one in objects:
        if (
            namespace
            and not one["metadata"].get("namespace")
            and await _lives_in_namespace(one, objects, provider, bool(capabilities))
        ):
            one["metadata"]["namespace"] = namespace
        if inputs.get("skipAwait"):
            annotations = one["metadata"].get("annotations") or {}
            one["metadata"]["annotations"] = {**annotations, SKIP_AWAIT: "true"}
    return objects


async def _capabilities(provider: Provider) -> tuple[str, list[str]] | None:
    """What the cluster can do; None when it cannot be asked (a preview before it is there)."""
    try:
        return await provider.api().capabilities()
    except (ApiError, UnreachableError):
        return None


async def _lives_in_namespace(
    one: Object, objects: list[Object], provider: Provider, reachable: bool
) -> bool:
    known = is_namespaced(one["apiVersion"], one["kind"])
    if known is not None:
        return known
    for other in filter(is_custom_resource_definition, objects):
        if _defines(other, one):
            return bool(other["spec"].get("scope") == "Namespaced")
    try:
        return (
            reachable and (await provider.api().resource(one["apiVersion"], one["kind"])).namespaced
        )
    except (ApiError, KindNotFoundError):
        return False


def _defines(definition: Object, one: Object) -> bool:
    spec = definition["spec"]
    return bool(
        spec["group"] == group_of(one["apiVersion"]) and spec["names"]["kind"] == one["kind"]
    )


class _Children:
    """Registers objects as children of a chart, each after what it depends on."""

    def __init__(
        self, monitor: Any, request: Any, urn: str, inputs: Properties, version: str, engine: Engine
    ) -> None:
        self._monitor = monitor
        self._request = request
        self._urn = urn
        self._version = version
        self._engine = engine
        prefix = inputs.get("resourcePrefix")
        self._prefix = request.name if prefix is None else str(prefix)

    async def register(self, objects: list[Object]) -> list[Properties]:
        """References to the registered resources, in the order of `objects`."""
        tasks: dict[int, asyncio.Future[Properties]] = {}
        needs = {index: _dependencies(one, objects) for index, one in enumerate(objects)}

        async def one(index: int) -> Properties:
            urns = [(await tasks[need])["urn"] for need in needs[index]]
            return await self._register(objects[index], urns)

        for index in range(len(objects)):
            tasks[index] = asyncio.ensure_future(one(index))
        try:
            return list(await asyncio.gather(*tasks.values()))
        finally:
            for task in tasks.values():
                task.cancel()

    async def _register(self, one: Object, dependencies: list[str]) -> Properties:
        metadata = one["metadata"]
        name = "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
        group, _, version = one["apiVersion"].rpartition("/")
        properties: Properties = dict(one)
        if (one["apiVersion"], one["kind"]) == ("v1", "Secret"):
            for field in ("data", "stringData"):
                if properties.get(field) is not None:
                    properties[field] = Secret(properties[field])
        provider = self._request.providers.get("kubernetes", "")
        message = resource_pb2.RegisterResourceRequest(
            type=f"kubernetes:{group or 'core'}/{version}:{one['kind']}",
            name=f"{self._prefix}:{name}" if self._prefix else name,
            parent=self._urn,
            custom=True,
            object=encode(properties),
            protect=self._request.protect,
            dependencies=dependencies,
            provider=provider,
            version=self._version,
            acceptSecrets=True,
            acceptResources=True,
            supportsPartialValues=True,
            aliasSpecs=True,
        )
        policy = (metadata.get("annotations") or {}).get(_RESOURCE_POLICY)
        if policy == "keep":
            message.retainOnDelete = True
        elif policy:
            await self._engine.warn(self._urn, f"Unsupported Helm resource policy {policy!r}")
        answer = await self._monitor.RegisterResource(message)
        return {
            SIGNATURE: RESOURCE,
            "urn": answer.urn,
            "id": answer.id or UNKNOWN,
            "packageVersion": self._version,
        }


def _dependencies(one: Object, objects: list[Object]) -> list[int]:
    """Indices of the objects that come before `one`: its definition, its namespace, and what its
    `depends-on` annotation names (`<group>/namespaces/<ns>/<Kind>/<name>`, commas between)."""
    metadata = one["metadata"]
    named = (metadata.get("annotations") or {}).get(_DEPENDS_ON, "")
    wanted = {reference.strip() for reference in named.split(",") if reference.strip()}
    found = []
    for index, other in enumerate(objects):
        if other is one:
            continue
        is_home = (other["apiVersion"], other["kind"]) == ("v1", "Namespace") and other["metadata"][
            "name"
        ] == metadata.get("namespace")
        defines = is_custom_resource_definition(other) and _defines(other, one)
        if is_home or defines or _reference(other) in wanted:
            found.append(index)
    return found


def _reference(one: Object) -> str:
    namespace = one["metadata"].get("namespace")
    place = f"namespaces/{namespace}/" if namespace else ""
    return f"{group_of(one['apiVersion'])}/{place}{one['kind']}/{one['metadata']['name']}"
