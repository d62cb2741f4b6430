"""When a roll-out is complete or has failed, by the responses of the API server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from components import api_reader, roll_out
from why.cluster import Reference

DEPLOYMENT = Reference(api_version="apps/v1", kind="Deployment", name="m", namespace="models")


def answer(generation: int, observed: int, updated: int, progressing: str = "True") -> str:
    status = {
        "observedGeneration": observed,
        "replicas": 1,
        "updatedReplicas": updated,
        "availableReplicas": 1,
        "conditions": [{"type": "Progressing", "status": progressing, "reason": "R"}],
    }
    metadata = {"name": "m", "namespace": "models", "generation": generation, "uid": "u"}
    kind = {"apiVersion": "apps/v1", "kind": "Deployment"}
    spec = {"replicas": 1, "progressDeadlineSeconds": 30}
    return json.dumps({**kind, "metadata": metadata, "spec": spec, "status": status})


def reading(monkeypatch: pytest.MonkeyPatch, answers: list[str]) -> list[str]:
    """Use an API that returns `answers` for the Deployment, and the last one from then on.

    Returns the answers that are left."""
    left = list(answers)

    def fetch(path: str) -> str:
        if path == "/apis/apps/v1":
            resource = {"name": "deployments", "kind": "Deployment", "namespaced": True}
            return json.dumps({"resources": [resource]})
        if path.endswith("/deployments/m"):
            return left.pop(0) if len(left) > 1 else left[0]
        return json.dumps({"items": [], "resources": []})

    reader: Callable[[str], Any] = lambda _: fetch
    monkeypatch.setattr(api_reader, "api_reader", reader)
    monkeypatch.setattr(roll_out, "_PAUSE", 0.0)
    monkeypatch.setattr(roll_out, "PROXY_SECONDS", 0.0)
    return left


def test_a_roll_out_waits_until_the_controller_has_observed_the_generation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Until then the old pods look like those of a complete roll-out."""
    left = reading(monkeypatch, [answer(2, 1, 1), answer(2, 2, 0), answer(2, 2, 1)])
    assert roll_out._wait("kubeconfig", DEPLOYMENT) is None
    assert len(left) == 1


def test_a_roll_out_that_the_controller_gives_up_is_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stale = answer(2, 1, 1, progressing="False")
    left = reading(monkeypatch, [stale, answer(2, 2, 0), answer(2, 2, 0, progressing="False")])
    found = roll_out._wait("kubeconfig", DEPLOYMENT)
    assert found is not None and found.live is not None
    assert (
        found.reasons[0]
        == "0 of 1 new pods available; 1 of the version before still run, 1 available"
    )
    assert len(left) == 1


def test_calls_to_the_service_have_left_the_old_pods_when_the_update_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading(monkeypatch, [answer(2, 2, 0), answer(2, 2, 1)])
    monkeypatch.setattr(roll_out, "PROXY_SECONDS", 2.0)
    pauses: list[float] = []
    monkeypatch.setattr(roll_out.time, "sleep", pauses.append)
    assert roll_out._wait("kubeconfig", DEPLOYMENT) is None
    assert pauses == [0.0, 2.0]
