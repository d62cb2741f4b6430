import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from client import benchmark
from client.cli import main
from client.errors import InputError, UsageError
from client.signature import Signature, TensorSpec
from tests.unit.client.fake_serving import FakeServing
from tests.unit.client.fake_triton import FakeTriton, echo

Run = Callable[..., int]


@pytest.fixture
def run(triton_outputs: dict[str, Any], tmp_path: Path) -> Run:
    def command(*arguments: str) -> int:
        file = tmp_path / "outputs.json"
        file.write_text(json.dumps(triton_outputs))
        return main(["bench", "scorer", "--outputs", str(file), *arguments])

    return command


def of(**inputs: tuple[str, Any]) -> Signature:
    specs = {name: TensorSpec(name, dtype, shape) for name, (dtype, shape) in inputs.items()}
    return Signature("infer", specs, {})


def kinds(triton: FakeTriton) -> list[str]:
    """The transport of each request."""
    names = []
    for request in triton.requests:
        raw = request[1] if isinstance(request, tuple) else None
        names.append("grpc" if raw is None else "rest-binary" if raw else "rest")
    return names


def test_each_transport_has_a_row_with_percentiles_throughput_errors_and_parts(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--calls", "5") == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert " ".join(header.split()) == (
        "MODEL TRANSPORT CALLS ERRORS P50 MS P90 MS P99 MS CALLS/S ENCODE WIRE+SERVER DECODE"
        " P50 TO JSON"
    )
    cells = [row.split() for row in rows]
    assert [row[:4] for row in cells] == [
        ["scorer", transport, "5", "0"] for transport in ("grpc", "rest", "rest-binary")
    ]
    assert [row[-1][-1] for row in cells] == ["%", "-", "%"]
    p50, p90, p99 = map(float, cells[0][4:7])
    assert 0 < p50 <= p90 <= p99


def test_transports_take_turns_and_each_round_begins_with_another(
    run: Run, triton: FakeTriton
) -> None:
    run("--calls", "3")
    order = ["grpc", "rest", "rest-binary"]
    warm_up = [kind for kind in order for _ in range(3)]
    rounds = [*order, *order[1:], *order[:1], *order[2:], *order[:2]]
    assert kinds(triton) == warm_up + rounds


def test_rows_fill_the_first_open_dimension_for_all_transports_alike(
    run: Run, triton: FakeTriton, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--rows", "4", "--calls", "1", "--json") == 0
    grpc, *rest = triton.requests[:1] + [r for r in triton.requests if isinstance(r, tuple)]
    assert list(grpc.inputs[0].shape) == [4, 2]
    assert {tuple(request["inputs"][0]["shape"]) for request, _, _ in rest} == {(4, 2)}
    sent = np.frombuffer(grpc.raw_input_contents[0], "<f4")
    assert rest[0][0]["inputs"][0]["data"] == pytest.approx(sent.tolist())
    found = json.loads(capsys.readouterr().out)
    assert {row["rows"] for row in found} == {4}
    parts = [found[0][key] for key in ("encode_ms", "exchange_ms", "decode_ms")]
    assert sum(parts) <= found[0]["p99_ms"] * 1.5


def test_one_transport_may_be_named_and_a_missing_one_is_wrong_use(
    run: Run, triton_outputs: dict[str, Any], triton: FakeTriton,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert run("--rest", "--calls", "2") == 0
    assert set(kinds(triton)) == {"rest"}
    triton_outputs["endpoints"]["scorer"]["grpc"] = None
    assert run("--protocol", "grpc", "--calls", "2") == 2
    assert "cannot be called over grpc; it has: rest, rest-binary" in capsys.readouterr().err


def test_an_error_is_counted_kept_and_fails_the_run(
    run: Run, triton: FakeTriton, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails_once(inputs: Any) -> Any:
        if len(triton.requests) == 5:  # the second call after three warm-up calls
            raise ValueError("hole")
        return echo(inputs)

    triton.answer = fails_once
    assert run("--protocol", "grpc", "--calls", "4", "--json") == 1
    printed = capsys.readouterr()
    (row,) = json.loads(printed.out)
    assert (row["calls"], row["errors"]) == (3, 1)
    assert "UNKNOWN" in row["error"]
    assert "scorer over grpc" in printed.err


def test_a_transport_that_is_dead_does_not_stop_the_others(
    run: Run, triton: FakeTriton, triton_outputs: dict[str, Any], capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    rest = triton_outputs["endpoints"]["scorer"]["rest"]
    rest["url"] = rest["url"].replace("models/scorer", "models/other")
    assert run("--calls", "2", "--json") == 1
    rows = json.loads(capsys.readouterr().out)
    assert [(row["calls"], row["errors"]) for row in rows] == [(2, 0), (0, 1), (0, 1)]
    assert rows[1]["p50_ms"] is None


def test_seconds_end_the_run_and_threads_call_at_once(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--seconds", "0.3", "--concurrency", "3", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["calls"] % 24 for row in rows} == {0}
    assert len({row["calls"] for row in rows}) == 1


def test_tensorflow_serving_is_measured_over_its_two_transports(
    outputs: dict[str, Any], tmp_path: Path, serving: FakeServing,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(outputs))
    arguments = ["bench", "half_plus_two", "--outputs", str(file), "--calls", "2", "--json"]
    assert main(arguments) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["transport"] for row in rows] == ["grpc", "rest"]


def test_samples_are_the_same_each_time_and_fit_the_signature() -> None:
    signature = of(
        f=("float32", (None, 3)), b=("bfloat16", (None,)), i=("int8", (2,)), s=("string", (None, 1)),
        t=("bool", (None, None)), h=("float16", (None,)),
    )  # fmt: skip
    first = benchmark.sample(signature, 1, {"t": (2, 5)})
    again = benchmark.sample(signature, 1, {"t": (2, 5)})
    assert {name: array.shape for name, array in first.items()} == {
        "f": (1, 3), "b": (1,), "i": (2,), "s": (1, 1), "t": (2, 5), "h": (1,),
    }  # fmt: skip
    assert all((first[name] == again[name]).all() for name in first)
    assert len(first["s"][0, 0]) == 16
    assert first["i"].min() >= 0


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="--rows cannot fill"):
        benchmark.sample(of(x=("float32", (3, 32, 32))), 2, {})
    with pytest.raises(InputError, match="--rows cannot fill"):
        benchmark.sample(of(x=("float32", None)), 1, {})
    assert benchmark.sample(of(x=("float32", None)), 1, {"": (2, 2)})["x"].shape == (2, 2)
    with pytest.raises(UsageError, match="--shape is for z"):
        benchmark.sample(of(x=("float32", (None,))), 1, {"z": (2,)})
    with pytest.raises(InputError, match="expected"):
        benchmark.sample(of(x=("float32", (None, 3))), 1, {"": (2, 2)})
