"""Durations: units, what is taken, and what is offered in place of what is not."""

from __future__ import annotations

from typing import Any

import pytest

from components.config.durations import microseconds, seconds
from components.config.load import validate
from components.runtimes.tfserving_batching import BatchingOptions, batching_parameters
from tests.unit.components.environment import model, stack_file

#: Keys whose server or gateway takes whole seconds.
IN_SECONDS = (
    *("limits.deadline", "limits.idle", "limits.drain", "models.m.startup_timeout"),
    *("models.m.file_system_poll_wait", "models.t.repository_poll"),
)


def batching(timeout: Any) -> dict[str, Any]:
    return stack_file(models={"m": model(batching={"batch_timeout": timeout})})


@pytest.mark.parametrize(
    ("duration", "expected"),
    [("100us", 100), ("5ms", 5_000), ("90s", 90_000_000), ("2m", 120_000_000), ("0us", 0)],
)
def test_a_duration_is_a_number_of_microseconds(duration: str, expected: int) -> None:
    assert microseconds(duration) == expected


def test_seconds_are_rounded_up() -> None:
    assert [seconds(each) for each in ("1us", "999ms", "1000ms", "90s")] == [1, 1, 1, 90]


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [("100us", 100), ("5ms", 5_000), ("10s", 10_000_000), (0, 0), ("0", 0), ("0s", 0), (None, 0)],
)
def test_a_batch_waits_for_microseconds_or_not_at_all(timeout: Any, expected: int) -> None:
    config, found = validate(batching(timeout))
    assert config, found
    options = config.models["m"].batching  # type: ignore[attr-defined]
    assert isinstance(options, BatchingOptions)
    assert f"batch_timeout_micros {{ value: {expected} }}" in batching_parameters(options, 1)


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        (5000, "add the unit: `5000us` or `5000ms`"),
        (5, "add the unit: `5us`, `5ms` or `5s`"),
        (90, "add the unit: `90us` or `90ms`"),
        (-1, "write `0us`"),
        (1.5, "write `1500ms`"),
        ("100µs", "write `100us`"),
        ("0.5ms", "write `500us`"),
        ("5 Milliseconds", "write `5ms`"),
        ("1m", "write `10s`"),
        ("0.1us", "write `1us`"),
        ("soon", "write a whole number and its unit"),
        ("5d", "write a whole number and its unit"),
        (True, "write a whole number and its unit"),
    ],
)
def test_what_is_meant_by_a_batch_s_wait_is_offered(written: Any, fix: str) -> None:
    _, (told,) = validate(batching(written))
    assert told.path == "slipway:models.m.batching.batch_timeout"
    assert told.expected == "a duration from `0us` to `10s`, in `us`, `ms` or `s`"
    assert told.fix == fix


def _with(path: str, value: Any) -> dict[str, Any]:
    whole = stack_file(limits={}, models={"m": model(), "t": model(runtime="triton")})
    at: Any = whole
    *parents, key = path.split(".")
    for each in parents:
        at = at[each]
    at[key] = value
    return whole


@pytest.mark.parametrize("path", IN_SECONDS)
@pytest.mark.parametrize(
    ("written", "fix"),
    [
        (0, "write `1s`"),
        ("0s", "write `1s`"),
        (5, "add the unit: `5s` or `5m`"),
        ("100us", "write `1s`"),
        ("1500ms", "write `2s`"),
        ("1.5m", "write `90s`"),
    ],
)
def test_what_is_taken_in_whole_seconds_offers_whole_seconds(
    path: str, written: Any, fix: str
) -> None:
    _, (told,) = validate(_with(path, written))
    assert told.path == f"slipway:{path}"
    offered = "add the unit: `5s`, `5m` or `5h`" if "startup" in path and written == 5 else fix
    assert told.fix == offered


def test_triton_s_microseconds_are_offered_for_a_duration() -> None:
    wrong = {"max_queue_delay_microseconds": "500us"}
    _, (told,) = validate(stack_file(models={"m": model(runtime="triton", batching=wrong)}))
    assert told.fix == "write `500`"
