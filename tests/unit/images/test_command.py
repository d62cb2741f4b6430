"""The stand-in as a program: flags, first line, signals."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.images.tflite_serving import flags
from tests.unit.images.conftest import MODELS, free_port, until

ROOT = Path(__file__).parents[3]


def run(*arguments: str, **options) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "local.images.tflite_serving", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, cwd=ROOT, **pipes, **options)


def test_an_unknown_flag_is_refused_with_the_usage():
    process = run("--prot=8500")
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert output.startswith("unknown argument: --prot=8500\nusage: tensorflow_model_server")


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--port=many", "Couldn't interpret value many for flag port: a whole number expected"),
        ("--enable_batching=yes", "Couldn't interpret value yes for flag enable_batching"),
        ("--port", "flag port needs a value"),
        ("--ssl_config_file=/x", "not supported by this stand-in"),
        ("port=1", "unknown argument: port=1"),
    ],
)
def test_a_wrong_value_is_refused_with_its_flag(argument, message):
    with pytest.raises(flags.FlagError, match=re.escape(message)):
        flags.parse([argument])


@pytest.mark.parametrize(("text", "value"), [("True", True), ("FALSE", False), ("true", True)])
def test_truth_values_are_read_in_any_case(text, value):
    assert flags.parse([f"--enable_batching={text}"]).enable_batching is value


def test_flags_without_effect_are_accepted_and_named():
    options = flags.parse(["--enable_batching", "--mixed_precision=bfloat16", "--port=1"])
    assert options.without_effect == ("--enable_batching", "--mixed_precision")
    assert (options.port, options.enable_batching) == (1, True)


def test_it_cannot_start_without_a_model():
    process = run(f"--port={free_port()}")
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 255
    assert "model_base_path and server_options.model_config_file are empty" in output


def test_it_says_what_it_is_and_ends_on_sigterm(tmp_path):
    log = tmp_path / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [
                *[sys.executable, "-m", "local.images.tflite_serving", f"--port={free_port()}"],
                *["--model_name=m", f"--model_base_path={MODELS / 'half_plus_two'}"],
            ],
            cwd=ROOT,
            stderr=out,
        )
    try:
        until(lambda: "Running gRPC ModelServer" in log.read_text(), "the server to be up")
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
    assert "the local cluster's stand-in for tensorflow/serving" in log.read_text().splitlines()[0]
