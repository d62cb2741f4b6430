"""Handwritten digits to test a classifier with.

The digits are those of the UCI repository, which scikit-learn ships as a file: 1,797 images of 8 x 8
pixels. Only the file is read; neither scikit-learn nor its dependencies are imported.
"""

import gzip
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from client.errors import InputError, ServerError, UsageError
from client.signature import Signature, TensorSpec

PIXELS = 64
INK = 16  # the value of a black pixel in the file
#: Only the last rows of the file are tested, so that a model can be trained on the others.
TESTED = 1000


def load(file: Path | None = None) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """The test images (n, 64) as float32 in 0..1, and their labels (n,), from `file` or from the
    installed scikit-learn. Each line of a file has 64 pixels in 0..16 and the label, separated by
    commas; the file may be gzipped. Raises UsageError."""
    file = file or _installed()
    try:
        data = file.read_bytes()
        text = (gzip.decompress(data) if file.suffix == ".gz" else data).decode()
        lines = text.splitlines()[-TESTED:]
        if not lines:
            raise ValueError("it is empty")
        table = np.loadtxt(lines, delimiter=",", ndmin=2, dtype=np.float32)
        if table.shape[1:] != (PIXELS + 1,):
            raise ValueError(f"{table.shape[1]} columns")
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{file} holds no digits: {error}.",
            f"Its lines have {PIXELS} pixels in 0..{INK} and the digit, comma-separated.",
        ) from error
    return table[:, :PIXELS] / INK, table[:, PIXELS].astype(np.int64)


def as_input(signature: Signature, pixels: np.ndarray[Any, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """One image (64,) as the only input of a model: floats in 0..1 or integers in 0..16, in the shape
    of the input. Raises InputError."""
    if len(signature.inputs) != 1:
        raise InputError(
            f"The model takes {len(signature.inputs)} inputs, and a digit is one.",
            "See `client metadata`.",
        )
    spec = next(iter(signature.inputs.values()))
    if spec.dtype in ("string", "bool"):
        raise InputError(
            f"Input {spec.name!r} has dtype {spec.dtype}, expected floats or integers.",
            "See `client metadata`.",
        )
    values = pixels if "float" in spec.dtype else np.rint(pixels * INK)
    dtype = "float32" if spec.dtype == "bfloat16" else spec.dtype
    return {spec.name: values.astype(dtype).reshape(_shape(spec))}


def predicted_digit(answer: dict[str, np.ndarray[Any, Any]]) -> int:
    """The digit in an answer: the index of the highest of ten scores, or a single integer. Raises
    ServerError."""
    for array in answer.values():
        if array.size == 10 and array.dtype.kind in "iuf":
            return int(array.argmax())
    for array in answer.values():
        if array.size == 1 and array.dtype.kind in "iu":
            return int(array.reshape(()))
    shapes = ", ".join(f"{name}: {array.dtype} {array.shape}" for name, array in answer.items())
    raise ServerError(
        f"The answer is no digit: {shapes}; expected ten scores, or one integer.",
        "Call a model that classifies digits.",
    )


def _shape(spec: TensorSpec) -> tuple[int, ...]:
    """The input's shape with 64 elements: the last open dimension is as large as needed, the other open
    ones are 1."""
    if spec.shape is None:
        return (1, PIXELS)
    fixed = int(np.prod([size for size in spec.shape if size is not None], dtype=np.int64))
    is_open = [at for at, size in enumerate(spec.shape) if size is None]
    rest = PIXELS // fixed if fixed and PIXELS % fixed == 0 else 0
    if not rest or (rest != 1 and not is_open):
        raise InputError(
            f"Input {spec.name!r} has the shape {spec.shape_text}; a digit has {PIXELS} pixels.",
            "Call a model that takes 8 x 8 pixels.",
        )
    return tuple(
        (rest if at == is_open[-1] else 1) if size is None else size
        for at, size in enumerate(spec.shape)
    )


def _installed() -> Path:
    spec = find_spec("sklearn")  # does not import it
    for place in (spec and spec.submodule_search_locations) or ():
        file = Path(place) / "datasets" / "data" / "digits.csv.gz"
        if file.exists():
            return file
    raise UsageError(
        "There are no digits to ask about: the file that scikit-learn ships is not installed.",
        "Run `pip install --no-deps -r client/requirements-digits.txt` in this Python, or name a file"
        " with --digits-from.",
    )
