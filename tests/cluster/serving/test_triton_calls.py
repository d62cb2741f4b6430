"""Decoupled models, optional inputs and calls that are cut off, on the real Triton and gateway."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest

from local.images.recipes import TRITON
from tests.cluster.checkout import Checkout
from tests.cluster.continuous_calls import until
from tests.cluster.serving.sources import TIMEOUT, pvc
from tests.cluster.test_triton import rest

SERVER = "calls"
WORDS = "the quick brown fox"
#: The gateway ends a call 10 s after the deadline; the slow model takes longer.
DEADLINE, SLOW = "1s", 14.0
EXECUTIONS = "/tmp/executions"
_TENSOR = 'name: "{name}" data_type: TYPE_FP32 dims: [ -1 ]'
_CONFIG = f"""\
backend: "python"
max_batch_size: 0
input [
  {{ {_TENSOR.format(name="x")} }},
  {{ {_TENSOR.format(name="factor")} optional: true }}
]
output [ {{ {_TENSOR.format(name="y")} }} ]
instance_group [ {{ count: 2 kind: KIND_CPU }} ]
"""
_SCALED = """\
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        x = pb_utils.get_input_tensor_by_name(request, "x").as_numpy()
        factor = pb_utils.get_input_tensor_by_name(request, "factor")
        y = x if factor is None else x * factor.as_numpy()
        return pb_utils.InferenceResponse([pb_utils.Tensor("y", y)])
"""
_SLEEPY = f"""\
import time

import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        x = pb_utils.get_input_tensor_by_name(request, "x")
        with open("{EXECUTIONS}", "a") as file:
            file.write(f"{{x.as_numpy()[0]:g}} ")
        time.sleep({SLOW} if x.as_numpy()[0] else 0)
        return pb_utils.InferenceResponse([pb_utils.Tensor("y", x.as_numpy())])
"""


@pytest.fixture(scope="module")
def served(dev: Checkout) -> Iterator[Checkout]:
    """A server with three models beside the dev stack's, and a short deadline."""
    home = dev.models / "triton"
    programs = {"scaled": _SCALED, "slow": _SLEEPY}
    for name, program in programs.items():
        (home / name / "1").mkdir(parents=True)
        (home / name / "config.pbtxt").write_text(_CONFIG)
        (home / name / "1" / "model.py").write_text(program)
    config = dev.config()
    config["config"]["slipway:limits"]["deadline"] = DEADLINE
    config["config"]["slipway:models"] |= {
        name: {
            "runtime": "triton",
            "server": SERVER,
            "image": TRITON,
            "streaming": True,
            "source": pvc(f"triton/{name}"),
        }
        for name in ("words", *programs)
    }
    dev.write_config(config)
    up = ("pulumi", "up", "--yes", "--skip-preview", "--stack", "dev")
    try:
        dev.run(*up, timeout=TIMEOUT)
        for name in ("words", *programs):
            until(lambda name=name: routed(dev, name), f"the route of {name}")
        yield dev
    finally:
        dev.restore_config()
        dev.run(*up, timeout=TIMEOUT)
        for name in programs:
            shutil.rmtree(home / name)


def routed(checkout: Checkout, model: str) -> bool:
    return rest(checkout, f"/{model}/v2/models/{model}/ready")[0] == 200


def executions(checkout: Checkout) -> list[str]:
    """The first value of each call that the slow model has begun to execute."""
    selector = ("-n", "models", "-l", f"app.kubernetes.io/instance={SERVER}")
    pod = checkout.kubectl("get", "pods", *selector, "-o", "jsonpath={.items[0].metadata.name}")
    program = f"print(open({EXECUTIONS!r}).read())"
    inside = ("exec", "-n", "models", pod, "--", "python3", "-c", program)
    return checkout.kubectl(*inside).split()


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_the_answers_of_a_decoupled_model_are_printed_as_they_come(
    served: Checkout, protocol: str
) -> None:
    command = ("predict", "words", WORDS, "--stream", "--protocol", protocol, "--stack", "dev")
    python = str(served.root / ".venv-client" / "bin" / "python")
    with subprocess.Popen(
        [python, "-m", "client", *command],
        cwd=served.root,
        env=served.exports,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdout is not None
        lines = [(json.loads(line), time.monotonic()) for line in client.stdout]
    assert client.returncode == 0
    assert [line for line, _ in lines] == [[word] for word in WORDS.split()]
    took = lines[-1][1] - lines[0][1]
    assert took > 0.4, "the answers were withheld until the last one"


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_an_input_that_is_optional_may_be_left_out_of_a_stream(
    served: Checkout, protocol: str
) -> None:
    inputs = json.dumps({"text_input": [WORDS], "max_tokens": [2]})
    options = ("--json", inputs, "--stream", "--protocol", protocol, "--stack", "dev")
    assert served.client("predict", "words", *options).stdout == '["the"]\n["quick"]\n'


@pytest.mark.parametrize("protocol", ["grpc", "rest", "rest-binary"])
def test_an_input_that_is_optional_may_be_left_out(served: Checkout, protocol: str) -> None:
    assert served.predict("scaled", "1", "2", "5", protocol=protocol) == [1, 2, 5]
    inputs = json.dumps({"x": [1, 2, 5], "factor": [3]})
    options = ("--json", inputs, "--protocol", protocol, "--stack", "dev")
    assert json.loads(served.client("predict", "scaled", *options).stdout) == [3, 6, 15]
    table = served.client("metadata", "scaled", "--protocol", protocol, "--stack", "dev").stdout
    (line,) = [line for line in table.splitlines() if "factor" in line]
    assert line.split()[-1] == "optional"


def test_smoke_and_check_are_green_for_both(served: Checkout) -> None:
    done = served.client("smoke", "words", "scaled", "--stack", "dev")
    assert done.stdout.count("ok") == 2
    for name in ("words", "scaled"):
        for protocol in ("grpc", "rest"):
            served.client("check", name, "--protocol", protocol, "--stack", "dev")


def test_a_plain_prediction_of_a_decoupled_model_says_how_to_stream(served: Checkout) -> None:
    done = served.client("predict", "words", WORDS, "--stack", "dev", check=False)
    assert done.returncode == 2
    assert "`predict --stream`" in done.stderr


def test_a_call_that_the_gateway_cuts_off_is_executed_once_and_the_limit_is_named(
    served: Checkout,
) -> None:
    for number, protocol in ((1, "grpc"), (2, "rest"), (3, "rest-binary")):
        options = ("--protocol", protocol, "--deadline", "60", "--stack", "dev")
        done = served.client("predict", "slow", str(number), *options, check=False)
        assert done.returncode == 1
        assert "HTTP 504" in done.stderr, protocol
        assert "slipway:limits.deadline" in done.stderr, protocol
        assert executions(served).count(str(number)) == 1, protocol
