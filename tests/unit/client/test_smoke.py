"""The command `smoke`."""

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.client.fake_serving import RestGateway
from tests.unit.client.fake_triton import FakeTriton
from tests.unit.client.test_connection import free_port

Run = Callable[..., int]


def test_smoke_prints_a_row_a_model_with_both_times(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("smoke") == 0
    header, row = capsys.readouterr().out.splitlines()
    assert " ".join(header.split()) == "MODEL PROTOCOL GRPC MS REST MS BINARY MS RESULT"
    model, protocol, grpc_ms, rest_ms, binary_ms, result = row.split()
    assert (model, protocol, binary_ms, result) == (
        "half_plus_two",
        "tensorflow-serving",
        "-",
        "ok",
    )
    assert float(grpc_ms) > 0
    assert float(rest_ms) > 0


def test_smoke_calls_an_open_inference_model_over_three_transports(
    run: Run, outputs: dict[str, Any], triton_outputs: dict[str, Any], triton: FakeTriton,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    outputs["endpoints"].update(triton_outputs["endpoints"])
    triton.inputs, triton.outputs = {"x": ("FP16", [3, 2])}, {"y": ("FP16", [3, 2])}
    assert run("smoke", "--json") == 0
    rows = {row["model"]: row for row in json.loads(capsys.readouterr().out)}
    columns = ("grpc_ms", "rest_ms", "rest_binary_ms")
    assert [rows["scorer"][column] is not None for column in columns] == [True, True, True]
    assert [rows["half_plus_two"][column] is not None for column in columns] == [True, True, False]
    answer = triton.answer
    triton.answer = lambda inputs: answer(inputs) if len(triton.requests) < 6 else {}
    assert run("smoke", "scorer") == 1
    assert "scorer, grpc and rest-binary: They answer differently" in capsys.readouterr().out


def test_smoke_of_an_unknown_protocol_says_so_once(
    run: Run, outputs: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    outputs["endpoints"]["half_plus_two"]["protocol"] = "carrier-pigeon"
    assert run("smoke", "--json") == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert [error["transport"] for error in row["errors"]] == ["endpoint"]


def test_smoke_calls_every_model_and_fails_when_one_transport_of_one_is_dead(
    run: Run, outputs: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    dead = json.loads(json.dumps(outputs["endpoints"]["half_plus_two"]))
    dead["rest"]["connect_to"] = f"127.0.0.1:{free_port()}"
    outputs["endpoints"]["a_dead_one"] = dead
    assert run("smoke", "--json") == 1
    rows = json.loads(capsys.readouterr().out)
    # The fake server has only one model, so the other one fails over gRPC too.
    assert [(row["model"], row["ok"]) for row in rows] == [
        ("a_dead_one", False),
        ("half_plus_two", True),
    ]
    assert [error["transport"] for error in rows[0]["errors"]] == ["grpc", "rest"]
    assert "Servable not found" in rows[0]["errors"][0]["error"]
    assert "refused" in rows[0]["errors"][1]["error"]
    assert rows[0]["rest_ms"] is None
    assert run("smoke", "half_plus_two") == 0
    capsys.readouterr()
    assert run("smoke") == 1
    assert "failed" in capsys.readouterr().out


def test_smoke_without_a_rest_address_calls_grpc_alone(
    run: Run, outputs: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    outputs["endpoints"]["half_plus_two"]["rest"] = None
    assert run("smoke", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["rest_ms"] is None


def test_smoke_fails_where_grpc_and_rest_lead_to_different_models(
    run: Run, rest: RestGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    path = "/half_plus_two/v1/models/half_plus_two:predict"
    rest.answers[path] = (200, {"outputs": [1.0, 2.0]})
    assert run("smoke") == 1
    assert "answer differently" in capsys.readouterr().out


def test_smoke_of_an_empty_stack_fails(
    run: Run, outputs: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    outputs["endpoints"] = {}
    assert run("smoke") == 1
    assert "no models" in capsys.readouterr().out


def test_there_is_no_colour_without_a_terminal(
    run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("smoke")
    assert "\033" not in capsys.readouterr().out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    run("smoke")
    assert "\033[32mok" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    run("smoke")
    assert "\033" not in capsys.readouterr().out
