"""A mocked engine, which creates nothing and records what a program registers."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.stack import wait_for_rpcs

# The SDK keeps one root resource per process, which belongs to one event loop.
_LOOP = asyncio.new_event_loop()
ADDRESS = "203.0.113.7"
CHART = "kubernetes:helm.sh/v4:Chart"
#: The one object of every chart.
CHART_SERVICE = "slipway-gateway/ingress-nginx-controller"
_SERVICE = "kubernetes:core/v1:Service"


@dataclass
class Resource:
    """One registration, as the program sent it."""

    type: str
    name: str
    urn: str
    parent: str
    provider: str
    custom: bool
    delete_before_replace: bool
    inputs: dict[str, Any]
    dependencies: list[str]
    secret_outputs: list[str]
    version: str
    read: bool
    create_timeout: str = ""
    protect: bool = False
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    error_hooks: list[str] = field(default_factory=list)
    aliases: list[tuple[str, str]] = field(default_factory=list, compare=False)
    """Name and type of each alias."""
    outputs: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.type.rpartition(":")[2]


@dataclass
class Recording:
    """What a program registered and returned."""

    resources: list[Resource]
    outputs: dict[str, Any]
    warnings: list[str]
    notes: list[str]
    secret_outputs: set[str]

    def of(self, kind: str, name: str | None = None) -> list[Resource]:
        return [
            each
            for each in self.resources
            if each.kind == kind and (name is None or each.name == name)
        ]

    def of_package(self, package: str) -> list[Resource]:
        return [each for each in self.resources if each.type.startswith(f"{package}:")]

    def one(self, kind: str, name: str | None = None) -> Resource:
        found = self.of(kind, name)
        assert len(found) == 1, f"{kind} {name}: {[each.name for each in found]}"
        return found[0]

    def needs(self, resource: Resource) -> set[str]:
        """The names of all resources that `resource` depends on, directly or indirectly."""
        by_urn = {each.urn: each for each in self.resources}
        reached: set[str] = set()
        waiting = list(resource.dependencies)
        while waiting:
            urn = waiting.pop()
            if urn in by_urn and urn not in reached:
                reached.add(urn)
                waiting += by_urn[urn].dependencies
        return {by_urn[urn].name for urn in reached}


class _Monitor(mocks.MockMonitor):
    """Records what `MockResourceArgs` omits: parents, dependencies, replacement."""

    def __init__(self, answers: mocks.Mocks) -> None:
        super().__init__(answers)
        self.registered: list[Resource] = []

    def RegisterResource(self, request: Any) -> Any:
        response = super().RegisterResource(request)
        if request.type == CHART:
            self._render(response)
        self.registered.append(
            Resource(
                type=request.type,
                name=request.name,
                urn=response.urn,
                parent=request.parent,
                provider=request.provider,
                custom=request.custom,
                delete_before_replace=request.deleteBeforeReplace,
                inputs=rpc.deserialize_properties(request.object, keep_unknowns=True) or {},
                dependencies=list(request.dependencies),
                aliases=[(each.spec.name, each.spec.type) for each in request.aliases],
                secret_outputs=list(request.additionalSecretOutputs),
                version=request.version,
                read=False,
                create_timeout=request.customTimeouts.create,
                protect=request.protect,
                ignore_changes=list(request.ignoreChanges),
                replace_on_changes=list(request.replaceOnChanges),
                error_hooks=list(request.hooks.on_error),
            )
        )
        return response

    def ReadResource(self, request: Any) -> Any:
        response = super().ReadResource(request)
        self.registered.append(
            Resource(
                type=request.type,
                name=request.name,
                urn=response.urn,
                parent=request.parent,
                provider=request.provider,
                custom=True,
                delete_before_replace=False,
                inputs={"id": request.id, **(rpc.deserialize_properties(request.properties) or {})},
                dependencies=list(request.dependencies),
                secret_outputs=list(request.additionalSecretOutputs),
                version=request.version,
                read=True,
            )
        )
        return response

    def _render(self, chart: Any) -> None:
        """Return the chart's Service as the engine does: by a reference."""
        urn = self.make_urn(chart.urn, _SERVICE, CHART_SERVICE)
        args = mocks.MockResourceArgs(_SERVICE, CHART_SERVICE, {}, None, None)
        self.resources[urn] = self.ResourceRegistration(urn, *self.mocks.new_resource(args))
        chart.object["resources"] = [
            {
                rpc._special_sig_key: rpc._special_resource_sig,
                "urn": urn,
                "type": _SERVICE,
                "name": CHART_SERVICE,
            }
        ]


