"""The commands `predict` and `metadata`, and how errors are printed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.client.fake_serving import FakeServing, RestGateway
from tests.unit.client.test_predict import echo

Run = Callable[..., int]


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


@pytest.mark.parametrize("command", ["predict", "metadata"])
def test_binary_rest_of_tensorflow_serving_is_wrong_use(
    run: Run, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    values = ["1"] if command == "predict" else []
    assert run(command, "half_plus_two", *values, "--protocol", "rest-binary") == 2
    assert "has no rest-binary; it has: grpc, rest." in capsys.readouterr().err
