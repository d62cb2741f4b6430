"""Triton's inputs with `optional: true`, which only a model's configuration contains."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from client import connect
from client.cli import main
from client.endpoint import TRANSPORTS, Transport
from client.errors import InputError
from tests.unit.client.fake_triton import FakeTriton

X = np.array([[1, 2]], np.float32)
every_transport = pytest.mark.parametrize("transport", TRANSPORTS)


@pytest.fixture(autouse=True)
def scaled(triton: FakeTriton) -> None:
    """y = scale if a call has it, else x."""
    triton.inputs = {"scale": ("FP32", [1]), "x": ("FP32", [-1, 2])}
    triton.optional = {"scale"}
    triton.answer = lambda inputs: {"y": inputs.get("scale", inputs["x"])}


@pytest.fixture
def run(triton_outputs: dict[str, Any], tmp_path: Path) -> Callable[..., int]:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(triton_outputs))
    return lambda name, *arguments: main([name, "--outputs", str(file), *arguments])


@every_transport
def test_a_call_may_leave_out_or_pass_an_optional_input(
    triton_outputs: dict[str, Any], transport: Transport
) -> None:
    with connect(triton_outputs, "scorer", transport=transport) as model:
        assert model.predict({"x": X})["y"].tolist() == X.tolist()
        assert model.predict({"x": X, "scale": [7]})["y"].tolist() == [7]
        with pytest.raises(
            InputError, match=r"given the inputs: scale; .*scale: float32 \(1\) opt"
        ):
            model.predict({"scale": [7]})
        with pytest.raises(InputError, match="given the inputs: size, x"):
            model.predict({"x": X, "size": [7]})
        with pytest.raises(InputError, match=r"'scale' has shape \(2,\)"):
            model.predict({"x": X, "scale": [7, 8]})


@every_transport
@pytest.mark.parametrize("version", [None, 2])
def test_metadata_shows_optional_inputs(
    triton_outputs: dict[str, Any], triton: FakeTriton, transport: Transport, version: int | None
) -> None:
    with connect(triton_outputs, "scorer", transport=transport, version=version) as model:
        inputs = model.metadata().signature(None).inputs
    assert {name: spec.optional for name, spec in inputs.items()} == {"scale": True, "x": False}
    if version and transport != "grpc":
        assert "/scorer/v2/models/scorer/versions/2/config" in triton.paths


@every_transport
def test_without_a_configuration_every_input_is_required(
    triton_outputs: dict[str, Any], triton: FakeTriton, transport: Transport
) -> None:
    triton.configurable = False
    with connect(triton_outputs, "scorer", transport=transport) as model:
        with pytest.raises(InputError, match="Give exactly these inputs"):
            model.predict({"x": X})
        assert not any(spec.optional for spec in model.metadata().signature(None).inputs.values())
        triton.optional = set()
        assert model.predict({"x": X, "scale": [7]})["y"].tolist() == [7]


def test_the_command_line_takes_values_for_the_only_required_input(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("predict", "scorer", "1", "2") == 0
    assert capsys.readouterr().out == "[[1.0, 2.0]]\n"


def test_the_command_line_shows_optional_inputs(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("metadata", "scorer") == 0
    assert capsys.readouterr().out == (
        "scorer, version 2\n\n"
        "SIGNATURE       NAME   DTYPE    SHAPE\n"
        "infer      in   scale  float32  (1)     optional\n"
        "infer      in   x      float32  (?, 2)\n"
        "infer      out  y      float32  (?, 2)\n"
    )
    assert run("metadata", "scorer", "--json") == 0
    inputs = json.loads(capsys.readouterr().out)["signatures"]["infer"]["inputs"]
    assert [inputs[name]["optional"] for name in ("scale", "x")] == [True, False]


def test_smoke_succeeds_for_a_model_with_optional_inputs(
    run: Callable[..., int], triton: FakeTriton, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("smoke", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["ok"]
    assert len(triton.requests) == 3