class Cloud:
    """A cloud without outputs and results of its own. Subclasses simulate one."""

    def outputs_of(self, type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """Outputs of a resource, in addition to its inputs."""
        return {}

    def result_of(self, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The result of a function."""
        return {}


class _Answers(mocks.Mocks):
    """Responds like a cluster, with auto-names and an address for load balancers."""

    def __init__(self, address: dict[str, str], cloud: Cloud) -> None:
        self._address, self._cloud = address, cloud

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        state = dict(args.inputs)
        if args.typ.startswith("kubernetes:"):
            metadata = dict(state.get("metadata") or {})
            metadata.setdefault("name", f"{args.name}-1a2b3c4d")
            state["metadata"] = metadata
        if args.typ == "pulumi:pulumi:StackReference":
            state["outputs"] = {}
        if args.typ == _SERVICE:
            state["status"] = {"loadBalancer": {"ingress": [self._address]}}
        if args.typ == "tls:index/privateKey:PrivateKey":
            state["privateKeyPem"] = "KEY"
        if args.typ == "tls:index/selfSignedCert:SelfSignedCert":
            state["certPem"] = "CERTIFICATE"
        state |= self._cloud.outputs_of(args.typ, args.name, state)
        return args.resource_id or f"{args.name}-id", state

    def call(self, args: mocks.MockCallArgs) -> dict[Any, Any]:
        return self._cloud.result_of(args.token, dict(args.args))


class _Log(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []
        self.notes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        lines = self.notes if record.levelno == logging.INFO else self.warnings
        lines.append(record.getMessage())


def run(
    program: Callable[[], dict[str, Any]],
    config: dict[str, Any],
    *,
    secret_keys: tuple[str, ...] = (),
    preview: bool = False,
    address: dict[str, str] | None = None,
    cloud: Cloud | None = None,
) -> Recording:
    """Run `program` with `config`, whose keys without a namespace belong to `slipway:`."""
    log, logger = _Log(), logging.getLogger("slipway-test-engine")
    logger.handlers, logger.propagate = [log], False
    logger.setLevel(logging.INFO)
    asyncio.set_event_loop(_LOOP)
    monitor = _Monitor(_Answers(address or {"ip": ADDRESS}, cloud or Cloud()))
    pulumi.runtime.set_mocks(
        monitor.mocks,
        project="slipway",
        stack="dev",
        organization="organization",  # the name in a backend that has no organizations
        preview=preview,
        logger=logger,
        monitor=monitor,
    )
    pulumi.runtime.set_all_config(
        {
            key if ":" in key else f"slipway:{key}": value
            if isinstance(value, str)
            else json.dumps(value)
            for key, value in config.items()
        },
        [key if ":" in key else f"slipway:{key}" for key in secret_keys],
    )
    outputs: dict[str, Any] = {}
    secret: set[str] = set()

    async def everything() -> None:
        for name, value in program().items():
            output = pulumi.Output.from_input(value)
            outputs[name] = await output.future(with_unknowns=True)
            if await output.is_secret():
                secret.add(name)
        await wait_for_rpcs()

    try:
        _LOOP.run_until_complete(everything())
    finally:
        # The next program must not wait for the outputs of one that failed.
        settings.SETTINGS.outputs.clear()
    return Recording(monitor.registered, outputs, log.warnings, log.notes, secret)
