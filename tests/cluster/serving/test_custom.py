"""Servers of the runtime `custom`, and models without a gateway."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.checkout import Checkout

HALF_PLUS_TWO = [2.5, 3.0, 4.5]
TRAINING = Path(__file__).parent / "train.yaml"
MLSERVER: dict[str, Any] = {
    "runtime": "custom",
    "image": "seldonio/mlserver:1.7.1",
    "user": 1000,
    "protocol": "open-inference-v2",
    "ports": {"grpc": 8081, "rest": 8080},
    "health": {"path": "/v2/models/{model}/ready", "live": "/v2/health/live"},
    "environment": {"MLSERVER_PARALLEL_WORKERS": "0"},
}


def add(checkout: Checkout, name: str, **options: Any) -> None:
    config = checkout.config()
    config["config"]["slipway:models"][name] = options
    checkout.write_config(config)


@pytest.fixture(scope="module")
def trained(dev: Checkout) -> Iterator[Checkout]:
    """MLServer serves `digits`, a classifier of scikit-learn's digits. A pod has trained it and
    written it into the volume."""
    directory = dev.models / "sklearn"
    try:
        dev.run("python3", "-m", "local", "images", MLSERVER["image"])
        directory.mkdir()
        directory.chmod(0o777)
        dev.kubectl("apply", "-f", str(TRAINING))
        trained = ("pod/train", "-n", "models", "--for=jsonpath={.status.phase}=Succeeded")
        dev.kubectl("wait", *trained, "--timeout=120s")
        add(dev, "digits", **MLSERVER, source=source("sklearn"), startup_timeout="3m")
        dev.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
        yield dev
    finally:
        dev.kubectl("delete", "-f", str(TRAINING), "--ignore-not-found", "--timeout=60s")
        dev.restore_config()
        dev.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
        shutil.rmtree(directory)


def source(path: str) -> dict[str, str]:
    return {"kind": "pvc", "claim": "models", "path": path}


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_mlserver_answers_through_the_gateway(trained: Checkout, protocol: str) -> None:
    logged = trained.kubectl("logs", "-n", "models", "train").splitlines()[-1]
    pixels, digit = json.loads(logged)
    command = ("predict", "digits", "--json", json.dumps([pixels]), "--protocol", protocol)
    answer = json.loads(trained.client(*command, "--stack", "dev").stdout)
    assert answer in ([digit], [[digit]])


def test_a_server_that_finds_no_model_is_not_ready_and_the_old_one_goes_on(
    trained: Checkout,
) -> None:
    before = trained.config()
    add(trained, "digits", **MLSERVER, source=source("half_plus_two"), startup_timeout="20s")
    try:
        done = trained.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", check=False)
        assert done.returncode != 0
        assert '"GET /v2/models/digits/ready HTTP/1.1" 404' in done.stdout + done.stderr
        assert "digits" in trained.client("metadata", "digits", "--stack", "dev").stdout
    finally:
        trained.write_config(before)
        trained.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")


def test_an_exposed_model_answers_on_a_load_balancer_of_its_own(changed: Checkout) -> None:
    expose = {"kind": "load_balancer", "port": 9090, "rest_port": 9091}
    add(changed, "open", runtime="tfserving", source=source("half_plus_two"), expose=expose)
    printed = changed.pulumi("up", "--yes", "--skip-preview", "--stack", "dev").stdout
    assert "no TLS" in printed and "no authentication" in printed
    outputs = changed.outputs()
    grpc, rest = (outputs["endpoints"]["open"][way] for way in ("grpc", "rest"))
    host, _, port = grpc["target"].rpartition(":")
    assert port == "9090"
    assert host != outputs["gateway"]["address"]
    assert grpc["tls"] is False
    assert rest["url"] == f"http://{host}:9091/v1/models/open:predict"
    for protocol in ("grpc", "rest"):
        assert changed.predict("open", "1", "2", "5", protocol=protocol) == HALF_PLUS_TWO
    assert "open" not in changed.kubectl("get", "ingresses", "-n", "models", "-o", "name")
    again = changed.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", "dev")
    assert "no TLS" in again.stdout
    smoke = changed.client("smoke", "open", "--stack", "dev")
    assert "open" in smoke.stdout
