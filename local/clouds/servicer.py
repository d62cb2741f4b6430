"""The gRPC side of a simulated cloud: the engine's questions, answered from the SDK's types and an
account in a directory."""

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
from local.plugins.diff import Change, changes, split
from local.plugins.engine import Engine
from local.plugins.protocol import provider_pb2
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

_NOWHERE: Final = {"url": "https://simulated.invalid", "ca": "", "token": ""}


class CloudServicer(ResourceServicer):
    """One cloud: it takes what its SDK has, keeps an account, and says that it is simulated."""

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
        given = plain_settings(accepted, decode(request.news))
        return _checked(request, failures(self._sdk, accepted, given))

    async def DiffConfig(self, request: Any, context: Context) -> Any:
        found = changes(decode(request.old_inputs), decode(request.news))
        found.pop("version", None)
        # Another region or project is another place: nothing there is what was here.
        replace = [path for path in found if path in ("region", "project", "accountId")]
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME
            if found
            else provider_pb2.DiffResponse.DIFF_NONE,
            replaces=replace,
        )

    async def Configure(self, request: Any, context: Context) -> Any:
        await self._only_simulated(context)
        accepted = self._sdk.resource(f"pulumi:providers:{self.name}").inputs
        self._settings = reveal(plain_settings(accepted, decode(request.args)))
        facts = self._facts()
        refused = (
            self._cloud.allowed(self._settings, facts.account) if facts.authenticated else None
        )
        if refused:
            await refuse(context, refused)
        await self.engine.warn("", f"{self.name} is simulated: nothing of this exists")
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=False
        )

    async def Check(self, request: Any, context: Context) -> Any:
        resource = await self._resource(request.urn, context)
        given = decode(request.news)
        give_name(resource, given, decode(request.olds), request.urn, request.randomSeed)
        found = failures(self._sdk, resource.inputs, given)
        for key in self._unplaced(resource, given):
            found.append((key, f"is neither here nor in {self.name}:{key}"))
        return _checked(request, found, given)

    async def Diff(self, request: Any, context: Context) -> Any:
        resource = await self._resource(request.urn, context)
        given = decode(request.news)
        old, new = own(decode(request.old_inputs)), own(given)
        ignored = {tuple(split(path) or ()) for path in request.ignoreChanges}
        plain = provider_pb2.PropertyDiff
        kinds = {
            Change.ADD: (plain.ADD, plain.ADD_REPLACE),
            Change.DELETE: (plain.DELETE, plain.DELETE_REPLACE),
            Change.UPDATE: (plain.UPDATE, plain.UPDATE_REPLACE),
        }
        response = provider_pb2.DiffResponse(hasDetailedDiff=True)
        for path, change in changes(old, new).items():
            keys = tuple(split(path) or ())
            if any(keys[: len(prefix)] == prefix for prefix in ignored):
                continue
            replace = create_only.holds(resource.token, keys, old, new)
            response.detailedDiff[path].CopyFrom(plain(kind=kinds[change][replace], inputDiff=True))
            if replace:
                response.replaces.append(path)
        # Two of one name cannot be there at once; a name that the plugin gave is given anew.
        response.deleteBeforeReplace = bool(response.replaces) and keeps_name(old, given)
        some = provider_pb2.DiffResponse.DIFF_SOME
        none = provider_pb2.DiffResponse.DIFF_NONE
        response.changes = some if response.detailedDiff else none
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
            self._account.keep("create", record)
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
            there = self._account.find(resource.token, request.id)
            if there is None:
                await refuse(context, f"{resource.token} {request.id} is not there")
            state = self._outputs(resource, inputs, there.stamp, request.id)
            record = Record(
                there.type,
                there.id,
                request.urn,
                there.stamp,
                own(reveal(inputs)),
                reveal(state),
            )
            fault = self._account.fault("update", resource.token)
            await self._unless(fault, "update", record, context)
            self._account.keep("update", record)
        return provider_pb2.UpdateResponse(properties=encode(state))

    async def Read(self, request: Any, context: Context) -> Any:
        resource = await self._resource(request.urn, context)
        with self._account.open():
            there = self._account.find(resource.token, request.id)
        if there is not None:
            return provider_pb2.ReadResponse(
                id=there.id, inputs=encode(there.inputs), properties=encode(there.outputs)
            )
        if request.properties.fields:
            return provider_pb2.ReadResponse()  # it was in the state, and is gone
        # Something that others made: it is taken at its word.
        state = self._outputs(resource, {}, request.id.encode().hex().ljust(64, "0"), request.id)
        return provider_pb2.ReadResponse(id=request.id, properties=encode(state))

    async def Delete(self, request: Any, context: Context) -> Any:
        resource = await self._resource(request.urn, context)
        with self._account.open():
            there = self._account.find(resource.token, request.id)
            if there is not None:
                await self._unless(
                    refusals.of_deletion(there, self._cloud, self._account),
                    "delete",
                    there,
                    context,
                )
                self._account.keep("delete", there)
        return empty_pb2.Empty()

    async def Invoke(self, request: Any, context: Context) -> Any:
        await self._only_simulated(context)
        try:
            function = self._sdk.function(request.tok)
        except UnknownToken as error:
            await refuse(context, str(error))
        given = decode(request.args)
        found = failures(self._sdk, function.inputs, given)
        if found:
            return provider_pb2.InvokeResponse(
                failures=[provider_pb2.CheckFailure(property=p, reason=r) for p, r in found]
            )
        answer = self._cloud.functions.get(request.tok)
        if answer is None:
            await refuse(
                context,
                f"function {request.tok} is not answered by the simulated {self.name}: add it to "
                f"local/clouds/{self.name}.py",
            )
        if contains_unknown(given):
            return provider_pb2.InvokeResponse(
                **{"return": encode(dict.fromkeys(function.outputs, UNKNOWN))}
            )
        known = reveal(given)
        try:
            told = answer(known, self._facts())
        except NoCredentialsError as error:
            await refuse(context, str(error))
        result = fake_values.answer(self._sdk, function.outputs, known, told)
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
        """The state of a resource. What is secret in its inputs is so in its outputs."""
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
        api = self._account.api() or _NOWHERE
        return Facts(
            region=str(self._settings.get("region") or ""),
            project=str(self._settings.get("project") or ""),
            account=self._account.of_profile(self._settings.get("profile"), self._cloud.account),
            authenticated=self._account.writable,
            api={
                "url": api["url"],
                "host": urlsplit(api["url"]).netloc,
                "ca": base64.b64encode(api["ca"].encode()).decode(),
            },
        )

    def _unplaced(self, resource: Resource, given: Mapping[str, Any]) -> list[str]:
        """What says where a resource is, and is said nowhere."""
        key = self._cloud.place
        said = given.get(key) or self._settings.get(key)
        # A region is asked for before anything else; a project, where a resource is in one.
        return [] if said or (key == "project" and key not in resource.inputs) else [key]


def _checked(request: Any, found: list[tuple[str, str]], inputs: Properties | None = None) -> Any:
    return provider_pb2.CheckResponse(
        inputs=request.news if inputs is None else encode(inputs),
        failures=[
            provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in found
        ],
    )
