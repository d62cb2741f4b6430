import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from client.cli import main
from tests.unit.client.fake_serving import FakeServing, RestGateway, half_plus_two
from tests.unit.client.fake_triton import FakeTriton
from tests.unit.client.test_connection import free_port
from tests.unit.client.test_predict import echo

ROOT = Path(__file__).resolve().parents[3]
Run = Callable[..., int]


@pytest.fixture
def run(outputs: dict[str, Any], tmp_path: Path) -> Run:
    """Runs a command with the fixture's outputs, including changes that a test made to them."""

    def command(name: str, *arguments: str) -> int:
        file = tmp_path / "outputs.json"
        file.write_text(json.dumps(outputs))
        return main([name, "--outputs", str(file), "--connect-timeout", "1", *arguments])

    return command


@pytest.mark.parametrize("transport", [[], ["--rest"], ["--protocol", "rest"]])
def test_predict_prints_the_answer_as_a_plain_list(
    run: Run, capsys: pytest.CaptureFixture[str], transport: list[str]
) -> None:
    assert run("predict", *transport, "half_plus_two", "1", "2", "5") == 0
    assert capsys.readouterr().out == "[2.5, 3.0, 4.5]\n"


def test_the_option_rest_calls_only_rest(run: Run, serving: FakeServing, rest: RestGateway) -> None:
    run("predict", "--rest", "half_plus_two", "1")
    assert serving.paths == []
    assert rest.seen


@pytest.mark.parametrize("form", ["[1, 2, 5]", '{"x": [1, 2, 5]}', "@"])
def test_predict_takes_json_from_the_line_by_name_and_from_a_file(
    run: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path, form: str
) -> None:
    if form == "@":
        (tmp_path / "in.json").write_text("[1, 2, 5]")
        form = f"@{tmp_path}/in.json"
    assert run("predict", "half_plus_two", "--json", form) == 0
    assert json.loads(capsys.readouterr().out) == [2.5, 3.0, 4.5]


def test_values_fill_the_models_shape(
    run: Run, capsys: pytest.CaptureFixture[str], serving: FakeServing
) -> None:
    serving.inputs, serving.answer = {"x": ("DT_INT64", [-1, 2])}, echo
    assert run("predict", "half_plus_two", "1", "2", "-3", "4") == 0
    assert json.loads(capsys.readouterr().out) == [[1, 2], [-3, 4]]
    assert run("predict", "half_plus_two", "1", "2", "3") == 1
    assert "3 values do not fill input 'x' of shape (?, 2)" in capsys.readouterr().err


def test_floats_are_printed_with_the_digits_they_have(
    run: Run, capsys: pytest.CaptureFixture[str], serving: FakeServing
) -> None:
    serving.answer = echo
    run("predict", "half_plus_two", "0.1", "1e30")
    assert capsys.readouterr().out == "[0.1, 1e+30]\n"


def test_several_outputs_are_printed_by_name_and_strings_as_text(
    run: Run, capsys: pytest.CaptureFixture[str], serving: FakeServing
) -> None:
    def two(request: Any) -> Any:
        answer = echo(request)
        answer.outputs["z"].CopyFrom(request.inputs["x"])
        answer.outputs["z"].string_val[0] = b"\xff"
        return answer

    serving.inputs, serving.answer = {"x": ("DT_STRING", [-1])}, two
    serving.outputs = {"y": ("DT_STRING", [-1]), "z": ("DT_STRING", [-1])}
    assert run("predict", "half_plus_two", "hello") == 0
    assert json.loads(capsys.readouterr().out) == {"y": ["hello"], "z": [{"b64": "/w=="}]}


@pytest.mark.parametrize(
    "arguments",
    [["half_plus_two"], ["half_plus_two", "1", "--json", "[1]"], ["half_plus_two", "--json", "[1"]],
)
def test_wrong_use_exits_with_2(run: Run, arguments: list[str]) -> None:
    assert run("predict", *arguments) == 2


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "nan"])
def test_a_deadline_must_be_a_number_of_seconds(
    run: Run, capsys: pytest.CaptureFixture[str], seconds: str
) -> None:
    with pytest.raises(SystemExit) as left:
        run("predict", f"--deadline={seconds}", "half_plus_two", "1")
    assert left.value.code == 2
    assert "number of seconds" in capsys.readouterr().err


