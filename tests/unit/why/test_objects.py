"""Reasons from an object's own status, and from refused requests."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.why.recorded import Object, Recorded, claim, deployment, event, pod
from why.cluster import AskingError, Cluster, Reference
from why.explain import explain, object_reasons

_WEB = Reference(api_version="apps/v1", kind="Deployment", name="web", namespace="models")
_CONFIG = Reference(api_version="v1", kind="ConfigMap", name="c", namespace="models")


def test_a_roll_out_counts_the_pods_of_the_version_before() -> None:
    live = deployment(replicas=2, updatedReplicas=1, availableReplicas=1)
    (first, *_) = object_reasons(Recorded().cluster, live)
    assert first == ("0 of 1 new pods available; 1 of the version before still run, 1 available")


def test_a_quota_that_keeps_pods_from_being_created_is_named() -> None:
    denial = "is forbidden: exceeded quota: small, requested: cpu=2, used: cpu=1"
    message = f'pods "web-abc-x7x2p" {denial}'
    # Each attempt of a ReplicaSet has another pod name.
    events = [
        f"Error creating: {message}",
        f'Error creating: pods "web-abc-9bqkz" {denial}',
        f'(combined from similar events): Error creating: pods "web-abc-hm5vd" {denial}',
    ]
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
    live = deployment(conditions=[{**failure, "message": message}])
    replica_set = {"kind": "ReplicaSet", "name": "web-abc", "fieldPath": None}
    recorded = Recorded(
        {"events": [event("FailedCreate", each, about=replica_set) for each in events]}
    )
    assert object_reasons(recorded.cluster, live)[1:] == [
        f"its pods cannot be created (FailedCreate): {message}",
        (
            "ResourceQuota models/small is used up: raise it, or ask for less in `resources` and "
            "`replicas`"
        ),
    ]


@pytest.mark.parametrize(
    ("storage_class", "words"),
    [
        (None, "the cluster has no default StorageClass, the claim names none"),
        ("none", "there is no StorageClass 'none'"),
        ("", "no PersistentVolume without a StorageClass fits it"),
        ("slow", "StorageClass 'slow' (example.com/disk) has made no volume for it yet"),
        ("late", "StorageClass 'late' makes a volume once a pod mounts the claim"),
    ],
)
def test_a_claim_that_stays_pending_says_what_is_missing(
    storage_class: str | None, words: str
) -> None:
    classes: list[Object] = [
        {"metadata": {"name": "slow"}, "provisioner": "example.com/disk"},
        {"metadata": {"name": "late"}, "volumeBindingMode": "WaitForFirstConsumer"},
    ]
    recorded = Recorded({"storageclasses": classes})
    (reason,) = object_reasons(recorded.cluster, claim(storage_class))
    assert reason.startswith("phase Pending: ")
    assert words in reason


def test_an_ingress_without_a_class_or_controller_says_which() -> None:
    live: Object = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "i", "namespace": "models"},
        "spec": {"ingressClassName": "nginx"},
    }
    assert object_reasons(Recorded().cluster, live) == [
        "it has no address: there is no IngressClass 'nginx'"
    ]
    recorded = Recorded({"ingressclasses": [{"metadata": {"name": "nginx"}}]})
    (reason,) = object_reasons(recorded.cluster, live)
    assert "no controller of IngressClass 'nginx'" in reason


def test_a_load_balancer_without_an_address_says_so() -> None:
    live: Object = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "s", "namespace": "models"},
        "spec": {"type": "LoadBalancer"},
    }
    (reason,) = object_reasons(Recorded().cluster, live)
    assert reason.startswith("its load balancer has no address")


def _webhook(**client: Any) -> Recorded:
    configuration = {
        "metadata": {"name": "guard"},
        "webhooks": [{"name": "guard.example.com", "clientConfig": client}],
    }
    return Recorded({"validatingwebhookconfigurations": [configuration]})


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            'admission webhook "guard.example.com" denied the request: no',
            "and Service ops/guard answers for it",
        ),
        (
            'failed calling webhook "guard.example.com": no endpoints',
            "and Service ops/guard, which answers for it, has 0 ready pods",
        ),
    ],
)
def test_a_webhook_that_refuses_is_traced_to_its_service(error: str, words: str) -> None:
    recorded = _webhook(service={"namespace": "ops", "name": "guard"})
    (reason,) = explain(recorded.cluster, _CONFIG, [error]).reasons
    assert reason == (
        f"webhook guard.example.com is of ValidatingWebhookConfiguration guard, {words}"
    )


def test_a_webhook_whose_configuration_may_not_be_read_says_so() -> None:
    recorded = Recorded(refused=("validatingwebhookconfigurations",))
    error = 'admission webhook "guard.example.com" denied the request: no'
    (reason,) = explain(recorded.cluster, _CONFIG, [error]).reasons
    assert "cannot be read: its API server answers 403" in reason


def test_pod_security_names_the_label_that_enforces_it() -> None:
    error = 'pods "p" is forbidden: violates PodSecurity "restricted:latest": privileged'
    (reason,) = explain(Recorded().cluster, _CONFIG, [error]).reasons
    assert "enforces the pod security level restricted:latest" in reason


def test_a_claim_that_is_not_deleted_names_the_pods_that_mount_it() -> None:
    deleted = claim(deletionTimestamp="2026", finalizers=["kubernetes.io/pvc-protection"])
    mounting = pod()
    mounting["spec"]["volumes"] = [{"persistentVolumeClaim": {"claimName": "files"}}]
    other = pod("other")
    recorded = Recorded({"pods": [mounting, other]})
    assert object_reasons(recorded.cluster, deleted) == [
        "it is being deleted since 2026",
        "pod web-1 mounts it: `kubectl --namespace models delete pod web-1`",
    ]


def test_an_object_that_is_not_deleted_names_its_finalizer() -> None:
    live = claim(deletionTimestamp="2026", finalizers=["example.com/hold"])
    assert object_reasons(Recorded().cluster, live)[1:] == [
        (
            "the finalizer example.com/hold holds it: the controller that owns example.com/hold has to "
            "remove it"
        )
    ]


def test_a_namespace_that_is_not_deleted_names_the_remaining_objects() -> None:
    remains = {
        "type": "NamespaceContentRemaining",
        "status": "True",
        "reason": "SomeResourcesRemain",
        "message": "Some resources are remaining: configmaps. has 1 resource instances",
    }
    live: Object = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "models", "deletionTimestamp": "2026"},
        "status": {"phase": "Terminating", "conditions": [remains]},
    }
    remaining = {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}}
    reasons = object_reasons(Recorded({"configmaps": [remaining]}).cluster, live)
    assert reasons[-1] == "ConfigMap held is still there, held by example.com/hold"


def test_nothing_can_be_created_in_a_namespace_that_is_being_deleted() -> None:
    error = "unable to create new content in namespace models because it is being terminated"
    reasons = explain(Recorded().cluster, _CONFIG, [error]).reasons
    assert reasons == ["namespace models is being deleted, so nothing can be created in it"]


def test_a_cluster_that_cannot_be_read_is_reported() -> None:
    def dead(path: str) -> str:
        raise AskingError("https://127.0.0.1:1 gives no answer (NewConnectionError)")

    found = explain(Cluster(dead), _WEB)
    assert found.live is None
    assert found.reasons == [
        (
            "the cluster cannot be asked for the reason: https://127.0.0.1:1 gives no answer "
            "(NewConnectionError)"
        )
    ]


def test_a_slow_cluster_is_not_read_after_the_limit() -> None:
    recorded = Recorded({"deployments": [deployment()]})
    found = explain(Cluster(recorded.fetch, seconds=-1), _WEB)
    assert found.reasons == [
        "the cluster cannot be asked for the reason: its API server took more than -1 s"
    ]
    assert recorded.paths == []


def test_reasons_found_before_the_cluster_stops_answering_are_kept() -> None:
    recorded = Recorded({"deployments": [deployment()]}, refused=("pods",))
    error = 'violates PodSecurity "restricted:latest"'
    reasons = explain(recorded.cluster, _WEB, [error]).reasons
    assert reasons[0].startswith("namespace models enforces")
    assert reasons[-1] == (
        "the cluster cannot be asked for the reason: its API server answers 403: pods is forbidden"
    )
