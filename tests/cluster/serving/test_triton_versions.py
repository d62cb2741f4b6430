"""Versions and settings of models behind the real Triton."""

from __future__ import annotations

import concurrent.futures
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.checkout import Checkout
from tests.cluster.continuous_calls import HALF_PLUS_TWO, calling_continuously, until
from tests.cluster.test_dev_stack import violations
from tests.cluster.test_triton import MODEL, SELECTOR, rest

HALF_PLUS_THREE = [3.5, 4.0, 5.5]
#: Seconds: twice the interval at which the dev stack's server looks for new versions.
TWO_POLLS = 30.0


@pytest.fixture
def version(dev: Checkout) -> Iterator[Callable[..., None]]:
    """Adds a version to the model's directory, by a rename of the complete directory: a copy of
    half_plus_three, or a `model.py` of the test. Afterwards removes the versions, and waits until
    the first one serves."""
    home = dev.models / "triton" / "half_plus_two"
    added: list[Path] = []

    def add_version(number: int, program: str | None = None) -> None:
        staging, target = home / ".coming", home / str(number)
        shutil.copytree(dev.root / "models" / "triton" / "half_plus_three" / "1", staging)
        if program is not None:
            (staging / "model.py").write_text(program)
        staging.rename(target)
        added.append(target)

    yield add_version
    for path in (home / ".coming", *added):
        shutil.rmtree(path, ignore_errors=True)
    until(lambda: dev.predict(MODEL, "1", "2", "5") == HALF_PLUS_TWO, "version 1")


def pods(checkout: Checkout) -> str:
    """The server's pods, with the number of their restarts and whether they are ready."""
    row = "{.metadata.uid} {.status.containerStatuses[0]['restartCount', 'ready']}"
    return checkout.kubectl(
        "get", "pods", *SELECTOR, "-o", f"jsonpath={{range .items[*]}}{row} {{end}}"
    )


def test_a_second_version_is_served_within_a_minute_without_a_failed_call(
    dev: Checkout, version: Callable[..., None]
) -> None:
    before = pods(dev)
    with calling_continuously(dev, MODEL, HALF_PLUS_TWO, HALF_PLUS_THREE) as calls:
        version(2)
        added = time.monotonic()
        until(lambda: dev.predict(MODEL, "1", "2", "5") == HALF_PLUS_THREE, "version 2")
        served = time.monotonic() - added
        time.sleep(3)  # the server unloads the first version, which must not fail a call
    print(f"version 2 was served after {served:.1f} s", calls)
    for way in ("grpc", "rest"):
        assert calls[way]["failed"] == 0, calls[way]["first"]
        assert calls[way]["answers"] == [HALF_PLUS_TWO, HALF_PLUS_THREE]
        assert calls[way]["calls"] > 100
    assert pods(dev) == before


def test_a_broken_version_is_logged_and_the_first_keeps_serving(
    dev: Checkout, version: Callable[..., None]
) -> None:
    before = pods(dev)
    assert before.rstrip().endswith("true")
    with calling_continuously(dev, MODEL) as calls:
        version(2, "raise ValueError('no model')")
        failed = f"failed to load '{MODEL}' version 2: Internal: ValueError: no model"
        until(lambda: failed in dev.kubectl("logs", *SELECTOR, "--tail=-1"), failed)
        time.sleep(TWO_POLLS)  # by then a pod that is not ready would get no calls
    print(calls)
    for way in ("grpc", "rest"):
        assert calls[way]["failed"] == 0, calls[way]["first"]
        assert calls[way]["answers"] == [HALF_PLUS_TWO]
    assert pods(dev) == before


def with_model(checkout: Checkout, name: str, path: str, **options: Any) -> None:
    config = checkout.config()
    models = config["config"]["slipway:models"]
    models[name] = {
        "runtime": "triton",
        "image": models[MODEL]["image"],
        "source": {"kind": "pvc", "claim": "models", "path": path},
        **options,
    }
    checkout.write_config(config)


def test_the_model_has_the_stack_files_settings_and_load_version_loads_its_versions(
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
    assert config["backend"] == "python", "not from the model's own configuration"
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
    assert 2 in computed, "the two calls were not one batch"

    changed.client("load-version", "numbers", "2")
    assert predict() == HALF_PLUS_THREE
    changed.client("load-version", "numbers", "1")
    assert predict() == HALF_PLUS_TWO


def test_up_prints_why_a_server_does_not_find_its_model(changed: Checkout) -> None:
    with_model(changed, "nothing", "half_plus_two", startup_timeout="20s")
    done = changed.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", check=False)
    assert done.returncode != 0
    assert "Poll failed for model directory 'nothing'" in done.stdout + done.stderr
    assert changed.predict(MODEL, "1", "2", "5") == HALF_PLUS_TWO
