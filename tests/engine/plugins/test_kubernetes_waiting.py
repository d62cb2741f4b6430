"""An update waits until things are ready, says why they are not, and can be taken up again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

from tests.engine.apiserver import ApiServer
from tests.engine.plugins.conftest import Bench
from tests.engine.plugins.workbench import Workbench

_DEPLOYMENT = """
from pulumi_kubernetes.apps.v1 import Deployment
Deployment("web", metadata={{"namespace": {namespace!r}, "name": "web"}}, spec={{
    "selector": {{"match_labels": {{"app": "web"}}}},
    "template": {{"metadata": {{"labels": {{"app": "web"}}}},
                 "spec": {{"containers": [{{"name": "main", "image": "no.such/image"}}]}}}},
}}, opts=ResourceOptions(custom_timeouts=CustomTimeouts(create="{seconds}s", update="{seconds}s")))
"""
_POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web-1", "labels": {"app": "web"}},
    "spec": {"containers": [{"name": "main", "image": "no.such/image"}]},
}
_WAITING = {
    "status": {
        "phase": "Pending",
        "containerStatuses": [
            {
                "name": "main",
                "image": "no.such/image",
                "imageID": "",
                "ready": False,
                "restartCount": 0,
                "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}},
            }
        ],
    }
}


def _write_status(cluster: ApiServer, namespace: str, kind: str, name: str, status: object) -> None:
    patch = ("patch", kind, name, "-n", namespace, "--subresource=status", "--type=merge")
    cluster.kubectl(*patch, "-p", json.dumps(status))


def _roll_out(cluster: ApiServer, namespace: str) -> None:
    """Writes what the controller would once all pods run."""
    generation = cluster.get("deployment", "web", "-n", namespace)["metadata"]["generation"]
    ready = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 1)
    conditions = [
        {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"},
        {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
    ]
    status = {**ready, "observedGeneration": generation, "conditions": conditions}
    _write_status(cluster, namespace, "deployment", "web", {"status": status})


def test_a_wait_that_fails_says_why_and_a_second_up_converges(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    cluster.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(_POD))
    _write_status(cluster, namespace, "pod", "web-1", _WAITING)
    stack.program(_DEPLOYMENT.format(namespace=namespace, seconds=5))

    failed = stack.up(check=False)
    assert failed.code != 0
    assert f"{namespace}/web" in failed.text or '"web"' in failed.text

    still = cluster.get("deployment", "web", "-n", namespace)["metadata"]["uid"]
    _roll_out(cluster, namespace)
    stack.up()
    assert cluster.get("deployment", "web", "-n", namespace)["metadata"]["uid"] == still
    assert stack.up().counts() == {"unchanged": 2}


def test_an_update_ends_as_soon_as_the_deployment_is_ready(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    stack.program(_DEPLOYMENT.format(namespace=namespace, seconds=90))
    running = subprocess.Popen(
        stack.command("up", "--yes", "--skip-preview"),
        cwd=stack.directory,
        env=stack.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    _wait_for(cluster, namespace)
    _roll_out(cluster, namespace)
    text, _ = running.communicate(timeout=60)
    assert running.returncode == 0, text


def test_an_update_killed_in_the_middle_can_be_taken_up_again(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    text = "from pulumi_kubernetes.core.v1 import ConfigMap\n"
    text += f'ConfigMap("first", metadata={{"namespace": {namespace!r}}}, data={{"a": "1"}})\n'
    # A killed update forgets what it was creating: the provider is told to take over what is there.
    text = "import pulumi_kubernetes as k\n" + text
    text += f"p = k.Provider('p', kubeconfig={str(cluster.kubeconfig)!r}, upsert_existing_objects=True)\n"
    text += _DEPLOYMENT.format(namespace=namespace, seconds=90).replace(
        "opts=ResourceOptions(", "opts=ResourceOptions(provider=p, "
    )
    stack.program(text)
    running = subprocess.Popen(
        stack.command("up", "--yes", "--skip-preview"),
        cwd=stack.directory,
        env=stack.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _wait_for(cluster, namespace)
    os.kill(running.pid, signal.SIGKILL)
    running.wait(timeout=10)

    _roll_out(cluster, namespace)
    stack.pulumi("cancel", "--yes")
    stack.pulumi("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
    stack.up()
    assert stack.up().counts() == {"unchanged": 4}
    assert len(cluster.get("deployment", "-n", namespace)["items"]) == 1


def test_a_service_without_pods_does_not_hold_up_what_would_make_them(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    stack.program(
        f"""
from pulumi_kubernetes.core.v1 import Service
Service("s", metadata={{"namespace": {namespace!r}}},
    spec={{"selector": {{"app": "none"}}, "ports": [{{"port": 80}}]}},
    opts=ResourceOptions(custom_timeouts=CustomTimeouts(create="60s")))
"""
    )
    assert stack.up().counts()["created"] == 2


def test_a_cluster_that_does_not_answer_is_named(bench: Bench, cluster: ApiServer) -> None:
    lonely = bench(cluster.kubeconfig)
    kubeconfig = json.loads(cluster.kubeconfig.read_text())
    kubeconfig["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    path = lonely.directory / "unreachable"
    path.write_text(json.dumps(kubeconfig))
    lonely.environment["KUBECONFIG"] = str(path)
    lonely.program(
        "from pulumi_kubernetes.core.v1 import ConfigMap\nConfigMap('c', data={'a': '1'})\n"
    )
    assert lonely.pulumi("preview", check=False).code == 0
    failed = lonely.up(check=False)
    assert failed.code != 0
    assert "unreachable" in failed.text
    assert "127.0.0.1:1" in failed.text


def test_a_provider_whose_kubeconfig_is_not_known_yet_can_be_previewed(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    stack.program(
        f"""
import pathlib
import pulumi_kubernetes as k
import pulumi_tls
later = pulumi_tls.PrivateKey("later", algorithm="ED25519").id.apply(
    lambda _: pathlib.Path({str(cluster.kubeconfig)!r}).read_text())
provider = k.Provider("p", kubeconfig=later)
k.core.v1.ConfigMap("c", metadata={{"namespace": {namespace!r}}}, data={{"a": "1"}},
    opts=ResourceOptions(provider=provider))
"""
    )
    assert "4 to create" in stack.pulumi("preview").text
    stack.up()
    assert stack.up().counts() == {"unchanged": 4}


def _wait_for(cluster: ApiServer, namespace: str) -> None:
    deadline = time.monotonic() + 60
    while not cluster.get("deployment", "-n", namespace)["items"]:
        assert time.monotonic() < deadline, "no Deployment after 60 s"
        time.sleep(0.2)