def test_an_error_is_a_sentence_and_a_fix_on_stderr(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("predict", "half", "1") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    first, second = printed.err.splitlines()
    assert first == "error: The stack has no model 'half'; its models are: half_plus_two."
    assert second.startswith("fix: ")


def test_metadata_is_a_table_or_json(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("metadata", "half_plus_two") == 0
    assert capsys.readouterr().out == (
        "half_plus_two, version 1\n\n"
        "SIGNATURE             NAME  DTYPE    SHAPE\n"
        "serving_default  in   x     float32  (?)\n"
        "serving_default  out  y     float32  (?)\n"
    )
    for transport in ("grpc", "rest"):
        assert run("metadata", "half_plus_two", "--json", "--protocol", transport) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["signatures"]["serving_default"] == {
            "inputs": {"x": {"dtype": "float32", "shape": [None], "optional": False}},
            "outputs": {"y": {"dtype": "float32", "shape": [None]}},
        }


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


@pytest.mark.parametrize("command", ["predict", "metadata"])
def test_binary_rest_of_tensorflow_serving_is_wrong_use(
    run: Run, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    values = ["1"] if command == "predict" else []
    assert run(command, "half_plus_two", *values, "--protocol", "rest-binary") == 2
    assert "has no rest-binary; it has: grpc, rest." in capsys.readouterr().err


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


def python(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
        **options,
    )


def test_the_command_line_prints_the_answer_and_nothing_else(
    outputs: dict[str, Any], serving: FakeServing
) -> None:
    serving.answer = half_plus_two
    arguments = ["-m", "client", "predict", "half_plus_two", "1", "2", "5", "--outputs", "-"]
    done = python(*arguments, input=json.dumps(outputs))
    assert (done.returncode, done.stdout, done.stderr) == (0, "[2.5, 3.0, 4.5]\n", "")


def test_an_untrusted_certificate_is_two_lines_on_stderr_without_grpcs_log(
    outputs: dict[str, Any], start: Any
) -> None:
    target = start(trustme.CA().issue_cert("models.localhost")).target
    outputs["endpoints"]["half_plus_two"]["grpc"]["target"] = target
    arguments = ["-m", "client", "predict", "half_plus_two", "1", "--outputs", "-"]
    done = python(*arguments, input=json.dumps(outputs))
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["error", "fix"]


def test_help_teaches_by_examples_and_loads_neither_numpy_nor_grpc() -> None:
    script = (
        "import sys; from client.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert not {'numpy', 'grpc', 'urllib3'} & set(sys.modules)\n"
    )
    done = python("-c", script)
    assert done.returncode == 0, done.stderr
    assert "python -m client predict half_plus_two 1 2 5" in done.stdout


def test_a_prediction_of_tensorflow_serving_loads_no_message_of_another_protocol(
    outputs: dict[str, Any], triton_outputs: dict[str, Any]
) -> None:
    outputs["endpoints"].update(triton_outputs["endpoints"])
    script = (
        "import json, sys; from client import connect\n"
        "outputs = json.load(sys.stdin)\n"
        "def others(name): return [key for key in sys.modules if key.startswith(name)]\n"
        "for transport in ('grpc', 'rest'):\n"
        "    with connect(outputs, 'half_plus_two', transport=transport) as model:\n"
        "        model.predict({'x': [1]})\n"
        "assert not others('tritonclient'), others('tritonclient')\n"
        "with connect(outputs, 'scorer') as model: model.predict({'x': [[1, 2]]})\n"
        "left = {'tritonclient.grpc.service_pb2', 'tritonclient.grpc.model_config_pb2'}\n"
        "assert set(others('tritonclient')) - {'tritonclient'} == left, others('tritonclient')\n"
    )
    done = python("-c", script, input=json.dumps(outputs))
    assert done.returncode == 0, done.stderr


def test_a_missing_dependency_is_reported_without_a_traceback(
    outputs: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "grpc.py").write_text("raise ModuleNotFoundError('no', name='grpc')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    text = json.dumps(outputs)
    done = python("-m", "client", "smoke", "--outputs", "-", input=text, env=environment)
    assert done.returncode == 2
    assert "'grpc' is missing" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_client_imports_neither_tensorflow_nor_pulumi_nor_the_program() -> None:
    script = (
        "import importlib, pkgutil, sys, client\n"
        "for module in pkgutil.walk_packages(client.__path__, 'client.'):\n"
        "    if module.name != 'client.__main__': importlib.import_module(module.name)\n"
        "import tensorflow_serving.apis.predict_pb2\n"
        "bad = {'pulumi', 'components', 'local', 'tensorflow.python'} & set(sys.modules)\n"
        "assert not bad, bad\n"
    )
    done = python("-c", script)
    assert done.returncode == 0, done.stderr
