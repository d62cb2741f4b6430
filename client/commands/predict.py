"""`predict`: calls a model and prints its answer."""

import argparse
import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from client.commands.limits import limits
from client.contract import Outputs
from client.errors import InputError, UsageError
from client.model import connect
from client.outputs import load_outputs
from client.plain import plain
from client.signature import Signature, TensorSpec


def run(options: argparse.Namespace) -> int:
    """Print one output as a list, several as an object by name. --stream prints a line per answer."""
    values = _input_values(options)
    stack = load_outputs(options.outputs, options.stack)
    with connect(
        stack,
        options.model,
        transport=options.transport,
        version=options.version,
        limits=limits(options),
    ) as model:
        signature = model.metadata().signature(options.signature)
        inputs = _inputs(values, signature)
        if options.stream:
            with contextlib.closing(model.stream(inputs, signature=signature.name)) as answers:
                for answer in answers:
                    _show(answer, signature)
        else:
            idempotent = options.idempotent
            _show(model.predict(inputs, signature=signature.name, idempotent=idempotent), signature)
    return 0


def _show(answer: Outputs, signature: Signature) -> None:
    values = {name: plain(array, signature.outputs[name].dtype) for name, array in answer.items()}
    text = json.dumps(next(iter(values.values())) if len(values) == 1 else values)
    print(text, flush=True)


def _input_values(options: argparse.Namespace) -> Any:
    """The values of the command line as a tuple, or the decoded JSON."""
    if (options.json is None) == (not options.values):
        raise UsageError(
            "`predict` needs the input as values or as --json, and not both.",
            "For example `predict half_plus_two 1 2 5`.",
        )
    if options.json is None:
        return tuple(options.values)
    text, source = options.json, "--json"
    try:
        if text == "-":
            text, source = sys.stdin.read(), "stdin"
        elif text.startswith("@"):
            source = text[1:]
            text = Path(source).read_text(encoding="utf-8")
        return json.loads(text)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"The input in {source} cannot be read as JSON: {error}.",
            "Give nested lists, such as '[[1, 2], [3, 4]]', or @FILE.",
        ) from error


def _inputs(values: Any, signature: Signature) -> dict[str, Any]:
    if isinstance(values, dict):
        return values
    specs = list((signature.required or signature.inputs).values())
    if len(specs) != 1:
        wanted = "; ".join(str(spec) for spec in signature.inputs.values())
        raise InputError(
            f"Signature {signature.name!r} takes several inputs: {wanted}.",
            "Give them by name: --json '{\"NAME\": [...], ...}'.",
        )
    spec = specs[0]
    return {spec.name: _shaped(values, spec) if isinstance(values, tuple) else values}


def _shaped(words: tuple[str, ...], spec: TensorSpec) -> Any:
    """The words as nested lists in the input's shape; its open dimension is as large as needed."""
    values = list(words) if spec.dtype == "string" else [_number(word, spec) for word in words]
    if spec.shape is None:
        return values
    open_dimensions = sum(size is None for size in spec.shape)
    wanted = tuple(-1 if size is None else size for size in spec.shape)
    array = np.array(values, dtype=object)
    try:
        return array.reshape(wanted).tolist()
    except ValueError:
        raise InputError(
            f"{len(values)} values do not fill input {spec.name!r} of shape {spec.shape_text}.",
            "Give nested lists with --json."
            if open_dimensions > 1
            else "Give as many values as it holds, or nested lists with --json.",
        ) from None


def _number(word: str, spec: TensorSpec) -> bool | int | float:
    if spec.dtype == "bool" and word.lower() in ("true", "false"):
        return word.lower() == "true"
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    raise InputError(
        f"{word!r} is no {spec.dtype}, which input {spec.name!r} takes.",
        "Give numbers (true and false for bool).",
    )
