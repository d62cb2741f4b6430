"""What Triton runs in Python: the models in `models/triton`, and ONNX Runtime as a backend."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import local.images.tritonserver
from tests.unit.images.conftest import MODELS

TRITON = MODELS / "triton"
BACKEND = Path(local.images.tritonserver.__file__).parent / "onnxruntime_backend" / "model.py"


class Tensor:
    def __init__(self, name, value):
        self.name, self.value = name, value

    def as_numpy(self):
        return self.value


class Request:
    def __init__(self, *outputs, **inputs):
        self.inputs, self.outputs = inputs, outputs

    def requested_output_names(self):
        return self.outputs


@pytest.fixture
def python_backend(monkeypatch):
    """As much of Triton's own module as the models use."""
    module = SimpleNamespace(
        Tensor=Tensor,
        InferenceResponse=lambda tensors, error=None: SimpleNamespace(tensors=tensors, error=error),
        TritonError=str,
        TritonModelException=type("TritonModelException", (Exception,), {}),
        get_input_tensor_by_name=lambda request, name: Tensor(name, request.inputs[name]),
    )
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", module)
    # The directories are what is served: nothing is written into them.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return module


def loaded(path):
    spec = importlib.util.spec_from_file_location("model", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.TritonPythonModel()


def half(directory, version="1"):
    model = loaded(directory / version / "model.py")
    model.initialize({"model_repository": str(directory), "model_version": version})
    (answer,) = model.execute([Request("y", x=np.array([1, 2, 5], np.float32))])
    (tensor,) = answer.tensors
    assert (tensor.name, tensor.value.dtype) == ("y", np.float32)
    return tensor.value.tolist()


def test_half_plus_two_on_triton_computes_what_it_does_on_tensorflow_serving(python_backend):
    assert half(TRITON / "half_plus_two") == [2.5, 3.0, 4.5]
    assert half(TRITON / "half_plus_three") == [3.5, 4.0, 5.5]


def test_another_models_version_becomes_the_next_version_of_one(python_backend, tmp_path):
    shutil.copytree(TRITON / "half_plus_two", tmp_path / "m")
    shutil.copytree(TRITON / "half_plus_three" / "1", tmp_path / "m" / "2")
    assert half(tmp_path / "m", "1") == [2.5, 3.0, 4.5]
    assert half(tmp_path / "m", "2") == [3.5, 4.0, 5.5]


@pytest.mark.parametrize("directory", sorted(TRITON.iterdir()), ids=lambda path: path.name)
def test_a_models_directory_is_whole(directory):
    config = (directory / "config.pbtxt").read_text()
    (backend,) = re.findall(r'^backend: "(\w+)"$', config, re.MULTILINE)
    file = {"python": "model.py", "onnxruntime": "model.onnx"}[backend]
    assert (directory / "1" / file).is_file()
    for name in re.findall(r'^ +name: "(\w+)"$', config, re.MULTILINE):
        inside = (directory / "1" / file).read_bytes()
        assert name.encode() in inside, f"{file} has no {name}"
    assert sum(path.stat().st_size for path in directory.rglob("*")) < 32_000


CONFIG = {"default_model_filename": "", "input": [{"name": "a"}], "output": [{"name": "b"}]}


@pytest.fixture
def session(monkeypatch):
    """ONNX Runtime with a model that doubles `a`, and fails where `a` is empty."""
    made = SimpleNamespace(paths=[], outputs=["b", "c"])

    class Session:
        def __init__(self, path, options, providers):
            made.paths.append((path, providers))

        def get_inputs(self):
            return [SimpleNamespace(name="a")]

        def get_outputs(self):
            return [SimpleNamespace(name=name) for name in made.outputs]

        def run(self, wanted, given):
            if not given["a"].size:
                raise RuntimeError("a is empty")
            return [2 * given["a"] for _ in wanted]

    module = SimpleNamespace(InferenceSession=Session, SessionOptions=SimpleNamespace)
    monkeypatch.setitem(sys.modules, "onnxruntime", module)
    return made


def initialized(config=CONFIG):
    model = loaded(BACKEND)
    model.initialize(
        {"model_repository": "/m", "model_version": "3", "model_config": json.dumps(config)}
    )
    return model


def test_the_onnx_file_of_the_version_is_run_on_the_processor(python_backend, session):
    model = initialized()
    assert session.paths == [("/m/3/model.onnx", ["CPUExecutionProvider"])]
    (answer,) = model.execute([Request("b", a=np.array([1.0, 2.0]))])
    assert [(one.name, one.value.tolist()) for one in answer.tensors] == [("b", [2.0, 4.0])]
    assert answer.error is None


def test_a_request_that_the_model_refuses_fails_alone(python_backend, session):
    bad, good = Request("b", a=np.array([])), Request("b", a=np.array([1.0]))
    first, second = initialized().execute([bad, good])
    assert (first.tensors, first.error) == ([], "a is empty")
    assert second.tensors[0].value.tolist() == [2.0]


def test_a_configuration_that_names_another_output_is_refused(python_backend, session):
    session.outputs = ["probs"]
    with pytest.raises(python_backend.TritonModelException, match="output b, the model has probs"):
        initialized()
