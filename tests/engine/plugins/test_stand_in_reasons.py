"""What the stand-in says of a failed wait; the official plugin has words of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from local.environment import stand_ins
from local.paths import Clone
from tests.engine.apiserver import ApiServer
from tests.engine.plugins.test_kubernetes_waiting import _roll_out, _wait_for, _write_status
from tests.engine.plugins.workbench import Workbench

pytestmark = pytest.mark.skipif(
    "kubernetes" not in stand_ins(Clone.here()),
    reason="the official Kubernetes plugin is in use: these words are the stand-in's",
)

_IMPORT = "from pulumi_kubernetes.apps.v1 import Deployment\n"
_DEPLOYMENT = """
Deployment({name!r}, metadata={{"namespace": {namespace!r}, "name": {name!r}}}, spec={{
    "selector": {{"match_labels": {{"app": {name!r}}}}},
    "template": {{"metadata": {{"labels": {{"app": {name!r}}}}},
                 "spec": {{"containers": [{{"name": "main", "image": {image!r}}}]}}}},
}}, opts=ResourceOptions(custom_timeouts=CustomTimeouts(create="{seconds}s", update="{seconds}s")))
"""
_LIMITED = {"resources": {"limits": {"memory": "64Mi"}}}


def _ended(**changes: Any) -> dict[str, Any]:
    ended = {"exitCode": 1, "reason": "Error", **changes}
    return {
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": ended},
    }


# What the kubelet writes of a container of each Deployment, and what is said of it.
_CONTAINERS: dict[str, tuple[dict[str, Any], str]] = {
    "memory": (
        {**_ended(exitCode=137, reason="OOMKilled"), "restartCount": 1},
        (
            "container main: out of memory: it was killed at its memory limit of 64Mi (OOMKilled), "
            "restarted once"
        ),
    ),
    "pull": (
        {"state": {"waiting": {"reason": "ImagePullBackOff", "message": "not found: x:1"}}},
        (
            "container main: its image example.com/main:1 cannot be pulled (ImagePullBackOff): "
            "not found: x:1"
        ),
    ),
    "never": (
        {"state": {"waiting": {"reason": "ErrImageNeverPull"}}},
        "container main: its image example.com/main:1 is not on the node, and is never pulled",
    ),
    "secret": (
        {
            "state": {
                "waiting": {
                    "reason": "CreateContainerConfigError",
                    "message": 'secret "s" not found',
                }
            }
        },
        (
            "container main: what it is configured by is not there (CreateContainerConfigError): "
            'secret "s" not found'
        ),
    ),
    "wrong": (
        _ended(exitCode=255, message="first line\nno such model\n"),
        "container main: it ended with exit code 255 (Error), restarted 0 times",
    ),
    "slow": (
        {"state": {"waiting": {"reason": "ContainerCreating"}}},
        "container main: its image example.com/main:1 is being pulled",
    ),
    "start": (
        _ended(exitCode=128, reason="StartError", message="no such program: cp"),
        "container main: it cannot be started (StartError), restarted 0 times: no such program: cp",
    ),
    "again": (
        {**_ended(), "state": {"running": {}}, "restartCount": 2},
        (
            "container main: it runs again and is not ready; before, it ended with exit code 1 "
            "(Error), restarted 2 times"
        ),
    ),
}
_SCHEDULED = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
# Other statuses of a pod, and what is said of them.
_PODS: dict[str, tuple[dict[str, Any], str]] = {
    "large": (
        {"conditions": [{**_SCHEDULED, "message": "0/1 nodes are available: 1 Insufficient cpu."}]},
        "no node takes it: 0/1 nodes are available: 1 Insufficient cpu.",
    ),
    "evicted": (
        {"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory."},
        "Evicted: The node was low on memory.",
    ),
    "fetch": (
        {
            "initContainerStatuses": [
                {
                    "name": "fetch",
                    "image": "i",
                    "imageID": "",
                    "ready": False,
                    "restartCount": 3,
                    **_ended(exitCode=2),
                }
            ]
        },
        "init container fetch: it ended with exit code 2 (Error), restarted 3 times",
    ),
}


def _make_pod(cluster: ApiServer, namespace: str, name: str, status: dict[str, Any]) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{name}-1", "labels": {"app": name}},
        "spec": {
            "containers": [{"name": "main", "image": "example.com/main:1", **_LIMITED}],
            "initContainers": [{"name": "fetch", "image": "i"}],
        },
    }
    cluster.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(pod))
    phased = {"status": {"phase": "Pending", **status}}
    _write_status(cluster, namespace, "pod", f"{name}-1", phased)


def _container(**changes: Any) -> dict[str, Any]:
    one = {"name": "main", "image": "example.com/main:1", "imageID": "", "ready": False}
    return {"containerStatuses": [{**one, "restartCount": 0, **changes}]}


def _event(cluster: ApiServer, namespace: str, pod: str, **changes: str) -> None:
    about = {"kind": "Pod", "name": pod, "namespace": namespace}
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": "e", "namespace": namespace},
        "involvedObject": {**about, "fieldPath": "spec.containers{main}"},
        **changes,
    }
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(event))


def _deployment(namespace: str, name: str, seconds: int, image: str = "example.com/main:1") -> str:
    return _DEPLOYMENT.format(namespace=namespace, name=name, seconds=seconds, image=image)


def test_each_way_to_fail_has_a_sentence_of_its_own(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    statuses = {name: _container(**changes) for name, (changes, _) in _CONTAINERS.items()}
    statuses |= {name: changes for name, (changes, _) in _PODS.items()}
    for name, status in statuses.items():
        _make_pod(cluster, namespace, name, status)
    _event(cluster, namespace, "slow-1", type="Normal", reason="Pulling", message="Pulling image")
    pulled = {"type": "Warning", "reason": "Failed"}
    _event(cluster, namespace, "pull-1", message="Failed to pull: not found: x:2", **pulled)
    _event(cluster, namespace, "pull-1", message="Error: ImagePullBackOff", **pulled)
    stack.program(_IMPORT + "".join(_deployment(namespace, name, 4) for name in statuses))

    text = stack.up("--parallel", str(len(statuses)), check=False).text
    for name, (_, words) in {**_CONTAINERS, **_PODS}.items():
        assert f"pod {name}-1" in text, name
        assert words in text.replace("\n", " "), name
        assert f"Deployment {namespace}/{name} was not done within 4 s" in text
    assert "event on" not in text, "they say what was said of the pods"


def test_an_event_that_says_something_else_is_told(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    _make_pod(cluster, namespace, "web", _container(state={"waiting": {"reason": "x"}}))
    for number in (1, 2):
        message = f"MountVolume.SetUp failed {number} times"
        _event(cluster, namespace, "web-1", type="Warning", reason="FailedMount", message=message)
    stack.program(_IMPORT + _deployment(namespace, "web", 3))
    text = stack.up(check=False).text
    assert text.count("event on Pod web-1: FailedMount: MountVolume.SetUp failed") == 1


@contextlib.contextmanager
def _up(stack: Workbench) -> Iterator[subprocess.Popen[str]]:
    """`pulumi up`, while the test is the controller."""
    running = stack.start("up", "--yes", "--skip-preview")
    try:
        yield running
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()


_LATE = {
    "type": "Progressing",
    "status": "False",
    "reason": "ProgressDeadlineExceeded",
    "message": "it has timed out progressing.",
}


def _say_late(cluster: ApiServer, namespace: str, at: str) -> None:
    generation = cluster.get("deployment", "web", "-n", namespace)["metadata"]["generation"]
    counts = {"replicas": 2, "updatedReplicas": 1, "availableReplicas": 1, "readyReplicas": 1}
    late = [{**_LATE, "lastUpdateTime": at, "lastTransitionTime": at}]
    status = {**counts, "observedGeneration": generation, "conditions": late}
    _write_status(cluster, namespace, "deployment", "web", {"status": status})


def test_a_roll_out_that_took_too_long_is_waited_for_no_longer(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    stack.program(_IMPORT + _deployment(namespace, "web", 120))
    started = time.monotonic()
    with _up(stack) as running:
        _wait_for(cluster, namespace)
        _say_late(cluster, namespace, "2026-01-01T00:00:00Z")
        text, _ = running.communicate(timeout=60)
    assert running.returncode != 0
    assert time.monotonic() - started < 60
    assert f"Deployment {namespace}/web failed: 0 of 1 new pods available" in text
    assert "1 of the version before still there, 1 available" in text
    assert "ProgressDeadlineExceeded: it has timed out progressing." in text


def test_a_roll_out_that_took_too_long_before_does_not_fail_the_next(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    stack.program(_IMPORT + _deployment(namespace, "web", 60))
    with _up(stack) as running:
        _wait_for(cluster, namespace)
        _say_late(cluster, namespace, "2026-01-01T00:00:00Z")
        running.communicate(timeout=60)
    stack.program(_IMPORT + _deployment(namespace, "web", 60, "example.com/main:2"))
    with _up(stack) as running:
        _wait_for_generation(cluster, namespace, 2)
        _say_late(cluster, namespace, "2026-01-01T00:00:00Z")
        time.sleep(2)
        assert running.poll() is None, running.communicate()
        _roll_out(cluster, namespace)
        text, _ = running.communicate(timeout=60)
    assert running.returncode == 0, text


def _wait_for_generation(cluster: ApiServer, namespace: str, wanted: int) -> None:
    deadline = time.monotonic() + 60
    while cluster.get("deployment", "web", "-n", namespace)["metadata"]["generation"] < wanted:
        assert time.monotonic() < deadline, "the Deployment was not changed within 60 s"
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("storage_class", "words"),
    [
        ("", "the cluster has no default StorageClass, the claim names none"),
        ('"storage_class_name": "fast",', "there is no StorageClass 'fast'"),
        ('"storage_class_name": "",', "no PersistentVolume without a StorageClass fits it"),
    ],
)
def test_a_claim_that_nothing_will_bind_says_so(
    stack: Workbench, namespace: str, storage_class: str, words: str
) -> None:
    stack.program(
        f"""
from pulumi_kubernetes.core.v1 import PersistentVolumeClaim
PersistentVolumeClaim("files", metadata={{"namespace": {namespace!r}, "name": "files"}}, spec={{
    {storage_class} "access_modes": ["ReadWriteOnce"],
    "resources": {{"requests": {{"storage": "1Gi"}}}},
}}, opts=ResourceOptions(custom_timeouts=CustomTimeouts(create="3s")))
"""
    )
    text = stack.up(check=False).text
    assert f"PersistentVolumeClaim {namespace}/files was not done within 3 s" in text
    assert words in text
