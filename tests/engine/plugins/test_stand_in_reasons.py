"""What the stand-in says of a failed wait; the official plugin has words of its own."""

from __future__ import annotations

import json

import pytest

from local.environment import stand_ins
from local.paths import Clone
from tests.engine.apiserver import ApiServer
from tests.engine.plugins.test_kubernetes_waiting import _DEPLOYMENT, _POD, _WAITING, _write_status
from tests.engine.plugins.workbench import Workbench

pytestmark = pytest.mark.skipif(
    "kubernetes" not in stand_ins(Clone.here()),
    reason="the official Kubernetes plugin is in use: these words are the stand-in's",
)


def test_a_failed_wait_names_the_pod_the_container_and_the_event(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    cluster.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(_POD))
    _write_status(cluster, namespace, "pod", "web-1", _WAITING)
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": namespace},
        "involvedObject": {"kind": "Pod", "name": "web-1", "namespace": namespace},
        "type": "Warning",
        "reason": "Failed",
        "message": "no registry knows it",
    }
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(event))
    stack.program(_DEPLOYMENT.format(namespace=namespace, seconds=3))

    text = stack.up(check=False).text
    assert f"Deployment {namespace}/web was not done within 3 s" in text
    assert "pod web-1, container main: ImagePullBackOff: no such image" in text
    assert "event on Pod web-1: Failed: no registry knows it" in text
