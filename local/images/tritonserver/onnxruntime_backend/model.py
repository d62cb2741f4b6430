"""ONNX Runtime as a backend of Triton, for models with `backend: "onnxruntime"`
(https://github.com/triton-inference-server/backend/blob/main/docs/python_based_backends.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import onnxruntime  # type: ignore[import-not-found]
import triton_python_backend_utils as pb_utils  # type: ignore[import-not-found]


class TritonPythonModel:
    """One instance of one version of a model."""

    @staticmethod
    def auto_complete_config(auto_complete_model_config: Any) -> Any:
        """Completes nothing: config.pbtxt has to list the model's inputs and outputs."""
        return auto_complete_model_config

    def initialize(self, args: dict[str, str]) -> None:
        config = json.loads(args["model_config"])
        file = config["default_model_filename"] or "model.onnx"
        path = Path(args["model_repository"], args["model_version"], file)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = [one["name"] for one in config["input"]]
        self._outputs = [one["name"] for one in config["output"]]
        self._check("input", self._inputs, self._session.get_inputs())
        self._check("output", self._outputs, self._session.get_outputs())

    @staticmethod
    def _check(kind: str, configured: list[str], existing: list[Any]) -> None:
        if missing := set(configured) - {tensor.name for tensor in existing}:
            names = ", ".join(tensor.name for tensor in existing)
            raise pb_utils.TritonModelException(
                f"config.pbtxt names {kind} {', '.join(sorted(missing))}, the model has {names}"
            )

    def execute(self, requests: list[Any]) -> list[Any]:
        return [self._answer(request) for request in requests]

    def _answer(self, request: Any) -> Any:
        inputs = {
            name: pb_utils.get_input_tensor_by_name(request, name).as_numpy()
            for name in self._inputs
        }
        outputs = [name for name in self._outputs if name in request.requested_output_names()]
        try:
            values = self._session.run(outputs, inputs)
        except Exception as error:  # noqa: BLE001 - ONNX Runtime's errors have no common type
            return pb_utils.InferenceResponse([], error=pb_utils.TritonError(str(error)))
        tensors = [pb_utils.Tensor(*pair) for pair in zip(outputs, values, strict=True)]
        return pb_utils.InferenceResponse(tensors)
