"""Each kind of failure of a pod has its own sentence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.why.recorded import Object, Recorded, deployment, event, main, pod
from why.explain import object_reasons
from why.pods import pod_reasons


def _ended(**changes: Any) -> dict[str, Any]:
    ended = {"exitCode": 1, "reason": "Error", **changes}
    return {
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": ended},
    }


def _waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"state": {"waiting": {"reason": reason, "message": message}}}


# The container status that the kubelet writes, and the sentence for it.
_CONTAINERS: dict[str, tuple[dict[str, Any], str]] = {
    "memory": (
        {**_ended(exitCode=137, reason="OOMKilled"), "restartCount": 1},
        "out of memory: it was killed at its memory limit of 64Mi (OOMKilled), restarted once",
    ),
    "pull": (
        _waiting("ImagePullBackOff", "not found: x:1"),
        "its image example.com/main:1 cannot be pulled (ImagePullBackOff): not found: x:1",
    ),
    "never": (
        _waiting("ErrImageNeverPull"),
        (
            "its image example.com/main:1 is not on the node, and its pull policy is Never "
            "(ErrImageNeverPull)"
        ),
    ),
    "secret": (
        _waiting("CreateContainerConfigError", 'secret "s" not found'),
        (
            "a ConfigMap or Secret that it refers to is missing (CreateContainerConfigError): "
            'secret "s" not found'
        ),
    ),
    "wrong": (
        _ended(exitCode=255, message="first line\nno such model\n"),
        "it ended with exit code 255 (Error), restarted 0 times: no such model",
    ),
    "start": (
        _ended(exitCode=128, reason="StartError", message="no such program: cp"),
        "it cannot be started (StartError), restarted 0 times: no such program: cp",
    ),
    "again": (
        {**_ended(), "state": {"running": {}}, "restartCount": 2},
        (
            "it runs again and is not ready; before, it ended with exit code 1 (Error), restarted "
            "2 times"
        ),
    ),
    "unready": ({"state": {"running": {}}}, "it runs and is not ready"),
}


def _reasons(*pods: Object, events: tuple[Object, ...] = (), **logs: Any) -> list[str]:
    recorded = Recorded({"pods": list(pods), "events": list(events)}, **logs)
    return pod_reasons(recorded.cluster, deployment())


@pytest.mark.parametrize("name", _CONTAINERS)
def test_a_container_that_is_not_ready_says_why(name: str) -> None:
    status, words = _CONTAINERS[name]
    first, *_ = _reasons(pod(containerStatuses=main(**status)))
    assert first == f"pod web-1, container main: {words}"


def test_a_pod_that_fits_no_node_names_what_is_missing() -> None:
    message = "0/1 nodes are available: 1 Insufficient cpu."
    scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    reasons = _reasons(pod(conditions=[{**scheduled, "message": message}]))
    assert reasons == [f"pod web-1: no node can run it: {message}"]


def test_a_pod_that_was_evicted_says_so() -> None:
    reasons = _reasons(pod(phase="Failed", reason="Evicted", message="The node was low on memory."))
    assert reasons == ["pod web-1: Evicted: The node was low on memory."]


def test_an_init_container_that_cannot_fetch_shows_its_last_lines() -> None:
    status = {"name": "fetch", "image": "i", "imageID": "", "ready": False, "restartCount": 3}
    reasons = _reasons(
        pod(initContainerStatuses=[{**status, **_ended(exitCode=2)}]),
        previous={"fetch": "403 Forbidden: s3://models/a\n"},
    )
    assert reasons == [
        "pod web-1, init container fetch: it ended with exit code 2 (Error), restarted 3 times",
        "its log: 403 Forbidden: s3://models/a",
    ]


def test_the_last_lines_of_a_crash_are_those_of_the_run_that_crashed() -> None:
    lines = "".join(f"2026-01-01 00:00:0{n} retrying\n" for n in range(9))
    reasons = _reasons(
        pod(containerStatuses=main(**{**_ended(), "state": {"running": {}}})),
        logs={"main": "starting\n"},
        previous={"main": f"{lines}no such model\n"},
    )
    assert reasons[1:] == ["its log: 2026-01-01 00:00:08 retrying", "its log: no such model"]


def test_a_log_that_cannot_be_read_is_reported_after_the_reason() -> None:
    reasons = _reasons(pod(containerStatuses=main(**_ended())))
    assert reasons[1] == "its log cannot be read: its API server answers 400: no such run"


def test_a_probe_that_never_passes_shows_its_result() -> None:
    refused = event("Unhealthy", "Startup probe failed: HTTP probe failed with statuscode: 503")
    first, *_ = _reasons(pod(containerStatuses=main(state={"running": {}})), events=(refused,))
    assert first.endswith(
        "it runs and is not ready: Startup probe failed: HTTP probe failed with statuscode: 503"
    )


def test_between_two_attempts_to_pull_the_registrys_answer_is_printed() -> None:
    failed = event("Failed", 'Failed to pull image "example.com/main:1": 404 from the registry')
    back_off = _waiting("ImagePullBackOff", "Back-off pulling image")
    reasons = _reasons(pod(containerStatuses=main(**back_off)), events=(failed,))
    assert reasons == [
        (
            "pod web-1, container main: its image example.com/main:1 cannot be pulled "
            "(ImagePullBackOff): 404 from the registry"
        )
    ]


def test_an_image_that_is_being_pulled_is_reported() -> None:
    pulling = event("Pulling", "Pulling image", type="Normal")
    reasons = _reasons(
        pod(containerStatuses=main(**_waiting("ContainerCreating"))), events=(pulling,)
    )
    assert reasons == ["pod web-1, container main: its image example.com/main:1 is being pulled"]


def test_an_event_with_a_new_cause_is_printed_once() -> None:
    mounts = tuple(event("FailedMount", f"MountVolume.SetUp failed {n} times") for n in (1, 2))
    reasons = _reasons(pod(containerStatuses=main(**_waiting("ContainerCreating"))), events=mounts)
    assert reasons == ["event on Pod web-1: FailedMount: MountVolume.SetUp failed 2 times"]


def test_at_most_three_pods_are_described() -> None:
    pods = [pod(f"web-{n}", containerStatuses=main(state={"running": {}})) for n in range(5)]
    reasons = _reasons(*pods, logs={"main": ""})
    assert reasons[3:] == ["2 more pods are not ready"]


def test_ready_and_deleted_pods_are_not_described() -> None:
    ready = pod(conditions=[{"type": "Ready", "status": "True"}])
    deleted = pod(containerStatuses=main(**_ended()))
    deleted["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert _reasons(ready, deleted) == []


def test_a_service_leaves_the_logs_to_the_deployment_behind_it() -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "models"},
        "spec": {"selector": {"app": "web"}},
    }
    crashed = pod(containerStatuses=main(**_ended()))
    recorded = Recorded({"pods": [crashed]}, previous={"main": "no such model"})
    assert object_reasons(recorded.cluster, service) == [
        "pod web-1, container main: it ended with exit code 1 (Error), restarted 0 times"
    ]


def test_nothing_of_a_containers_environment_is_printed() -> None:
    statuses = [changes for changes, _ in _CONTAINERS.values()]
    for changes in statuses:
        assert "not-to-be-printed" not in "\n".join(
            _reasons(pod(containerStatuses=main(**changes)))
        )
