"""Versions that are added to a model's directory while its server runs."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.checkout import Checkout
from tests.cluster.continuous_calls import HALF_PLUS_TWO, calling_continuously, until

HALF_PLUS_THREE = [3.5, 4.0, 5.5]
SELECTOR = ("-n", "models", "-l", "app.kubernetes.io/instance=half-plus-two")


@pytest.fixture
def second(dev: Checkout) -> Iterator[Callable[[], Path]]:
    """Copies half_plus_three beside the model's versions; the test renames the copy to `2`.
    Afterwards removes it, and waits for the first version to serve."""
    versions = dev.models / "half_plus_two"
    staging = versions / ".coming"

    def copy() -> Path:
        shutil.copytree(dev.root / "models" / "half_plus_three" / "1", staging)
        return staging

    yield copy
    shutil.rmtree(staging, ignore_errors=True)
    shutil.rmtree(versions / "2", ignore_errors=True)
    until(lambda: dev.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO, "version 1")


def pods(checkout: Checkout) -> str:
    """The model's pods, with the number of their restarts."""
    row = "{.metadata.uid} {.status.containerStatuses[0].restartCount}"
    return checkout.kubectl(
        "get", "pods", *SELECTOR, "-o", f"jsonpath={{range .items[*]}}{row} {{end}}"
    )


def test_a_second_version_is_served_within_a_minute_without_a_failed_call(
    dev: Checkout, second: Callable[[], Path]
) -> None:
    before = pods(dev)
    with calling_continuously(dev, "half_plus_two", HALF_PLUS_TWO, HALF_PLUS_THREE) as calls:
        staging = second()
        staging.rename(staging.with_name("2"))
        added = time.monotonic()
        until(lambda: dev.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_THREE, "version 2")
        served = time.monotonic() - added
        time.sleep(2)  # the server unloads the first version, which must not fail a call
    print(f"version 2 was served after {served:.1f} s", calls)
    for way in ("grpc", "rest"):
        assert calls[way]["failed"] == 0, calls[way]["first"]
        assert calls[way]["answers"] == [HALF_PLUS_TWO, HALF_PLUS_THREE]
        assert calls[way]["calls"] > 100
    assert pods(dev) == before


def test_a_broken_version_is_logged_and_the_first_keeps_serving(
    dev: Checkout, second: Callable[[], Path]
) -> None:
    before = pods(dev)
    with calling_continuously(dev, "half_plus_two") as calls:
        staging = second()
        (staging / "saved_model.pb").write_text("no model")
        staging.rename(staging.with_name("2"))
        failed = "Loading servable: {name: half_plus_two version: 2} failed"
        until(lambda: failed in dev.kubectl("logs", *SELECTOR, "--tail=-1"), failed)
        time.sleep(5)
    print(calls)
    for way in ("grpc", "rest"):
        assert calls[way]["failed"] == 0, calls[way]["first"]
        assert calls[way]["answers"] == [HALF_PLUS_TWO]
    assert pods(dev) == before


def rest(checkout: Checkout, path: str) -> tuple[int, object]:
    """Status and body of a prediction for 1, 2 and 5 at the gateway's `path`."""
    gateway = checkout.outputs()["gateway"]
    context = ssl.create_default_context(cadata=gateway["ca_certificate"])
    call = http.client.HTTPSConnection(gateway["host"], timeout=10)
    call.sock = context.wrap_socket(
        socket.create_connection((gateway["address"], 443), 10), server_hostname=gateway["host"]
    )
    call.request("POST", path, json.dumps({"inputs": [1, 2, 5]}))
    answer = call.getresponse()
    return answer.status, json.loads(answer.read())


def test_labels_versions_and_batches_reach_the_server(
    changed: Checkout, second: Callable[[], Path]
) -> None:
    staging = second()
    staging.rename(staging.with_name("2"))
    config = changed.config()
    config["config"]["slipway:models"]["half_plus_two"] |= {
        "versions": {"specific": [1, 2]},
        "labels": {"stable": 1, "canary": 2},
        "batching": {"max_batch_size": 8, "batch_timeout": "1ms", "allowed_batch_sizes": [4, 8]},
        "file_system_poll_wait": "2s",
        "num_request_iterations_for_warmup": 2,
    }
    changed.write_config(config)
    # The versions are a part of the server's configuration, so this is a roll-out.
    with calling_continuously(changed, "half_plus_two", HALF_PLUS_TWO, HALF_PLUS_THREE) as calls:
        changed.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
    assert calls["grpc"]["failed"] == calls["rest"]["failed"] == 0, calls
    base = "/half_plus_two/v1/models/half_plus_two"
    assert rest(changed, f"{base}/labels/stable:predict") == (200, {"outputs": HALF_PLUS_TWO})
    assert rest(changed, f"{base}/labels/canary:predict") == (200, {"outputs": HALF_PLUS_THREE})
    assert rest(changed, f"{base}/versions/1:predict") == (200, {"outputs": HALF_PLUS_TWO})
    assert rest(changed, f"{base}:predict") == (200, {"outputs": HALF_PLUS_THREE})
    assert rest(changed, f"{base}/labels/none:predict")[0] == 400
