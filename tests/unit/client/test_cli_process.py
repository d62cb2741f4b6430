"""The command line in a process of its own: what it prints, and which modules it loads."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import trustme

from tests.unit.client.fake_serving import FakeServing, half_plus_two

ROOT = Path(__file__).resolve().parents[3]


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
