"""`bench`: times predictions over each transport."""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from client import benchmark, digits
from client.commands.limits import limits
from client.endpoint import Endpoint, Transport
from client.errors import ClientError, UsageError
from client.forward import forwarded_both, kubeconfig
from client.model import Model, transports_of
from client.outputs import find_endpoint, load_outputs
from client.table import table

_PARTS = ("encode", "exchange", "decode")
_SECONDS = 10.0
_DIGITS = 1000  # calls, the number of TensorFlow Serving's own mnist_client
_HEADER = (
    *("MODEL", "TRANSPORT", "CALLS", "ERRORS", "P50 MS", "P90 MS", "P99 MS", "CALLS/S"),
    *("ENCODE", "WIRE+SERVER", "DECODE", "P50 TO JSON"),
)


def run(options: argparse.Namespace) -> int:
    """Print a table, JSON or the error rate. The exit code is 1 if any call failed."""
    rows: list[dict[str, Any]] = []
    for name in options.models:
        with _endpoint(options, name) as (endpoint, ca):
            if options.digits:
                _measure_digits(options, endpoint, ca)
            else:
                rows += _measure(options, endpoint, ca)
    if options.digits:
        return 0
    print(json.dumps(rows) if options.json else _as_table(rows))
    for row in rows:
        if row["error"]:
            print(f"error: {row['model']} over {row['transport']}: {row['error']}", file=sys.stderr)
    return 1 if any(row["errors"] for row in rows) else 0


@contextlib.contextmanager
def _endpoint(options: argparse.Namespace, name: str) -> Iterator[tuple[Endpoint, str | None]]:
    """Yields the endpoint of the model `name` and its CA: at the gateway, or with --direct at a pod."""
    if options.direct:
        with (
            kubeconfig(options) as config,
            forwarded_both(config, name, options.speaks) as endpoint,
        ):
            yield endpoint, None
    else:
        stack = load_outputs(options.outputs, options.stack)
        yield find_endpoint(stack, name), stack.ca_certificate


def _transports(options: argparse.Namespace, endpoint: Endpoint) -> tuple[Transport, ...]:
    available = transports_of(endpoint)
    wanted = tuple(options.transports or available)
    missing = [transport for transport in wanted if transport not in available]
    if missing or not wanted:
        raise UsageError(
            f"Model {endpoint.model!r} cannot be called over {', '.join(missing) or 'anything'}; it"
            f" has: {', '.join(available) or 'nothing'}.",
            "Name one of these with --protocol.",
        )
    return wanted


def _measure(
    options: argparse.Namespace, endpoint: Endpoint, ca: str | None
) -> list[dict[str, Any]]:
    with contextlib.ExitStack() as stack:
        models = {
            transport: stack.enter_context(
                Model(endpoint, ca_certificate=ca, transport=transport, limits=limits(options))
            )
            for transport in _transports(options, endpoint)
        }
        signature = next(iter(models.values())).metadata().signature(options.signature)
        inputs = benchmark.sample(signature, options.rows, dict(options.shape))
        seconds = options.seconds or (None if options.calls else _SECONDS)
        amount = benchmark.Amount(options.calls, seconds, options.concurrency)
        results = benchmark.run(models, inputs, signature.name, amount)
    return [_row(endpoint.model, figures, options) for figures in results]


def _row(model: str, figures: benchmark.Figures, options: argparse.Namespace) -> dict[str, Any]:
    """Percentiles of the whole, and medians of encode, exchange (network and server) and decode, in
    milliseconds."""
    return {
        "model": model,
        "transport": figures.transport,
        "rows": options.rows,
        "concurrency": options.concurrency,
        "calls": len(figures.times),
        "errors": figures.errors,
        "error": figures.error and str(figures.error),
        **{f"p{rank}_ms": figures.milliseconds("total", rank) for rank in benchmark.RANKS},
        "calls_per_second": figures.throughput,
        **{f"{part}_ms": figures.milliseconds(part, 50) for part in _PARTS},
    }


def _as_table(rows: list[dict[str, Any]]) -> str:
    json_p50 = {row["model"]: row["p50_ms"] for row in rows if row["transport"] == "rest"}

    def cells(row: dict[str, Any]) -> tuple[str, ...]:
        rest_p50 = json_p50.get(row["model"])
        ratio = f"{row['p50_ms'] / rest_p50 - 1:+.1%}" if rest_p50 and row["p50_ms"] else "-"
        return (
            *(row["model"], row["transport"], str(row["calls"]), str(row["errors"])),
            *(_figure(row[f"p{rank}_ms"]) for rank in benchmark.RANKS),
            _figure(row["calls_per_second"], 1),
            *(_figure(row[f"{part}_ms"]) for part in _PARTS),
            "-" if row["transport"] == "rest" else ratio,
        )

    return table(_HEADER, [cells(row) for row in rows])


def _figure(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _measure_digits(options: argparse.Namespace, endpoint: Endpoint, ca: str | None) -> None:
    """Sends one digit per call over one transport (the first in --protocol), and prints the error
    rate."""
    pixels, labels = digits.load(Path(options.digits_from) if options.digits_from else None)
    transport = (options.transports or transports_of(endpoint))[0]
    calls = options.calls or _DIGITS
    with Model(endpoint, ca_certificate=ca, transport=transport, limits=limits(options)) as model:
        signature = model.metadata().signature(options.signature)
        wrong = 0
        started = time.perf_counter()
        for call in range(calls):
            at = call % len(labels)
            try:
                answer = model.predict(
                    digits.as_input(signature, pixels[at]), signature=signature.name
                )
            except ClientError as error:
                raise type(error)(f"Call {call + 1} of {calls}: {error.what}", error.fix) from error
            wrong += digits.predicted_digit(answer) != int(labels[at])
        seconds = time.perf_counter() - started
    if options.json:
        print(
            json.dumps(
                {
                    "model": endpoint.model,
                    "transport": transport,
                    "calls": calls,
                    "wrong": wrong,
                    "error_rate": wrong / calls,
                    "seconds": seconds,
                }
            )
        )
    else:
        print(f"{endpoint.model}: {calls} calls over {transport} in {seconds:.1f} s")
        print(f"Inference error rate: {wrong / calls:.1%}")
