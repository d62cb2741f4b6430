"""Reads a stack's outputs from a file, from stdin or from `pulumi`."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from client.endpoint import Endpoint, GrpcAddress, RestAddress, Stack
from client.errors import OutputsError, UnknownModelError

_DEFAULT_STACK = "dev"
_PULUMI_TIMEOUT = 60  # seconds; a state backend in a cloud may need several
_REFRESH = "Refresh them with `pulumi up`, or point to other ones with --outputs or --stack."


def load_outputs(source: str | None, stack: str | None) -> Stack:
    """The stack from `source`: a file with the JSON of `pulumi stack output --json`, or "-" for stdin.
    Without `source`, `pulumi` reads the outputs of `stack`, of the selected stack, or of "dev".

    Raises OutputsError.
    """
    if source is None:
        return parse_outputs(_decode(_pulumi_output(stack), "`pulumi stack output --json`"))
    if source == "-":
        return parse_outputs(_decode(sys.stdin.read(), "stdin"))
    try:
        text = Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OutputsError(
            f"The stack outputs in {source} cannot be read: {error}.",
            "Write them with `pulumi stack output --json > FILE`.",
        ) from error
    return parse_outputs(_decode(text, source))


def parse_outputs(outputs: Mapping[str, Any]) -> Stack:
    """The stack in `outputs`, the parsed `pulumi stack output --json`. Raises OutputsError."""
    models = _get(outputs, "endpoints", dict, "endpoints")
    gateway = outputs.get("gateway") or {}
    ca = _get(gateway, "ca_certificate", str, "gateway.ca_certificate", optional=True)
    largest = _get(gateway, "message_bytes", int, "gateway.message_bytes", optional=True)
    longest = _get(gateway, "deadline_seconds", int, "gateway.deadline_seconds", optional=True)
    endpoints = {
        model: _endpoint(model, value, largest, longest) for model, value in models.items()
    }
    return Stack(endpoints=endpoints, ca_certificate=ca)


def find_endpoint(stack: Stack, model: str) -> Endpoint:
    """The endpoint of `model`. Raises UnknownModelError with the names of the stack's models."""
    try:
        return stack.endpoints[model]
    except KeyError:
        known = ", ".join(sorted(stack.endpoints)) or "none"
        raise UnknownModelError(
            f"The stack has no model {model!r}; its models are: {known}.",
            "Use one of these, or add it under slipway:models and run `pulumi up`.",
        ) from None


def run_pulumi(arguments: list[str], stack: str | None) -> str:
    """stdout of `pulumi <arguments>` for `stack`, else for the selected stack, else for "dev".

    Raises OutputsError with the last line of pulumi's stderr.
    """
    command = ["pulumi", "--non-interactive", *_directory(), *arguments]
    done = _run([*command, "--stack", stack] if stack else command)
    if done.returncode and not stack and "no stack selected" in done.stderr.lower():
        stack = _DEFAULT_STACK
        done = _run([*command, "--stack", stack])
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["nothing"]
        raise OutputsError(
            f"`pulumi {' '.join(arguments)}` failed for {_named(stack)}: {lines[-1]}",
            'Run `eval "$(make -s env)"` and `pulumi stack ls`, or name a file with --outputs.',
        )
    return done.stdout


def _pulumi_output(stack: str | None) -> str:
    return run_pulumi(["stack", "output", "--json"], stack)


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=_PULUMI_TIMEOUT, check=False
        )
    except FileNotFoundError as error:
        raise OutputsError(
            "`pulumi` is not on PATH, and it is needed to read the stack's outputs.",
            'Run `eval "$(make -s env)"`, or give the outputs with --outputs FILE.',
        ) from error
    except subprocess.TimeoutExpired as error:
        raise OutputsError(
            f"`{' '.join(command)}` gave no answer within {_PULUMI_TIMEOUT} s.",
            "See whether its state backend can be reached, or give --outputs FILE.",
        ) from error


def _directory() -> list[str]:
    """`--cwd` with this repository, unless the current directory is in a Pulumi project."""
    here = Path.cwd()
    if any((place / "Pulumi.yaml").exists() for place in (here, *here.parents)):
        return []
    return ["--cwd", str(Path(__file__).resolve().parent.parent)]


def _named(stack: str | None) -> str:
    return f"stack {stack!r}" if stack else "the selected stack"


def _decode(text: str, source: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise OutputsError(
            f"{source} is not JSON ({error}).", "Write it with `pulumi stack output --json`."
        ) from error
    if not isinstance(value, dict):
        raise OutputsError(
            f"{source} holds a {type(value).__name__}, expected an object with `endpoints`.",
            "Write it with `pulumi stack output --json`.",
        )
    return value


def _endpoint(
    model: str, value: Any, message_bytes: int | None, deadline_seconds: int | None
) -> Endpoint:
    key = f"endpoints.{model}"
    grpc = _get(value, "grpc", dict, f"{key}.grpc", optional=True)
    rest = _get(value, "rest", dict, f"{key}.rest", optional=True)
    return Endpoint(
        model=model,
        protocol=_get(value, "protocol", str, f"{key}.protocol"),
        grpc=grpc and _grpc(grpc, f"{key}.grpc"),
        rest=rest and _rest(rest, f"{key}.rest"),
        message_bytes=message_bytes,
        deadline_seconds=deadline_seconds,
    )


def _grpc(value: dict[str, Any], key: str) -> GrpcAddress:
    return GrpcAddress(
        target=_get(value, "target", str, f"{key}.target"),
        authority=_get(value, "authority", str, f"{key}.authority"),
        path=_get(value, "path", str, f"{key}.path").rstrip("/"),
        tls=_get(value, "tls", bool, f"{key}.tls"),
    )


def _rest(value: dict[str, Any], key: str) -> RestAddress:
    return RestAddress(
        url=_get(value, "url", str, f"{key}.url"),
        connect_to=_get(value, "connect_to", str, f"{key}.connect_to", optional=True),
    )


def _get(value: Any, name: str, kind: type, key: str, *, optional: bool = False) -> Any:
    """`value[name]`, which must be a `kind`, or null if `optional`."""
    found = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(found, kind) or (found is None and optional):
        return found
    raise OutputsError(
        f"The stack output `{key}` is {json.dumps(found)}, expected a {kind.__name__}.", _REFRESH
    )
