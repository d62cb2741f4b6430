"""The inputs and outputs of a model, and the check of a caller's inputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from client.errors import InputError, UsageError

DEFAULT_SIGNATURE = "serving_default"

# A bfloat16 tensor is a float32 array here: numpy has no bfloat16, and float32 holds all its values.
_NUMPY = {"string": np.dtype(object), "bfloat16": np.dtype(np.float32)}
DTYPES = frozenset(
    [
        "float16",
        "float32",
        "float64",
        "bfloat16",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "bool",
        "string",
    ]
)


def numpy_dtype(dtype: str) -> np.dtype[Any]:
    """The numpy dtype that holds a tensor of `dtype` (object, of bytes, for "string")."""
    return _NUMPY.get(dtype) or np.dtype(dtype)


@dataclass(frozen=True)
class TensorSpec:
    """A named tensor. `dtype` is one of DTYPES. `shape` has None for an open dimension, and is None
    itself if the rank is open. `optional`: a call may leave the input out."""

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None
    optional: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.dtype} {self.shape_text}{' optional' if self.optional else ''}"

    @property
    def shape_text(self) -> str:
        if self.shape is None:
            return "(any shape)"
        return "(" + ", ".join("?" if size is None else str(size) for size in self.shape) + ")"

    def zeros(self) -> np.ndarray[Any, Any]:
        """The smallest tensor of zeros that fits: open dimensions are 1, strings are empty."""
        sizes = [1 if size is None else size for size in self.shape or ()]
        if self.dtype == "string":
            return np.full(sizes, b"", dtype=object)
        return np.zeros(sizes, numpy_dtype(self.dtype))

    def check(self, value: Any) -> np.ndarray[Any, Any]:
        """`value` as an array of this spec. Lists and numbers are converted if no digit is lost; an
        array must already have the right dtype. Raises InputError."""
        array = self._typed(value)
        if self.shape is not None and not _fits(array.shape, self.shape):
            raise InputError(
                f"Input {self.name!r} has shape {array.shape}, expected {self.shape_text}.",
                "Reshape it; `?` may be any size.",
            )
        return array

    def _typed(self, value: Any) -> np.ndarray[Any, Any]:
        if self.dtype not in DTYPES:
            raise InputError(
                f"Input {self.name!r} has dtype {self.dtype}, which this client cannot send.",
                f"It sends {', '.join(sorted(DTYPES))}.",
            )
        if self.dtype == "string":
            return self._strings(value)
        wanted = numpy_dtype(self.dtype)
        is_array = isinstance(value, (np.ndarray, np.generic))
        try:
            array = np.asarray(value)
        except ValueError:
            raise InputError(
                f"Input {self.name!r} is a ragged list, expected {self.shape_text}.",
                "Give rows of equal length.",
            ) from None
        if array.dtype == wanted:
            return array
        if is_array or not _lossless(array, wanted):
            raise InputError(
                f"Input {self.name!r} has dtype {_dtype_text(array)}, expected {self.dtype}.",
                f"Convert it, for example with .astype(np.{wanted.name}).",
            )
        return array.astype(wanted)

    def _strings(self, value: Any) -> np.ndarray[Any, Any]:
        array = np.asarray(value, dtype=object)
        flat = [item.encode() if isinstance(item, str) else item for item in array.ravel()]
        wrong = next((item for item in flat if not isinstance(item, bytes)), None)
        if wrong is not None:
            raise InputError(
                f"Input {self.name!r} holds a {type(wrong).__name__}, expected string.",
                "Give str or bytes.",
            )
        result = np.empty(len(flat), dtype=object)
        result[:] = flat
        return result.reshape(array.shape)


@dataclass(frozen=True)
class Signature:
    """One function of a model: its inputs and outputs by name."""

    name: str
    inputs: Mapping[str, TensorSpec]
    outputs: Mapping[str, TensorSpec]

    def check(self, inputs: Mapping[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
        """`inputs` as arrays that fit, in the signature's order. Raises InputError for missing or
        unknown names, a wrong dtype or a wrong shape."""
        if inputs and not self.inputs:
            raise InputError(
                "The server does not say which inputs the model takes, and nothing can be checked.",
                "Give the model its inputs and outputs, with dtype and shape, in its server's own"
                " configuration.",
            )
        if not set(self.required) <= set(inputs) <= set(self.inputs):
            wanted = "; ".join(str(spec) for spec in self.inputs.values())
            given = ", ".join(sorted(inputs)) or "none"
            raise InputError(
                f"Signature {self.name!r} was given the inputs: {given}; it takes: {wanted}.",
                "Give these inputs; those that are optional may be left out."
                if len(self.required) < len(self.inputs)
                else "Give exactly these inputs.",
            )
        return {
            name: spec.check(inputs[name]) for name, spec in self.inputs.items() if name in inputs
        }

    @property
    def required(self) -> Mapping[str, TensorSpec]:
        """The inputs that are not optional."""
        return {name: spec for name, spec in self.inputs.items() if not spec.optional}

    def zeros(self) -> dict[str, np.ndarray[Any, Any]]:
        """The smallest tensors of zeros that fit the required inputs."""
        return {name: spec.zeros() for name, spec in self.required.items()}


@dataclass(frozen=True)
class Metadata:
    """A server's metadata of a model. `version` is None if the server does not report it.
    `decoupled`: the model gives any number of answers to one request, which have to be read as a
    stream."""

    model: str
    version: int | None
    signatures: Mapping[str, Signature]
    decoupled: bool = False

    def signature(self, name: str | None) -> Signature:
        """The signature `name`. Without a name, the only signature, or "serving_default" of several.
        Raises UsageError."""
        if name is None and len(self.signatures) == 1:
            return next(iter(self.signatures.values()))
        found = self.signatures.get(name or DEFAULT_SIGNATURE)
        if found is None:
            known = ", ".join(sorted(self.signatures)) or "none"
            raise UsageError(
                f"Model {self.model!r} has no signature {name or DEFAULT_SIGNATURE!r};"
                f" it has: {known}.",
                "Name one of these (--signature on the command line).",
            )
        return found


def _fits(shape: tuple[int, ...], spec: tuple[int | None, ...]) -> bool:
    return len(shape) == len(spec) and all(
        wanted in (None, size) for size, wanted in zip(shape, spec, strict=True)
    )


def _lossless(array: np.ndarray[Any, Any], wanted: np.dtype[Any]) -> bool:
    """Whether numbers of a list can be converted to `wanted`: floats may be rounded, integers must be
    in range, and neither fractions nor booleans become integers."""
    if array.size == 0:
        return True
    if wanted.kind == "f":
        return array.dtype.kind in "iuf"
    if wanted.kind in "iu" and array.dtype.kind in "iu":
        limits = np.iinfo(wanted)
        return bool(int(array.min()) >= limits.min and int(array.max()) <= limits.max)
    return False


def _dtype_text(array: np.ndarray[Any, Any]) -> str:
    return "string" if array.dtype.kind in "USO" else str(array.dtype)
