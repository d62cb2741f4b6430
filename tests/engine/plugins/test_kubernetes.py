"""What the program leaves to Pulumi's Kubernetes plugin."""

from __future__ import annotations

import os
import signal
import time

import pytest

from local import orphans
from tests.engine.apiserver import ApiServer
from tests.engine.plugins.workbench import Workbench
from tests.engine.program.controllers import controllers

_PROGRAM = """
import pulumi_kubernetes as k
p = k.Provider("p", kubeconfig={kubeconfig!r}, upsert_existing_objects=True)
opts = ResourceOptions(provider=p)
k.core.v1.ConfigMap("first", metadata={{"namespace": {namespace!r}}}, data={{"a": "1"}}, opts=opts)
k.apps.v1.Deployment("web", metadata={{"namespace": {namespace!r}, "name": "web"}}, spec={{
    "selector": {{"match_labels": {{"app": "web"}}}},
    "template": {{"metadata": {{"labels": {{"app": "web"}}}},
                 "spec": {{"containers": [{{"name": "main", "image": "no.such/image"}}]}}}},
}}, opts=opts)
"""


@pytest.mark.needs_kubernetes_plugin(4, 29)
def test_an_object_that_is_already_there_is_not_taken_over_silently(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    cluster.kubectl("create", "configmap", "mine", "-n", namespace, "--from-literal=a=theirs")
    stack.program(
        "from pulumi_kubernetes.core.v1 import ConfigMap\n"
        f"ConfigMap('c', metadata={{'namespace': {namespace!r}, 'name': 'mine'}},"
        " data={'a': 'ours'})\n"
    )
    assert stack.up(check=False).code != 0
    assert cluster.get("configmap", "mine", "-n", namespace)["data"] == {"a": "theirs"}


def test_an_update_killed_in_the_middle_can_be_taken_up_again(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    stack.program(_PROGRAM.format(kubeconfig=str(cluster.kubeconfig), namespace=namespace))
    running = stack.start("up", "--yes", "--skip-preview")
    deadline = time.monotonic() + 60
    while not cluster.get("pods", "-n", namespace)["items"]:
        assert time.monotonic() < deadline, "no pod of the Deployment after 60 s"
        time.sleep(0.2)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert orphans.end(stack.home), "the plugin goes on without its engine"
    running.communicate()

    with controllers(cluster, namespace):
        stack.pulumi("cancel", "--yes")
        stack.refresh("--clear-pending-creates")
        stack.up()
    assert set(stack.up("--expect-no-changes").counts()) == {"unchanged"}
    assert len(cluster.get("deployment", "-n", namespace)["items"]) == 1
