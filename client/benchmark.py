"""Times the same predictions over each transport of a model, in turns, so that noise affects all
equally."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from client.endpoint import Transport
from client.errors import ClientError, InputError, UsageError
from client.model import Model, Times
from client.signature import Signature, TensorSpec

RANKS = (50, 90, 99)
_WARM_UP = 3
# Calls of each thread in one turn: enough that waiting for the last thread hardly matters.
_TURN = 8


@dataclass
class Figures:
    """Results of the calls over one transport. `busy`: seconds during which it was called."""

    transport: Transport
    times: list[Times] = field(default_factory=list)
    errors: int = 0
    error: ClientError | None = None
    busy: float = 0.0

    def milliseconds(self, part: str, rank: int) -> float | None:
        """The percentile `rank` of `part` (a field of Times, or "total"). None if no call succeeded."""
        if not self.times:
            return None
        return float(np.percentile([getattr(one, part) for one in self.times], rank)) * 1000

    @property
    def throughput(self) -> float | None:
        """Successful calls per second."""
        return len(self.times) / self.busy if self.times else None


@dataclass(frozen=True)
class Amount:
    """The amount of calls: either `calls` over each transport, or `seconds` for all transports
    together, made by `concurrency` threads."""

    calls: int | None
    seconds: float | None
    concurrency: int = 1


def sample(
    signature: Signature, rows: int, sizes: Mapping[str, tuple[int, ...]]
) -> dict[str, np.ndarray[Any, Any]]:
    """Random inputs, the same in each run. The first open dimension is `rows` and the others are 1,
    unless `sizes` has the input's whole shape ("" is the name of a single input). Floats are in
    [0, 1), integers in the range of an image's bytes, strings have 16 letters. Raises InputError,
    UsageError."""
    unknown = set(sizes) - set(signature.inputs) - {""}
    if unknown or ("" in sizes and len(signature.inputs) != 1):
        raise UsageError(
            f"--shape is for {', '.join(sorted(unknown)) or 'one input'}; the model's inputs are:"
            f" {', '.join(signature.inputs)}.",
            "Give --shape NAME=1024x784.",
        )
    generator = np.random.default_rng(0)
    return {
        name: spec.check(
            _values(spec.dtype, sizes.get(name) or sizes.get("") or _shape(spec, rows), generator)
        )
        for name, spec in signature.inputs.items()
    }


def run(
    models: Mapping[Transport, Model], inputs: Mapping[str, Any], signature: str, amount: Amount
) -> list[Figures]:
    """Calls `models` in turns; each round begins with another one. Counts the errors and keeps the
    first of each transport. A transport whose warm-up fails is not called again."""
    figures = {transport: Figures(transport) for transport in models}
    working = [
        transport
        for transport, model in models.items()
        if _warm_up(model, inputs, signature, figures[transport])
    ]
    turn = 1 if amount.concurrency == 1 else _TURN * amount.concurrency
    ends = time.perf_counter() + amount.seconds if amount.seconds else None
    left = amount.calls or 0
    with ThreadPoolExecutor(amount.concurrency) as pool:
        while working and (time.perf_counter() < ends if ends else left > 0):
            calls = turn if ends else min(turn, left)
            for transport in working:
                _turn(pool, models[transport], inputs, signature, calls, figures[transport])
            working.append(working.pop(0))
            left -= calls
    return list(figures.values())


def _warm_up(model: Model, inputs: Mapping[str, Any], signature: str, figures: Figures) -> bool:
    try:
        for _ in range(_WARM_UP):
            model.predict(inputs, signature=signature)
    except ClientError as error:
        figures.errors, figures.error = 1, error
        return False
    return True


def _turn(
    pool: ThreadPoolExecutor,
    model: Model,
    inputs: Mapping[str, Any],
    signature: str,
    calls: int,
    figures: Figures,
) -> None:
    def call(_: int) -> Times | ClientError:
        try:
            return model.timed_predict(inputs, signature=signature)[1]
        except ClientError as error:
            return error

    started = time.perf_counter()
    # A single call runs in this thread: handing it to the pool would add to its time.
    results = [call(0)] if calls == 1 else list(pool.map(call, range(calls)))
    figures.busy += time.perf_counter() - started
    for result in results:
        if isinstance(result, Times):
            figures.times.append(result)
        else:
            figures.errors += 1
            figures.error = figures.error or result


def _shape(spec: TensorSpec, rows: int) -> tuple[int, ...]:
    sizes = spec.shape
    if sizes is None or (rows != 1 and None not in sizes):
        raise InputError(
            f"Input {spec.name!r} has the shape {spec.shape_text}, which --rows cannot fill.",
            f"Leave --rows out, or give --shape {spec.name}=1024x784."
            if sizes is None
            else "Leave --rows out.",
        )
    first = sizes.index(None) if None in sizes else -1
    return tuple(
        (rows if at == first else 1) if size is None else size for at, size in enumerate(sizes)
    )


def _values(dtype: str, shape: tuple[int, ...], generator: np.random.Generator) -> Any:
    if dtype == "string":
        letters = generator.integers(97, 123, (*shape, 16), np.uint8)
        return letters.view("S16")[..., 0].astype(object)
    if dtype == "bool":
        return generator.integers(0, 2, shape).astype(bool)
    if "int" in dtype:
        return generator.integers(0, 128 if dtype == "int8" else 256, shape).astype(dtype)
    if dtype in ("float16", "float32", "float64", "bfloat16"):
        return generator.random(shape, np.float64).astype("float32" if dtype[0] == "b" else dtype)
    raise InputError(f"No values are known for inputs of dtype {dtype}.", "Call it by `predict`.")
