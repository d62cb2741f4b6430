"""The examples for the local cluster, deployed by the commands of their README."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.checkout import ROOT, Checkout

EXAMPLES = ROOT / "examples"
#: Seconds from the end of `up` to a served route.
ROUTE_TIMEOUT = 20.0
#: Percent of 1,000 digits that the model was not trained with (`models/make_digits.py` prints it).
WORST_ERROR_RATE = 10.0


@pytest.fixture(scope="module")
def alone(dev: Checkout) -> Iterator[Checkout]:
    """The dev stack's cluster and files without the stack."""
    dev.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev")
    yield dev
    dev.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")


@pytest.fixture
def example(alone: Checkout, request: pytest.FixtureRequest) -> Iterator[Checkout]:
    name: str = request.param
    alone.pulumi("stack", "init", "example")
    with (alone.root / "Pulumi.example.yaml").open("a") as file:
        file.write((EXAMPLES / name / "local.yaml").read_text())
    try:
        alone.pulumi("up", "--yes", "--skip-preview", "--stack", "example")
        yield alone
    finally:
        alone.pulumi("destroy", "--yes", "--skip-preview", "--stack", "example")
        alone.pulumi("stack", "rm", "--yes", "example")


def client_output(checkout: Checkout, *arguments: str) -> str:
    """The client's output, as soon as the route is served."""
    deadline = time.monotonic() + ROUTE_TIMEOUT
    while True:
        done = checkout.client(*arguments, "--stack", "example", check=False)
        if done.returncode == 0:
            return done.stdout
        assert time.monotonic() < deadline, done.stderr


@pytest.mark.parametrize("example", ["grpc-behind-nginx"], indirect=True)
@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_a_service_behind_the_gateway_answers_at_its_path(example: Checkout, protocol: str) -> None:
    values = ("service1", "1", "2", "5")
    printed = client_output(example, "predict", *values, "--protocol", protocol)
    assert json.loads(printed) == [2.5, 3.0, 4.5]


@pytest.mark.parametrize("example", ["mnist-on-nas"], indirect=True)
def test_a_thousand_digits_are_classified_at_port_9090(example: Checkout, tmp_path: Path) -> None:
    outputs = json.loads(example.pulumi("stack", "output", "--json", "--stack", "example").stdout)
    endpoint = outputs["endpoints"]["mnist"]
    assert endpoint["grpc"]["target"].endswith(":9090")
    assert endpoint["rest"] is None
    uv = example.run("python3", "-c", "from local.bootstrap import uv; print(uv())").stdout.strip()
    example.run(
        uv, "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path),
        "-r", "client/requirements-digits.txt",
    )  # fmt: skip
    (digits,) = tmp_path.rglob("digits.csv.gz")
    printed = client_output(example, "bench", "mnist", "--digits", "--digits-from", str(digits))
    print(printed)
    (rate,) = re.findall(r"Inference error rate: ([0-9.]+)%", printed)
    assert float(rate) < WORST_ERROR_RATE
