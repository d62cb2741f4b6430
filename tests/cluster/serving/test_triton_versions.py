"""Versions and settings of models behind the real Triton."""

from __future__ import annotations

import concurrent.futures
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.asked import HALF_PLUS_TWO, asked_all_the_time, until
from tests.cluster.checkout import Checkout
from tests.cluster.test_dev_stack import violations
from tests.cluster.test_triton import MODEL, SELECTOR, rest

HALF_PLUS_THREE = [3.5, 4.0, 5.5]
#: How often the server of the dev stack looks for new versions, twice.
TWO_POLLS = 30.0


@pytest.fixture
def version(dev: Checkout) -> Iterator[Callable[..., None]]:
    """Puts a version into the model's directory by a rename of the finished directory: what
    half_plus_three computes, or a `model.py` of the test. They are taken away again, and the first
    version serves."""
    home = dev.models / "triton" / "half_plus_two"
    put: list[Path] = []

    def put_version(number: int, program: str | None = None) -> None:
        coming, target = home / ".coming", home / str(number)
        shutil.copytree(dev.root / "models" / "triton" / "half_plus_three" / "1", coming)
        if program is not None:
            (coming / "model.py").write_text(program)
        coming.rename(target)
        put.append(target)

    yield put_version
    for path in (home / ".coming", *put):
        shutil.rmtree(path, ignore_errors=True)
    until(lambda: dev.predict(MODEL, "1", "2", "5") == HALF_PLUS_TWO, "version 1")


def pods(checkout: Checkout) -> str:
    """The server's pods, how often each was restarted, and whether it is ready."""
    row = "{.metadata.uid} {.status.containerStatuses[0]['restartCount', 'ready']}"
    return checkout.kubectl(
        "get", "pods", *SELECTOR, "-o", f"jsonpath={{range .items[*]}}{row} {{end}}"
    )


def test_a_second_version_is_served_within_a_minute_without_a_failed_call(
    dev: Checkout, version: Callable[..., None]
) -> None:
    before = pods(dev)
    with asked_all_the_time(dev, MODEL, HALF_PLUS_TWO, HALF_PLUS_THREE) as asked:
        version(2)
        put = time.monotonic()
        until(lambda: dev.predict(MODEL, "1", "2", "5") == HALF_PLUS_THREE, "version 2")
        served = time.monotonic() - put
        time.sleep(3)  # the first version is unloaded, and nobody may notice
    print(f"version 2 was served after {served:.1f} s", asked)
    for way in ("grpc", "rest"):
        assert asked[way]["failed"] == 0, asked[way]["first"]
        assert asked[way]["answers"] == [HALF_PLUS_TWO, HALF_PLUS_THREE]
        assert asked[way]["calls"] > 100
    assert pods(dev) == before


def test_a_broken_version_leaves_the_first_serving_and_is_told_of(
    dev: Checkout, version: Callable[..., None]
) -> None:
    before = pods(dev)
    assert before.rstrip().endswith("true")
    with asked_all_the_time(dev, MODEL) as asked:
        version(2, "raise ValueError('no model')")
        failed = f"failed to load '{MODEL}' version 2: Internal: ValueError: no model"
        until(lambda: failed in dev.kubectl("logs", *SELECTOR, "--tail=-1"), failed)
        time.sleep(TWO_POLLS)  # and a pod that were not ready would be left out by now
    print(asked)
    for way in ("grpc", "rest"):
        assert asked[way]["failed"] == 0, asked[way]["first"]
        assert asked[way]["answers"] == [HALF_PLUS_TWO]
    assert pods(dev) == before


def with_model(checkout: Checkout, name: str, path: str, **said: Any) -> None:
    config = checkout.config()
    models = config["config"]["slipway:models"]
    models[name] = {
        "runtime": "triton",
        "image": models[MODEL]["image"],
        "source": {"kind": "pvc", "claim": "models", "path": path},
        **said,
    }
    checkout.write_config(config)


def test_settings_of_the_stack_file_are_the_model_s_and_versions_come_when_told(
    changed: Checkout, version: Callable[..., None]
) -> None:
    version(2)
    with_model(
        changed,
        "numbers",
        "triton/half_plus_two",
        versions={"specific": [1]},
        model_control_mode="explicit",
        batching={
            "max_batch_size": 8,
            "preferred_batch_size": [2],
            "max_queue_delay_microseconds": 2_000_000,
        },
        warm_up={
            "inputs": {"x": {"data_type": "TYPE_FP32", "dims": [3], "random": True}},
            "batch_size": 4,
            "count": 3,
        },
    )
    changed.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
    assert violations(changed, "namespace/models") == ""
    own = "/numbers/v2/models/numbers"
    until(lambda: rest(changed, f"{own}/ready")[0] == 200, "the route")
    _, config = rest(changed, f"{own}/config")
    assert config["backend"] == "python", "the model's own"
    assert config["version_policy"] == {"specific": {"versions": [1]}}
    _, stats = rest(changed, f"{own}/stats")
    warmed = {each["batch_size"]: each for each in stats["model_stats"][0]["batch_stats"]}
    assert warmed[4]["compute_infer"]["count"] == 3

    tensor = {"name": "x", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 5]}

    def predict(_: object = None) -> Any:
        status, answer = rest(changed, f"{own}/infer", {"inputs": [tensor]})
        assert status == 200, answer
        return answer["outputs"][0]["data"]

    with concurrent.futures.ThreadPoolExecutor(2) as two:
        assert list(two.map(predict, range(2))) == [HALF_PLUS_TWO, HALF_PLUS_TWO]
    _, stats = rest(changed, f"{own}/stats")
    computed = {each["batch_size"] for each in stats["model_stats"][0]["batch_stats"]}
    assert 2 in computed, "two calls were one batch"

    changed.client("load-version", "numbers", "2")
    assert predict() == HALF_PLUS_THREE
    changed.client("load-version", "numbers", "1")
    assert predict() == HALF_PLUS_TWO


def test_a_server_without_its_model_says_why_at_up(changed: Checkout) -> None:
    with_model(changed, "nothing", "half_plus_two", startup_timeout="20s")
    done = changed.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", check=False)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "Poll failed for model directory 'nothing'" in said
    assert changed.predict(MODEL, "1", "2", "5") == HALF_PLUS_TWO
