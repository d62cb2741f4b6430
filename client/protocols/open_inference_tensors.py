"""Datatypes, raw tensors and metadata for both transports of the Open Inference Protocol."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from client.errors import ServerError
from client.raw_tensor import from_raw, to_raw
from client.signature import Metadata, Signature, TensorSpec

#: The protocol has one function per model, without a name.
SIGNATURE = "infer"
DATATYPES = {
    "bool": "BOOL",
    "uint8": "UINT8",
    "uint16": "UINT16",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "int8": "INT8",
    "int16": "INT16",
    "int32": "INT32",
    "int64": "INT64",
    "float16": "FP16",
    "float32": "FP32",
    "float64": "FP64",
    "bfloat16": "BF16",
    "string": "BYTES",
}
DTYPES = {datatype: dtype for dtype, datatype in DATATYPES.items()}


@dataclass(frozen=True)
class Policy:
    """Facts from Triton's model configuration: the `optional` inputs, and whether the model is
    `decoupled`. Other servers have neither, and no call for the configuration."""

    optional: frozenset[str] = frozenset()
    decoupled: bool = False


def policy_of(config: Mapping[str, Any]) -> Policy:
    """The policy in the JSON of a `ModelConfig`, with the field names of `model_config.proto`."""
    inputs = config.get("input") or []
    transactions = config.get("model_transaction_policy") or {}
    return Policy(
        frozenset(each["name"] for each in inputs if each.get("optional")),
        bool(transactions.get("decoupled")),
    )


def metadata(
    model: str,
    wanted: int | None,
    versions: Iterable[str],
    inputs: Iterable[tuple[str, str, Iterable[int]]],
    outputs: Iterable[tuple[str, str, Iterable[int]]],
    *,
    policy: Policy,
) -> Metadata:
    """Metadata from tuples (name, datatype, shape). Its version is `wanted`, else the newest of
    `versions`, else None: MLServer's versions may be any text."""

    def specs(
        tensors: Iterable[tuple[str, str, Iterable[int]]], optional: frozenset[str] = frozenset()
    ) -> dict[str, TensorSpec]:
        return {
            name: TensorSpec(name, DTYPES.get(datatype, datatype), _open(shape), name in optional)
            for name, datatype, shape in tensors
        }

    numbers = [int(version) for version in versions if version.isdigit()]
    version = wanted if wanted is not None else max(numbers, default=None)
    signature = Signature(SIGNATURE, specs(inputs, policy.optional), specs(outputs))
    return Metadata(model, version, {SIGNATURE: signature}, policy.decoupled)


def raw_bytes(array: np.ndarray[Any, Any], dtype: str) -> bytes | memoryview:
    """The raw form of a tensor. Each string follows its length in four bytes."""
    if dtype != "string":
        return to_raw(array, dtype)
    return b"".join(len(item).to_bytes(4, "little") + item for item in array.ravel())


def raw_array(
    raw: bytes | memoryview, name: str, datatype: str, shape: tuple[int, ...]
) -> np.ndarray[Any, Any]:
    """The output `name` as a writable array, from its raw form. Raises ServerError."""
    try:
        if datatype == "BYTES":
            return objects(_strings(bytes(raw))).reshape(shape)
        return from_raw(raw, DTYPES[datatype]).reshape(shape)
    except KeyError:
        raise unreadable(name, f"datatype {datatype}") from None
    except ValueError as error:
        raise unreadable(name, f"{len(raw)} bytes for {datatype} {shape} ({error})") from None


def objects(items: list[bytes]) -> np.ndarray[Any, Any]:
    """A one-dimensional array of byte strings of any length."""
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def unreadable(name: str, what: str) -> ServerError:
    return ServerError(
        f"The answer's output {name!r} cannot be read: {what}.",
        "See the model's outputs with `python -m client metadata`.",
    )


def with_version(config: Mapping[str, Any], version: int) -> dict[str, Any]:
    """Triton's model configuration with a policy that serves only `version`."""
    others = {key: value for key, value in config.items() if key != "version_policy"}
    return {**others, "version_policy": {"specific": {"versions": [version]}}}


def _open(shape: Iterable[int]) -> tuple[int | None, ...]:
    return tuple(size if size >= 0 else None for size in map(int, shape))


def _strings(raw: bytes) -> list[bytes]:
    items, at = [], 0
    while at < len(raw):
        end = at + 4 + int.from_bytes(raw[at : at + 4], "little")
        if end > len(raw):
            raise ValueError("a string is cut off")
        items.append(raw[at + 4 : end])
        at = end
    return items
