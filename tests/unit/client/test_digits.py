import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from client import digits
from client.cli import main
from client.errors import InputError, ServerError, UsageError
from client.signature import Signature, TensorSpec
from tests.unit.client.fake_triton import FakeTriton, Tensor


def line(pixels: int, label: int) -> str:
    return ",".join([str(pixels)] * 64 + [str(label)])


def of(dtype: str, shape: Any) -> Signature:
    return Signature("infer", {"x": TensorSpec("x", dtype, shape)}, {})


@pytest.fixture
def stack(triton: FakeTriton, triton_outputs: dict[str, Any], tmp_path: Path) -> list[str]:
    """Options for a model that answers the value of the first pixel, and digits of one value each."""
    triton.inputs = {"pixels": ("FP32", [-1, 64])}
    triton.outputs = {"scores": ("FP32", [-1, 10])}

    def first_pixel(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        _, shape, raw = inputs["pixels"]
        assert shape == [1, 64]
        scores = np.zeros((1, 10), np.float32)
        scores[0, round(float(np.frombuffer(raw, "<f4")[0]) * 16) % 10] = 1
        return {"scores": ("FP32", [1, 10], scores.tobytes())}

    triton.answer = first_pixel
    outputs = tmp_path / "outputs.json"
    outputs.write_text(json.dumps(triton_outputs))
    file = tmp_path / "digits.csv"
    file.write_text("\n".join([line(1, 1), line(2, 2), line(3, 3), line(4, 5)]))
    return ["bench", "scorer", "--digits", "--digits-from", str(file), "--outputs", str(outputs)]


@pytest.mark.parametrize("transport", [[], ["--rest"], ["--protocol", "rest-binary"]])
def test_the_error_rate_is_over_a_thousand_calls_of_one_digit(
    stack: list[str],
    triton: FakeTriton,
    capsys: pytest.CaptureFixture[str],
    transport: list[str],
) -> None:
    assert main([*stack, *transport]) == 0
    assert len(triton.requests) == 1000
    stdout = capsys.readouterr().out
    assert stdout.splitlines()[-1] == "Inference error rate: 25.0%"
    assert f"1000 calls over {transport[-1].lstrip('-') if transport else 'grpc'}" in stdout


def test_the_error_rate_is_json_too(stack: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*stack, "--json", "--calls", "8"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["calls"], found["wrong"], found["error_rate"]) == (8, 2, 0.25)


def test_a_call_that_fails_is_named_by_its_number(
    stack: list[str], triton: FakeTriton, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = triton.answer
    triton.answer = lambda inputs: answer(inputs) if len(triton.requests) < 3 else {}
    assert main([*stack, "--calls", "4"]) == 1
    assert "answer is no digit" in capsys.readouterr().err


def test_without_scikit_learn_the_fix_is_printed_and_no_call_is_made(
    stack: list[str], triton: FakeTriton, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(digits, "find_spec", lambda _: None)
    assert main([*stack[:3], *stack[5:]]) == 2
    stderr = capsys.readouterr().err
    assert "pip install --no-deps -r client/requirements-digits.txt" in stderr
    assert triton.requests == []


def test_scikit_learns_file_is_read_without_importing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "sklearn" / "datasets" / "data"
    data.mkdir(parents=True)
    (tmp_path / "sklearn" / "__init__.py").write_text("raise AssertionError('imported')")
    lines = "\n".join([line(0, 0)] * 500 + [line(16, 7)] * 1000)
    (data / "digits.csv.gz").write_bytes(gzip.compress(lines.encode()))
    monkeypatch.syspath_prepend(str(tmp_path))
    pixels, labels = digits.load()
    assert pixels.shape == (1000, 64)
    assert (pixels.min(), pixels.max(), set(labels.tolist())) == (1.0, 1.0, {7})
    assert "sklearn" not in sys.modules


@pytest.mark.parametrize(
    ("shape", "sent"),
    [
        ((None, 64), (1, 64)),
        ((64,), (64,)),
        ((None,), (64,)),
        ((None, 8, 8, 1), (1, 8, 8, 1)),
        ((None, None), (1, 64)),
        ((1, None, 8), (1, 8, 8)),
        (None, (1, 64)),
    ],
)
def test_a_digit_fits_every_shape_of_64(shape: Any, sent: tuple[int, ...]) -> None:
    assert digits.as_input(of("float32", shape), np.ones(64, np.float32))["x"].shape == sent


@pytest.mark.parametrize("shape", [(None, 784), (32,), (None, 63), (None, 0)])
def test_other_sizes_are_refused(shape: Any) -> None:
    with pytest.raises(InputError, match="a digit has 64 pixels"):
        digits.as_input(of("float32", shape), np.ones(64, np.float32))


def test_floats_are_sent_up_to_one_and_integers_up_to_sixteen() -> None:
    ink = np.array([0, 0.5, *[1] * 62], np.float32)
    assert digits.as_input(of("float64", (64,)), ink)["x"].tolist()[:3] == [0, 0.5, 1]
    as_bytes = digits.as_input(of("uint8", (64,)), ink)["x"]
    assert (as_bytes.dtype, as_bytes.tolist()[:3]) == (np.uint8, [0, 8, 16])
    assert digits.as_input(of("bfloat16", (64,)), ink)["x"].dtype == np.float32
    with pytest.raises(InputError, match="dtype string"):
        digits.as_input(of("string", (64,)), ink)


def test_a_digit_is_predicted_by_scores_or_by_a_single_value() -> None:
    scores = np.eye(10, dtype=np.float32)[3:4]
    assert digits.predicted_digit({"other": np.zeros(2), "scores": scores}) == 3
    assert digits.predicted_digit({"label": np.array([[4]], np.int64)}) == 4
    with pytest.raises(ServerError, match=r"no digit: y: float64 \(2,\)"):
        digits.predicted_digit({"y": np.zeros(2)})


@pytest.mark.parametrize("text", ["", "1,2,3", "a,b", line(1, 1) + "\n1,2"])
def test_a_file_of_something_else_is_wrong_use(tmp_path: Path, text: str) -> None:
    file = tmp_path / "digits.csv"
    file.write_text(text)
    with pytest.raises(UsageError, match="holds no digits"):
        digits.load(file)
    with pytest.raises(UsageError, match="holds no digits"):
        digits.load(tmp_path / "none.csv.gz")
