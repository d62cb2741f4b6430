"""Versions that come into a model's directory while its server runs."""

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

from tests.cluster.asked import HALF_PLUS_TWO, asked_all_the_time, until
from tests.cluster.checkout import Checkout

HALF_PLUS_THREE = [3.5, 4.0, 5.5]
SELECTOR = ("-n", "models", "-l", "app.kubernetes.io/instance=half-plus-two")


@pytest.fixture
def second(dev: Checkout) -> Iterator[Callable[[], Path]]:
    """Puts half_plus_three into the model's directory as its version 2, by a rename of the
    finished directory; it is taken away again, and the first version serves."""
    versions = dev.models / "half_plus_two"
    coming = versions / ".coming"

    def put() -> Path:
        shutil.copytree(dev.root / "models" / "half_plus_three" / "1", coming)
        return coming

    yield put
    shutil.rmtree(coming, ignore_errors=True)
    shutil.rmtree(versions / "2", ignore_errors=True)
    until(lambda: dev.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO, "version 1")


def pods(checkout: Checkout) -> str:
    """The model's pods, and how often each was restarted."""
    row = "{.metadata.uid} {.status.containerStatuses[0].restartCount}"
    return checkout.kubectl(
        "get", "pods", *SELECTOR, "-o", f"jsonpath={{range .items[*]}}{row} {{end}}"
    )


def test_a_second_version_is_served_within_a_minute_without_a_failed_call(
    dev: Checkout, second: Callable[[], Path]
) -> None:
    before = pods(dev)
    with asked_all_the_time(dev, "half_plus_two", HALF_PLUS_TWO, HALF_PLUS_THREE) as asked:
        coming = second()
        coming.rename(coming.with_name("2"))
        put = time.monotonic()
        until(lambda: dev.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_THREE, "version 2")
        served = time.monotonic() - put
        time.sleep(2)  # the first version is unloaded, and nobody may notice
    print(f"version 2 was served after {served:.1f} s", asked)
    for way in ("grpc", "rest"):
        assert asked[way]["failed"] == 0, asked[way]["first"]
        assert asked[way]["answers"] == [HALF_PLUS_TWO, HALF_PLUS_THREE]
        assert asked[way]["calls"] > 100
    assert pods(dev) == before


def test_a_broken_version_leaves_the_first_serving_and_is_told_of(
    dev: Checkout, second: Callable[[], Path]
) -> None:
    before = pods(dev)
    with asked_all_the_time(dev, "half_plus_two") as asked:
        coming = second()
        (coming / "saved_model.pb").write_text("no model")
        coming.rename(coming.with_name("2"))
        failed = "Loading servable: {name: half_plus_two version: 2} failed"
        until(lambda: failed in dev.kubectl("logs", *SELECTOR, "--tail=-1"), failed)
        time.sleep(5)
    print(asked)
    for way in ("grpc", "rest"):
        assert asked[way]["failed"] == 0, asked[way]["first"]
        assert asked[way]["answers"] == [HALF_PLUS_TWO]
    assert pods(dev) == before


def rest(checkout: Checkout, path: str) -> tuple[int, object]:
    """Status and answer of a prediction for 1, 2 and 5 by the gateway's `path`."""
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
    coming = second()
    coming.rename(coming.with_name("2"))
    config = changed.config()
    config["config"]["slipway:models"]["half_plus_two"] |= {
        "versions": {"specific": [1, 2]},
        "labels": {"stable": 1, "canary": 2},
        "batching": {"max_batch_size": 8, "batch_timeout": "1ms", "allowed_batch_sizes": [4, 8]},
        "file_system_poll_wait": "2s",
        "num_request_iterations_for_warmup": 2,
    }
    changed.write_config(config)
    # Other versions are another configuration, and so a roll-out.
    with asked_all_the_time(changed, "half_plus_two", HALF_PLUS_TWO, HALF_PLUS_THREE) as asked:
        changed.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
    assert asked["grpc"]["failed"] == asked["rest"]["failed"] == 0, asked
    base = "/half_plus_two/v1/models/half_plus_two"
    assert rest(changed, f"{base}/labels/stable:predict") == (200, {"outputs": HALF_PLUS_TWO})
    assert rest(changed, f"{base}/labels/canary:predict") == (200, {"outputs": HALF_PLUS_THREE})
    assert rest(changed, f"{base}/versions/1:predict") == (200, {"outputs": HALF_PLUS_TWO})
    assert rest(changed, f"{base}:predict") == (200, {"outputs": HALF_PLUS_THREE})
    assert rest(changed, f"{base}/labels/none:predict")[0] == 400
