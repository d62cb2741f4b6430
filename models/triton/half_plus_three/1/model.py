"""y = a * x + b. Each version has its own a and b, in the `weights.json` next to this file."""

import json
from pathlib import Path

import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def initialize(self, args):
        version = Path(args["model_repository"], args["model_version"])
        weights = json.loads((version / "weights.json").read_text())
        self.a, self.b = np.float32(weights["a"]), np.float32(weights["b"])

    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        x = pb_utils.get_input_tensor_by_name(request, "x").as_numpy()
        return pb_utils.InferenceResponse([pb_utils.Tensor("y", self.a * x + self.b)])
