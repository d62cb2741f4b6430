"""`smoke`: tries every endpoint of a stack over each of its transports."""

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from client.commands.limits import limits
from client.endpoint import TRANSPORTS, Endpoint, Stack, Transport
from client.errors import ClientError, NoStreamError
from client.limits import Limits
from client.model import connect, transports_of
from client.outputs import find_endpoint, load_outputs
from client.probe import Probe, probe
from client.table import coloured, table

# Several models are tried at once, so that with an unreachable gateway their timeouts run in parallel.
_PARALLEL = 4


@dataclass(frozen=True)
class Result:
    """One row. Milliseconds are None if the endpoint lacks the transport, or the call failed."""

    model: str
    protocol: str
    grpc_ms: float | None
    rest_ms: float | None
    rest_binary_ms: float | None
    errors: list[dict[str, str]]


def run(options: argparse.Namespace) -> int:
    """Print a row per model. The exit code is 1 if any failed, or if there are no models."""
    stack = load_outputs(options.outputs, options.stack)
    names = options.models or sorted(stack.endpoints)
    endpoints = [find_endpoint(stack, name) for name in names]
    with ThreadPoolExecutor(_PARALLEL) as pool:
        results = list(
            pool.map(lambda endpoint: _smoke(stack, endpoint, limits(options)), endpoints)
        )
    if options.json:
        print(json.dumps([{**asdict(result), "ok": not result.errors} for result in results]))
    else:
        _show(results)
    return 0 if results and not any(result.errors for result in results) else 1


def _smoke(stack: Stack, endpoint: Endpoint, bounds: Limits) -> Result:
    errors: list[dict[str, str]] = []
    probes: dict[Transport, Probe] = {}
    try:
        transports = transports_of(endpoint)
        if not transports:
            errors.append(
                _failure(
                    "endpoint", "It has neither a gRPC nor a REST address.", "Run `pulumi up`."
                )
            )
    except ClientError as error:
        transports = ()
        errors.append(_failure("endpoint", error.what, error.fix))
    for transport in transports:
        try:
            with connect(stack, endpoint.model, transport=transport, limits=bounds) as model:
                probes[transport] = probe(model)
        except NoStreamError:
            continue  # a decoupled model, over a transport without streams
        except ClientError as error:
            errors.append(_failure(transport, error.what, error.fix))
    for transport, result in probes.items():
        first = next(iter(probes))
        one, other = _shapes(probes[first]), _shapes(result)
        if one != other:
            errors.append(
                _failure(
                    f"{first} and {transport}",
                    f"They answer differently: {one} and {other}.",
                    "See that both routes lead to the same model.",
                )
            )
    times = {transport: round(result.milliseconds, 1) for transport, result in probes.items()}
    grpc, rest, binary = (times.get(transport) for transport in TRANSPORTS)
    return Result(endpoint.model, endpoint.protocol, grpc, rest, binary, errors)


def _failure(where: str, what: str, fix: str) -> dict[str, str]:
    return {"transport": where, "error": what, "fix": fix}


def _shapes(result: Probe) -> dict[str, tuple[int, ...]] | list[str]:
    """The shapes of the outputs, or of a stream the names, since REST streams have no shapes. Values
    are not compared: a model may sample its answer."""
    if result.metadata.decoupled:
        return sorted(result.answer)
    return {name: array.shape for name, array in sorted(result.answer.items())}


def _show(results: list[Result]) -> None:
    header = ("MODEL", "PROTOCOL", "GRPC MS", "REST MS", "BINARY MS", "RESULT")
    rows = [
        (
            result.model,
            result.protocol,
            _milliseconds(result.grpc_ms),
            _milliseconds(result.rest_ms),
            _milliseconds(result.rest_binary_ms),
            coloured("failed", "bad") if result.errors else coloured("ok", "good"),
        )
        for result in results
    ]
    print(table(header, rows))
    for result in results:
        for error in result.errors:
            print(f"\n{result.model}, {error['transport']}: {error['error']}\nfix: {error['fix']}")
    if not results:
        print("\nThe stack has no models.\nfix: Add one under slipway:models and run `pulumi up`.")


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
