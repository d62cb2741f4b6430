"""A model scales on a real node: the autoscaler measures its load and sets the number of pods."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from tests.cluster.checkout import Checkout
from tests.cluster.continuous_calls import calling_continuously

MODEL, NAMESPACE = "half_plus_two", "models"
INSTANCE = "app.kubernetes.io/instance=half-plus-two"
#: Seconds: metrics are measured every 15, the autoscaler reads them every 5, and a pod takes a few.
SECONDS = 120.0


class Pods:
    """The model's pods, its Deployment and its autoscaler."""

    def __init__(self, stack: Checkout) -> None:
        self.stack = stack

    def _get(self, kind: str) -> list[dict[str, Any]]:
        text = self.stack.kubectl("get", kind, "-n", NAMESPACE, "-l", INSTANCE, "-o", "json")
        return list(json.loads(text)["items"])

    def deployment(self) -> dict[str, Any]:
        (deployment,) = self._get("deployments")
        return deployment

    @property
    def wanted(self) -> int:
        return int(self.deployment()["spec"]["replicas"])

    def names(self) -> set[str]:
        return {each["metadata"]["name"] for each in self._get("pods")}

    def settled(self, count: int) -> bool:
        """Whether `count` pods are desired and ready, and no other exists."""
        deployment = self.deployment()
        ready = deployment["status"].get("readyReplicas", 0)
        return deployment["spec"]["replicas"] == ready == count == len(self._get("pods"))

    def autoscalers(self) -> str:
        return self.stack.kubectl("get", "hpa", "-n", NAMESPACE, "--no-headers")

    def up(self, replicas: Any, *command: str) -> None:
        """Deploy the model with `replicas`, and nothing else changed."""
        config = self.stack.config()
        config["config"]["slipway:models"][MODEL]["replicas"] = replicas
        self.stack.write_config(config)
        self.stack.run(*(command or ("pulumi", "up", "--yes", "--skip-preview", "--stack", "dev")))

    def wait(self, what: str, condition: Callable[[], bool]) -> None:
        began = time.monotonic()
        while not condition():
            waited = time.monotonic() - began
            assert waited < SECONDS, f"not in {SECONDS:.0f} s: {what}\n{self.state()}"
            time.sleep(1)
        print(f"{what}: {time.monotonic() - began:.0f} s")

    def state(self) -> str:
        return self.stack.kubectl("get", "hpa,deployments,pods", "-A", check=False)


def test_pods_follow_the_load_and_up_leaves_their_number_alone(changed: Checkout) -> None:
    pods = Pods(changed)
    pods.up(3)
    pods.wait("3 pods, fixed", lambda: pods.settled(3))
    three = pods.names()

    # This autoscaler never scales down: if `up` set the number of pods, it would be 1.
    pods.up(
        {"min": 1, "max": 5, "cpu": 50, "scale_down": {"select_policy": "Disabled"}}, "make", "up"
    )
    assert "half-plus-two-autoscaler" in pods.autoscalers()
    assert (pods.wanted, pods.names()) == (3, three)

    pods.up({"min": 1, "max": 2, "cpu": 50, "scale_down": {"stabilization_window_seconds": 0}})
    pods.wait("1 pod without load", lambda: pods.settled(1))

    with calling_continuously(changed, MODEL) as calls:
        pods.wait("2 pods under load", lambda: pods.settled(2))
        changed.pulumi("up", "--yes", "--expect-no-changes", "--stack", "dev")
        assert pods.wanted == 2
    assert {way: each["failed"] for way, each in calls.items()} == {"grpc": 0, "rest": 0}, calls

    pods.wait("1 pod after the load", lambda: pods.settled(1))

    before = pods.deployment()["metadata"]["name"]
    with calling_continuously(changed, MODEL) as calls:
        pods.up(2)
    assert {way: each["failed"] for way, each in calls.items()} == {"grpc": 0, "rest": 0}, calls
    assert pods.autoscalers() == ""
    assert pods.deployment()["metadata"]["name"] != before
    assert pods.settled(2)
