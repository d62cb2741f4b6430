"""`metadata`: shows the inputs and outputs of a model."""

import argparse
import json

from client.commands.limits import limits
from client.model import connect
from client.outputs import load_outputs
from client.signature import Metadata, TensorSpec
from client.table import table


def run(options: argparse.Namespace) -> int:
    """Print the signatures as a table, or as JSON."""
    stack = load_outputs(options.outputs, options.stack)
    with connect(
        stack,
        options.model,
        transport=options.transport,
        version=options.version,
        limits=limits(options),
    ) as model:
        metadata = model.metadata()
    print(json.dumps(_as_json(metadata), indent=2) if options.json else _as_table(metadata))
    return 0


def _as_table(metadata: Metadata) -> str:
    rows = [
        (
            signature.name,
            direction,
            spec.name,
            spec.dtype,
            spec.shape_text,
            "optional" if spec.optional else "",
        )
        for signature in metadata.signatures.values()
        for direction, specs in (("in", signature.inputs), ("out", signature.outputs))
        for spec in specs.values()
    ]
    version = "" if metadata.version is None else f", version {metadata.version}"
    streams = ", decoupled: call it by `predict --stream`" if metadata.decoupled else ""
    header = ("SIGNATURE", "", "NAME", "DTYPE", "SHAPE", "")
    return f"{metadata.model}{version}{streams}\n\n{table(header, rows)}"


def _as_json(metadata: Metadata) -> dict[str, object]:
    def tensor(spec: TensorSpec) -> dict[str, object]:
        return {"dtype": spec.dtype, "shape": spec.shape}

    def input_tensor(spec: TensorSpec) -> dict[str, object]:
        return {**tensor(spec), "optional": spec.optional}

    return {
        "model": metadata.model,
        "version": metadata.version,
        "decoupled": metadata.decoupled,
        "signatures": {
            name: {
                "inputs": {key: input_tensor(spec) for key, spec in signature.inputs.items()},
                "outputs": {key: tensor(spec) for key, spec in signature.outputs.items()},
            }
            for name, signature in metadata.signatures.items()
        },
    }
