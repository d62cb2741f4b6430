"""The command line with a decoupled model."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from client.cli import main
from tests.unit.client.fake_serving import Refusal
from tests.unit.client.fake_triton import FakeTriton, Tensor
from tests.unit.client.test_streams import count


@pytest.fixture(autouse=True)
def counter(triton: FakeTriton) -> None:
    triton.decoupled = True
    triton.inputs, triton.outputs = {"n": ("INT32", [1])}, {"y": ("INT32", [-1])}
    triton.answers = count


@pytest.fixture
def run(triton_outputs: dict[str, Any], tmp_path: Path) -> Callable[..., int]:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(triton_outputs))
    return lambda name, *arguments: main([name, "--outputs", str(file), *arguments])


@pytest.mark.parametrize("options", [[], ["--rest"]])
def test_the_command_line_prints_a_line_an_answer_as_it_comes(
    run: Callable[..., int], triton: FakeTriton, capsys: pytest.CaptureFixture[str],
    options: list[str],
) -> None:  # fmt: skip
    printed = []

    def watched(inputs: dict[str, Tensor]) -> Iterator[dict[str, Tensor]]:
        for answer in count(inputs):
            yield answer
            end = time.monotonic() + 5
            while not (text := capsys.readouterr().out) and time.monotonic() < end:
                time.sleep(0.01)
            printed.append(text)

    triton.answers = watched
    assert run("predict", "scorer", "3", "--stream", *options) == 0
    assert printed == ["[0]\n", "[1]\n", "[2]\n"]


def test_the_command_line_says_how_to_call_a_decoupled_model(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("predict", "scorer", "3") == 2
    assert "`predict --stream`" in capsys.readouterr().err
    assert run("metadata", "scorer") == 0
    assert "scorer, version 2, decoupled: call it by `predict --stream`" in capsys.readouterr().out
    assert run("metadata", "scorer", "--json") == 0
    assert json.loads(capsys.readouterr().out)["decoupled"]
    with pytest.raises(SystemExit):
        run("predict", "scorer", "3", "--stream", "--idempotent")
    assert "not allowed with argument --stream" in capsys.readouterr().err


@pytest.mark.parametrize("answers", [0, 3])
def test_smoke_succeeds_for_a_decoupled_model(
    run: Callable[..., int], triton: FakeTriton, capsys: pytest.CaptureFixture[str], answers: int
) -> None:
    n = np.array([answers], "<i4").tobytes()
    triton.answers = lambda _: count({"n": ("INT32", [1], n)})
    assert run("smoke", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert [
        row[f"{transport}_ms"] is not None for transport in ("grpc", "rest", "rest_binary")
    ] == [
        True,
        True,
        False,
    ]
    triton.inputs = {"n": ("FP16", [1])}  # has no JSON form
    triton.answers = lambda _: iter([])
    assert run("smoke", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["grpc_ms"] is None, row["rest_ms"]) == (False, None)


def test_smoke_fails_for_a_decoupled_model_that_fails(
    run: Callable[..., int], triton: FakeTriton, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(_: dict[str, Tensor]) -> Iterator[dict[str, Tensor]]:
        raise Refusal(None, "out of memory")  # type: ignore[arg-type]
        yield {}

    triton.answers = failing
    assert run("smoke", "--json") == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert [error["transport"] for error in row["errors"]] == ["grpc", "rest"]
    assert all("out of memory" in error["error"] for error in row["errors"])
