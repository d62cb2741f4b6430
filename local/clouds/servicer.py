"""`CloudServicer`: the gRPC service of a simulated cloud. It answers the engine from the SDK's types
and from an account in a directory."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from google.protobuf import empty_pb2

from local.clouds import ACCOUNT, SIMULATED, create_only, fake_values, refusals
from local.clouds.account import Account, Record
from local.clouds.checking import failures
from local.clouds.cloud import Cloud, NoCredentialsError
from local.clouds.fake_values import Facts
from local.clouds.inputs import give_name, keeps_name, own, plain_settings
from local.clouds.sdk import Resource, Sdk, UnknownToken
from local.plugins.diff import changes
from local.plugins.engine import Engine
from local.plugins.protocol import provider_pb2
from local.plugins.responses import checked, detailed_diff, some_or_none
from local.plugins.servicer import Context, ResourceServicer, refuse
from local.plugins.values import (
    UNKNOWN,
    Properties,
    Secret,
    contains_unknown,
    decode,
    encode,
    reveal,
)

_NO_API: Final = {"url": "https://simulated.invalid", "ca": "", "token": ""}


class CloudServicer(ResourceServicer):
    """One simulated cloud. It accepts what its SDK declares, keeps the resources in an account, and
    warns that they are simulated."""

    def __init__(self, engine: Engine, sdk: Sdk, cloud: Cloud) -> None:
        super().__init__(engine, sdk.version)
        self.name = cloud.name
        self._sdk, self._cloud = sdk, cloud
        directory = os.environ.get(ACCOUNT)
        self._account = Account(Path(directory) / cloud.name if directory else None)
        self._settings: Properties = {}

    async def CheckConfig(self, request: Any, context: Context) -> Any:
        await self._only_simulated(context)
        accepted = self._sdk.resource(f"pulumi:providers:{self.name}").inputs
        inputs = plain_settings(accepted, decode(request.news))
        return checked(request, failures(self._sdk, accepted, inputs))

    async def DiffConfig(self, request: Any, context: Context) -> Any:
        changed = changes(decode(request.old_inputs), decode(request.news))
        changed.pop("version", None)
        # Resources do not move to another region, project or account.
        replace = [path for path in changed if path in ("region", "project", "accountId")]
        return provider_pb2.DiffResponse(changes=some_or_none(changed), replaces=replace)

    async def Configure(self, request: Any, context: Context) -> Any:
        await self._only_simulated(context)
        accepted = self._sdk.resource(f"pulumi:providers:{self.name}").inputs
        self._settings = reveal(plain_settings(accepted, decode(request.args)))
        facts = self._facts()
        reason = self._cloud.allowed(self._settings, facts.account) if facts.authenticated else None
        if reason:
            await refuse(context, reason)
        await self.engine.warn("", f"{self.name} is simulated: nothing of this exists")
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=False
        )

    async def Check(self, request: Any, context: Context) -> Any:
        resource = await self._resource(request.urn, context)
        inputs = decode(request.news)
        give_name(resource, inputs, decode(request.olds), request.urn, request.randomSeed)
        wrong = failures(self._sdk, resource.inputs, inputs)
        for key in self._missing_place(resource, inputs):
            wrong.append((key, f"is neither here nor in {self.name}:{key}"))
        return checked(request, wrong, inputs)

    async def Diff(self, request: Any, context: Context) -> Any:
        resource = await self._resource(request.urn, context)
        inputs = decode(request.news)
        old, new = own(decode(request.old_inputs)), own(inputs)
        response = detailed_diff(
            request,
            changes(old, new),
            lambda keys: create_only.holds(resource.token, keys, old, new),
        )
        # Two resources cannot have the same name at once. A name that the plugin generated changes.
        response.deleteBeforeReplace = bool(response.replaces) and keeps_name(old, inputs)
        return response

    async def Create(self, request: Any, context: Context) -> Any:
        resource = await self._resource(request.urn, context)
        inputs = decode(request.properties)
        if request.preview:
            state = self._outputs(resource, inputs, "", None)
            return provider_pb2.CreateResponse(properties=encode(state))
        if not self._account.writable:
            await refuse(
                context,
                f"{self.name} is simulated and takes previews only: nothing can be made here. "
                "Run `pulumi up` with your own engine home and credentials",
            )
        with self._account.open():
            stamp = self._account.stamp(request.urn)
            known = reveal(inputs)
            kind = self._cloud.kinds.get(resource.token)
            resource_id = fake_values.identifier(kind, self._facts(), known, stamp)
            state = self._outputs(resource, inputs, stamp, resource_id)
            record = Record(
                resource.token, resource_id, request.urn, stamp, own(known), reveal(state)
            )
            await self._unless(
                refusals.of_creation(record, self._cloud, self._account), "create", record, context
            )
            self._account.apply("create", record)
        return provider_pb2.CreateResponse(id=resource_id, properties=encode(state))

    async def Update(self, request: Any, context: Context) -> Any:
        resource = await self._resource(request.urn, context)
        inputs = decode(request.news)
        if request.preview:
            old, state = decode(request.olds), self._outputs(resource, inputs, "", None)
            for name, value in state.items():
                if not contains_unknown(inputs.get(name)):
                    state[name] = fake_values.kept(old.get(name), value)
            return provider_pb2.UpdateResponse(properties=encode(state))
        with self._account.open():
            existing = self._account.find(resource.token, request.id)
            if existing is None:
                await refuse(context, f"{resource.token} {request.id} is not there")
            state = self._outputs(resource, inputs, existing.stamp, request.id)
            record = Record(
                existing.type,
                existing.id,
                request.urn,
                existing.stamp,
                own(reveal(inputs)),
                reveal(state),
            )
            fault = self._account.fault("update", resource.token)
            await self._unless(fault, "update", record, context)
            self._account.apply("update", record)
        return provider_pb2.UpdateResponse(properties=encode(state))

    async def Read(self, request: Any, context: Context) -> Any:
        resource = await self._resource(request.urn, context)
        with self._account.open():
            existing = self._account.find(resource.token, request.id)
        if existing is not None:
            return provider_pb2.ReadResponse(
                id=existing.id,
                inputs=encode(existing.inputs),
                properties=encode(existing.outputs),
            )
        if request.properties.fields:
            return provider_pb2.ReadResponse()  # a refresh of a resource that was deleted
        # A resource that the stack did not make is assumed to exist.
        state = self._outputs(resource, {}, request.id.encode().hex().ljust(64, "0"), request.id)
        return provider_pb2.ReadResponse(id=request.id, properties=encode(state))

    async def Delete(self, request: Any, context: Context) -> Any:
        resource = await self._resource(request.urn, context)
        with self._account.open():
            existing = self._account.find(resource.token, request.id)
            if existing is not None:
                await self._unless(
                    refusals.of_deletion(existing, self._cloud, self._account),
                    "delete",
                    existing,
                    context,
                )
                self._account.apply("delete", existing)
        return empty_pb2.Empty()

    async def Invoke(self, request: Any, context: Context) -> Any:
        await self._only_simulated(context)
        try:
            function = self._sdk.function(request.tok)
        except UnknownToken as error:
            await refuse(context, str(error))
        arguments = decode(request.args)
        wrong = failures(self._sdk, function.inputs, arguments)
        if wrong:
            return provider_pb2.InvokeResponse(
                failures=[provider_pb2.CheckFailure(property=p, reason=r) for p, r in wrong]
            )
        simulated = self._cloud.functions.get(request.tok)
        if simulated is None:
            await refuse(
                context,
                f"function {request.tok} is not answered by the simulated {self.name}: add it to "
                f"local/clouds/{self.name}.py",
            )
        if contains_unknown(arguments):
            return provider_pb2.InvokeResponse(
                **{"return": encode(dict.fromkeys(function.outputs, UNKNOWN))}
            )
        known = reveal(arguments)
        try:
            answer = simulated(known, self._facts())
        except NoCredentialsError as error:
            await refuse(context, str(error))
        result = fake_values.result(self._sdk, function.outputs, known, answer)
        return provider_pb2.InvokeResponse(**{"return": encode(result)})

    async def _only_simulated(self, context: Context) -> None:
        if os.environ.get(SIMULATED) != "1":
            await refuse(
                context,
                f"this {self.name} plugin is simulated and works under `make preview` and in "
                f"Slipway's tests alone ({SIMULATED} is not set)",
            )

    async def _resource(self, urn: str, context: Context) -> Resource:
        try:
            return self._sdk.resource(urn.split("::")[2].rpartition("$")[2])
        except UnknownToken as error:
            await refuse(context, str(error))

    async def _unless(self, reason: str | None, op: str, record: Record, context: Context) -> None:
        if reason is not None:
            self._account.note(f"refused {op}", record.type, record.urn, record.id, reason)
            await refuse(context, reason)

    def _outputs(
        self, resource: Resource, inputs: Properties, stamp: str, resource_id: str | None
    ) -> Properties:
        """The outputs of a resource. Secret inputs are secret outputs, too."""
        plain = {key: reveal(value) for key, value in inputs.items()}
        state = fake_values.outputs(
            self._sdk,
            resource.outputs,
            self._cloud.kinds.get(resource.token),
            self._facts(),
            plain,
            stamp,
            resource_id,
        )
        if "tagsAll" in resource.outputs and isinstance(plain.get("tags", {}), dict):
            defaults = (self._settings.get("defaultTags") or {}).get("tags") or {}
            state["tagsAll"] = {**defaults, **(plain.get("tags") or {})}
        for key, value in inputs.items():
            if isinstance(value, Secret) and key in state:
                state[key] = Secret(state[key])
        return state

    def _facts(self) -> Facts:
        api = self._account.api() or _NO_API
        return Facts(
            region=str(self._settings.get("region") or ""),
            project=str(self._settings.get("project") or ""),
            account=self._account.id_of_profile(self._settings.get("profile"), self._cloud.account),
            authenticated=self._account.writable,
            api={
                "url": api["url"],
                "host": urlsplit(api["url"]).netloc,
                "ca": base64.b64encode(api["ca"].encode()).decode(),
            },
        )

    def _missing_place(self, resource: Resource, inputs: Mapping[str, Any]) -> list[str]:
        """The region or project, if neither the resource nor the provider has it."""
        key = self._cloud.place
        place = inputs.get(key) or self._settings.get(key)
        # All resources need a region, and only those with the input need a project.
        return [] if place or (key == "project" and key not in resource.inputs) else [key]
