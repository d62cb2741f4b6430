"""One loaded version of a model: its signatures, and the interpreters that run them."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
from ai_edge_litert.interpreter import Interpreter
from google.protobuf.message import DecodeError

from .errors import ServingError, failed_precondition, not_found
from .messages import SavedModel
from .tensors import Array

SERVE_TAG = "serve"
PREDICT_METHOD = "tensorflow/serving/predict"


class Model:
    """A model with the `signatures` of `saved_model.pb` and the graph of `model.tflite` beside it.

    Both files are read once, so a change on disk needs a new version directory, as with the real
    server. Up to `interpreters` requests run at a time, the others wait. Raises ServingError if the
    directory cannot be served.
    """

    def __init__(self, directory: Path, interpreters: int = 1, threads: int = 0) -> None:
        self.signatures: dict[str, Any] = _signatures(directory)
        content = _tflite(directory)
        self._idle: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        for _ in range(max(interpreters, 1)):
            try:
                interpreter = Interpreter(model_content=content, num_threads=threads or None)
                runners = {
                    name: interpreter.get_signature_runner(name)
                    for name in interpreter.get_signature_list()
                }
            except (ValueError, RuntimeError) as error:
                raise ServingError(
                    grpc.StatusCode.DATA_LOSS, f"{directory / 'model.tflite'}: {error}"
                ) from error
            self._compare(directory, runners)
            self._idle.put(runners)

    def _compare(self, directory: Path, runners: Mapping[str, Any]) -> None:
        for name, signature in self.signatures.items():
            if signature.method_name != PREDICT_METHOD:
                continue
            inputs = set(runners[name].get_input_details()) if name in runners else set()
            outputs = set(runners[name].get_output_details()) if name in runners else set()
            if inputs != set(signature.inputs) or outputs != set(signature.outputs):
                raise failed_precondition(
                    f"{directory / 'model.tflite'} does not have the signature {name} of "
                    f"saved_model.pb: inputs {sorted(inputs)} and outputs {sorted(outputs)}, "
                    f"expected {sorted(signature.inputs)} and {sorted(signature.outputs)}; "
                    "convert it again from the SavedModel"
                )

    def run(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """All outputs of `signature`. The caller has checked the inputs' names, types and ranks."""
        runners = self._idle.get()
        try:
            outputs: dict[str, Array] = runners[signature](**inputs)
            return outputs
        except (ValueError, RuntimeError) as error:
            # The graph does not accept the shape, which TensorFlow reports as INVALID_ARGUMENT.
            raise ServingError(grpc.StatusCode.INVALID_ARGUMENT, str(error)) from error
        finally:
            self._idle.put(runners)


def _signatures(directory: Path) -> dict[str, Any]:
    file = directory / "saved_model.pb"
    try:
        saved = SavedModel.FromString(file.read_bytes())
    except OSError as error:
        raise not_found(
            "Could not find SavedModel .pb or .pbtxt at supplied export directory path: "
            f"{directory}. Check that the directory exists and that you have the right "
            f"permissions for accessing it. ({error.strerror}: {error.filename})"
        ) from error
    except DecodeError as error:
        raise ServingError(
            grpc.StatusCode.DATA_LOSS, f"Can't parse {file} as binary proto"
        ) from error
    for graph in saved.meta_graphs:
        if SERVE_TAG in graph.meta_info_def.tags:
            return dict(graph.signature_def)
    raise not_found(
        f"Could not find meta graph def matching supplied tags: {{ {SERVE_TAG} }} in {file}"
    )


def _tflite(directory: Path) -> bytes:
    try:
        return (directory / "model.tflite").read_bytes()
    except OSError as error:
        raise not_found(
            f"{directory / 'model.tflite'}: {error.strerror}. This is the local stand-in for "
            "tensorflow/serving: it computes with the model.tflite beside saved_model.pb "
            "(tf.lite.TFLiteConverter.from_saved_model makes one)"
        ) from error
