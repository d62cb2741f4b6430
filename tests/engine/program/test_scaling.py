"""A number of pods that is fixed, scaled and fixed again, on a real API server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.engine.apiserver import ApiServer
from tests.engine.program.conftest import MODEL, Make, present_gateway
from tests.engine.program.controllers import controllers
from tests.engine.program.program import Program

METRICS_API = "v1beta1.metrics.k8s.io"
RANGE = {"min": 1, "max": 5}


class Scaled:
    """A stack with one model, and the objects that determine its number of pods."""

    def __init__(self, stack: Program, cluster: ApiServer, namespace: str) -> None:
        self.stack, self._cluster, self._namespace = stack, cluster, namespace
        self._gateway = present_gateway(cluster, namespace)
        self.served = f"{namespace}-models"

    def write(self, replicas: Any, **changes: Any) -> None:
        volume = {"size": "1Gi", "access_mode": "ReadWriteMany"}
        self.stack.write(
            {
                "cluster": {"kind": "existing"},
                "gateway": self._gateway,
                "namespace": self.served,
                "volumes": {"models": volume},
                "models": {"half_plus_two": {**MODEL, "replicas": replicas, **changes}},
            }
        )

    def up(self, replicas: Any, **changes: Any) -> None:
        self.write(replicas, **changes)
        self.stack.up()

    def deployment(self) -> dict[str, Any]:
        (found,) = self._cluster.get("deployments", "-n", self.served)["items"]
        return dict(found)

    @property
    def name(self) -> str:
        return str(self.deployment()["metadata"]["name"])

    @property
    def replicas(self) -> int:
        return int(self.deployment()["spec"]["replicas"])

    def autoscalers(self) -> list[tuple[str, int, int]]:
        """The Deployment, the minimum and the maximum of each autoscaler."""
        specs = [each["spec"] for each in self._cluster.get("hpa", "-n", self.served)["items"]]
        return [
            (each["scaleTargetRef"]["name"], each["minReplicas"], each["maxReplicas"])
            for each in specs
        ]

    def autoscale(self, replicas: int) -> None:
        """Write the `scale` subresource, as an autoscaler does."""
        self._cluster.call(
            "PATCH",
            f"/apis/apps/v1/namespaces/{self.served}/deployments/{self.name}/scale"
            "?fieldManager=kube-controller-manager",
            {"spec": {"replicas": replicas}},
            kind="merge-patch",
        )


@pytest.fixture
def scaled(program: Make, cluster: ApiServer, namespace: str) -> Iterator[Scaled]:
    model = Scaled(program(cluster.kubeconfig), cluster, namespace)
    with controllers(cluster, model.served):
        yield model
        model.stack.destroy()


@contextmanager
def metrics(cluster: ApiServer) -> Iterator[None]:
    """Register the metrics API as one that the API server serves itself."""
    group, version = "metrics.k8s.io", "v1beta1"
    spec = {"group": group, "version": version, "groupPriorityMinimum": 1, "versionPriority": 1}
    api = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": METRICS_API},
        "spec": spec,
    }
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps(api))
    try:
        yield
    finally:
        cluster.kubectl("delete", "apiservice", METRICS_API)


def test_an_autoscaler_takes_over_the_number_of_pods_and_gives_it_back(
    scaled: Scaled, cluster: ApiServer
) -> None:
    scaled.write(RANGE)
    refused = scaled.stack.up(check=False)
    assert refused.code != 0
    assert METRICS_API in refused.diagnostics()
    with metrics(cluster):
        _take_over_and_give_back(scaled)


def _take_over_and_give_back(scaled: Scaled) -> None:
    scaled.up(3)
    first = scaled.name
    assert (scaled.replicas, scaled.autoscalers()) == (3, [])

    scaled.up(RANGE)
    assert (scaled.name, scaled.replicas) == (first, 3)
    assert scaled.autoscalers() == [(first, 1, 5)]

    scaled.autoscale(2)
    assert set(scaled.stack.up("--expect-no-changes").counts()) == {"unchanged"}
    assert scaled.replicas == 2

    wider = {"min": 2, "max": 6}
    scaled.up(wider, resources={"requests": {"cpu": "200m"}})
    container = scaled.deployment()["spec"]["template"]["spec"]["containers"][0]
    assert container["resources"]["requests"]["cpu"] == "200m"
    assert (scaled.name, scaled.replicas) == (first, 2)
    assert scaled.autoscalers() == [(first, 2, 6)]

    scaled.autoscale(4)
    scaled.up(1, resources={"requests": {"cpu": "200m"}})
    # The autoscaler of the old Deployment cannot change the new one, whenever it is deleted.
    assert scaled.name != first
    assert (scaled.replicas, scaled.autoscalers()) == (1, [])
    assert set(scaled.stack.up("--expect-no-changes").counts()) == {"unchanged"}

    second = scaled.name
    scaled.up(2, resources={"requests": {"cpu": "200m"}})
    assert (scaled.name, scaled.replicas) == (second, 2)
