"""Mistakes in what only TensorFlow Serving takes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.config.load import validate
from tests.unit.components.environment import model, stack_file

# What is said of the model, the key below it, the value as it is told, and words of the fix.
MISTAKES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "a bare version": ({"versions": 2}, "versions", "2", "`{specific: [2]}`"),
    "a bare list of versions": ({"versions": [1, 2]}, "versions", "[1, 2]", "`{specific: [1, 2]}`"),
    "another word for versions": (
        {"versions": "newest"},
        "versions",
        '"newest"',
        "write `{latest: 1}` for the newest, or `all`",
    ),
    "versions that say nothing": (
        {"versions": {}},
        "versions",
        "{}",
        "write `{latest: 1}` for the newest, or `all`",
    ),
    "both policies": (
        {"versions": {"latest": 1, "specific": [1]}},
        "versions",
        "specific",
        "take `latest` out, or take `specific` out",
    ),
    "an unknown policy": ({"versions": {"lates": 1}}, "versions.lates", "1", "`latest`"),
    "no version at all": ({"versions": {"latest": 0}}, "versions", "0", "`{latest: 1}`"),
    "too many versions": ({"versions": {"latest": 101}}, "versions", "101", "`{latest: 1}`"),
    "a latest that is true": ({"versions": {"latest": True}}, "versions", "true", "`{latest: 1}`"),
    "one version without a list": (
        {"versions": {"specific": 2}},
        "versions",
        "2",
        "write `{specific: [2]}`",
    ),
    "no specific version": ({"versions": {"specific": []}}, "versions", "[]", "directories"),
    "a version in quotes": (
        {"versions": {"specific": ["1"]}},
        "versions",
        '"1"',
        "write `{specific: [1]}`",
    ),
    "a version below none": (
        {"versions": {"specific": [-1]}},
        "versions",
        "-1",
        "write the numbers that the versions' directories are named",
    ),
    "a version twice": (
        {"versions": {"specific": [2, 1, 2]}},
        "versions",
        "[2, 1, 2]",
        "write `{specific: [1, 2]}`",
    ),
    "a label with a dash": (
        {"versions": "all", "labels": {"pre-release": 1}},
        "labels.pre-release",
        '"pre-release"',
        "`pre_release`",
    ),
    "a label of no version": (
        {"versions": "all", "labels": {"stable": "1"}},
        "labels.stable",
        '"1"',
        "take the quotes off",
    ),
    "a label that latest would drop": (
        {"labels": {"stable": 1, "canary": 2}, "versions": {"latest": 2}},
        "labels",
        '"canary": 2',
        "`versions: {specific: [1, 2]}`",
    ),
    "a label of a version that is not served": (
        {"versions": {"specific": [1, 3]}, "labels": {"stable": 2}},
        "labels",
        '"stable": 2',
        "`versions: {specific: [1, 2, 3]}`",
    ),
    "batching by a word": (
        {"batching": True},
        "batching",
        "true",
        "write `{}` for the defaults, or a map of these keys",
    ),
    "an unknown key of batching": (
        {"batching": {"max_batch": 1}},
        "batching.max_batch",
        "1",
        "`max_batch_size`",
    ),
    "a batch of none": ({"batching": {"max_batch_size": 0}}, "batching.max_batch_size", "0", "1"),
    "a timeout without unit": (
        {"batching": {"batch_timeout": 5000}},
        "batching.batch_timeout",
        "5000",
        "add the unit",
    ),
    "a timeout too long for anyone": (
        {"batching": {"batch_timeout": "1m"}},
        "batching.batch_timeout",
        '"1m"',
        "write `10s`",
    ),
    "no threads": ({"batching": {"num_batch_threads": 0}}, "batching.num_batch_threads", "0", "1"),
    "a queue of no batch": (
        {"batching": {"max_enqueued_batches": 0}},
        "batching.max_enqueued_batches",
        "0",
        "1",
    ),
    "sizes that do not increase": (
        {"batching": {"max_batch_size": 8, "allowed_batch_sizes": [8, 4]}},
        "batching.allowed_batch_sizes",
        "[8, 4]",
        "`[4, 8]`",
    ),
    "sizes that end below the largest batch": (
        {"batching": {"max_batch_size": 32, "allowed_batch_sizes": [4, 8]}},
        "batching.allowed_batch_sizes",
        "[4, 8]",
        "`max_batch_size: 8`",
    ),
    "sizes that end below the server's own largest batch": (
        {"batching": {"allowed_batch_sizes": [8]}},
        "batching.allowed_batch_sizes",
        "[8]",
        "write `[8, 1000]`, or `max_batch_size: 8`",
    ),
    "a part larger than the whole": (
        {"batching": {"max_batch_size": 8, "max_execution_batch_size": 16}},
        "batching.max_execution_batch_size",
        "16",
        "write `8`, or `max_batch_size: 16`",
    ),
    "a look at the directory all the time": (
        {"file_system_poll_wait": "100ms"},
        "file_system_poll_wait",
        '"100ms"',
        "`1s`",
    ),
    "no warm-up": (
        {"num_request_iterations_for_warmup": 0},
        "num_request_iterations_for_warmup",
        "0",
        "write `1`",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_answered_with_key_value_and_fix(name: str) -> None:
    said, key, value, fix = MISTAKES[name]
    config, found = validate(stack_file(models={"m": model(**said)}))
    assert config is None
    entries = {each.path: each for each in found}
    assert list(entries) == [f"slipway:models.m.{key}"]
    (entry,) = entries.values()
    assert value in str(entry.shown)
    assert fix in entry.fix
    assert re.search(r"\w", entry.expected)
