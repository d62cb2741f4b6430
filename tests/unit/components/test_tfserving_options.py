"""Versions, labels, batching and warm-up in TensorFlow Serving's flags and configuration."""

from __future__ import annotations

from typing import Any

import pytest

from components.config.load import load, validate
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import model, stack_file

ALLOW = "--allow_version_labels_for_unavailable_models"


def up(**changes: Any) -> Recording:
    return run(lambda: deploy(load()), stack_file(models={"half_plus_two": model(**changes)}))


def flags(recording: Recording, name: str = "half-plus-two-server") -> list[str]:
    deployment = recording.one("Deployment", name).inputs
    found: list[str] = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    return found


def config_lines(recording: Recording, file: str = "models.config") -> list[str]:
    text: str = recording.one("ConfigMap", "half-plus-two-config").inputs["data"][file]
    return [line.strip() for line in text.splitlines()]


@pytest.mark.parametrize(
    ("versions", "policy"),
    [
        ({"latest": 2}, "latest { num_versions: 2 }"),
        ({"specific": [3, 1]}, "specific { versions: 3 versions: 1 }"),
        ("all", "all { }"),
    ],
)
def test_the_versions_are_the_policy_of_the_model(versions: Any, policy: str) -> None:
    assert f"model_version_policy {{ {policy} }}" in config_lines(up(versions=versions))


def test_labels_may_name_versions_that_are_not_loaded_yet() -> None:
    recording = up(versions="all", labels={"stable": 1, "canary": 2})
    assert 'version_labels { key: "stable" value: 1 }' in config_lines(recording)
    assert 'version_labels { key: "canary" value: 2 }' in config_lines(recording)
    assert ALLOW in flags(recording)


def test_a_server_without_labels_keeps_its_default_for_them() -> None:
    assert ALLOW not in flags(up())


def test_models_of_one_server_have_versions_and_labels_of_their_own() -> None:
    models = {
        "a": model(server="numbers", versions="all", labels={"canary": 2}),
        "b": model(server="numbers", versions={"specific": [7]}, labels={"stable": 7}),
    }
    recording = run(lambda: deploy(load()), stack_file(models=models))
    first, second = (
        recording.one("ConfigMap", "numbers-config")
        .inputs["data"]["models.config"]
        .split("  config {")[1:]
    )
    assert "all { }" in first
    assert 'key: "canary" value: 2' in first
    assert "stable" not in first
    assert "versions: 7" in second
    assert 'key: "stable" value: 7' in second
    assert ALLOW in flags(recording, "numbers-server")


def test_batching_is_off_by_default() -> None:
    recording = up()
    assert [flag for flag in flags(recording) if "batching" in flag] == []
    assert set(recording.one("ConfigMap", "half-plus-two-config").inputs["data"]) == {
        "models.config"
    }


def test_batching_is_configured_in_the_server_s_own_units() -> None:
    recording = up(
        batching={
            "max_batch_size": 64,
            "batch_timeout": "5ms",
            "max_enqueued_batches": 100,
            "num_batch_threads": 4,
            "max_execution_batch_size": 32,
            "allowed_batch_sizes": [8, 64],
            "pad_variable_length_inputs": True,
        }
    )
    assert config_lines(recording, "batching.config") == [
        "max_batch_size { value: 64 }",
        "batch_timeout_micros { value: 5000 }",
        "max_enqueued_batches { value: 100 }",
        "num_batch_threads { value: 4 }",
        "enable_large_batch_splitting { value: true }",
        "max_execution_batch_size { value: 32 }",
        "allowed_batch_sizes: 8",
        "allowed_batch_sizes: 64",
        "pad_variable_length_inputs: true",
    ]
    assert flags(recording)[-2:] == [
        "--enable_batching",
        "--batching_parameters_file=/config/batching.config",
    ]


@pytest.mark.parametrize(("cpu", "threads"), [(None, 2), ("3500m", 4), ("500m", 1)])
def test_batching_has_as_many_threads_as_the_container_has_cores(
    cpu: str | None, threads: int
) -> None:
    resources = {"limits": {"cpu": cpu}} if cpu else {}
    lines = config_lines(up(batching={}, resources=resources), "batching.config")
    assert lines == [
        "max_batch_size { value: 1000 }",
        "batch_timeout_micros { value: 0 }",
        "max_enqueued_batches { value: 10 }",
        f"num_batch_threads {{ value: {threads} }}",
    ]


def test_batching_is_an_option_of_the_whole_server() -> None:
    models = {
        "a": model(server="numbers", batching={"max_batch_size": 8}),
        "b": model(server="numbers", batching={"max_batch_size": 9}),
    }
    _, (found,) = validate(stack_file(models=models))
    assert found.path == "slipway:models.b.batching"


def test_the_server_looks_for_versions_as_often_as_configured() -> None:
    assert "--file_system_poll_wait_seconds=120" in flags(up(file_system_poll_wait="2m"))


def test_warm_up_requests_run_as_often_as_configured() -> None:
    assert "--num_request_iterations_for_warmup=3" in flags(up(num_request_iterations_for_warmup=3))
    assert not any("warmup" in flag for flag in flags(up()))


@pytest.mark.parametrize(("timeout", "interval"), [("20s", 1_000_000), ("1h", 5_000_000)])
def test_the_server_gives_up_before_the_roll_out_does(timeout: str, interval: int) -> None:
    found = flags(up(startup_timeout=timeout))
    assert "--max_num_load_retries=5" in found
    assert f"--load_retry_interval_micros={interval}" in found
