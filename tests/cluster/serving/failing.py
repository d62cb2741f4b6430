"""The failures of test_failures.py, and the sentences that give their reasons."""

from __future__ import annotations

from typing import Any, Final

from tests.cluster.serving.failures import Failure

#: On a node without a network the runtime tries this long to resolve the name of a registry.
_RESOLVING: Final = "75s"


def model(path: str = "half_plus_two", **changes: Any) -> dict[str, Any]:
    source = {"kind": "pvc", "claim": "models", "path": path}
    return {"runtime": "tfserving", "source": source, "startup_timeout": "40s", **changes}


def _of_a_model(title: str, name: str, options: dict[str, Any], *sentences: str) -> Failure:
    return Failure(title, f"why Deployment models/{name}-server-", sentences, options)


#: The models of one `up`.
MODELS: Final = {
    "absent": _of_a_model(
        "a model's directory does not exist",
        "absent",
        model("absent"),
        "Could not find base path /volumes/models/absent",
    ),
    "empty": _of_a_model(
        "the startup probe never passes: the directory has no version",
        "empty",
        model("empty"),
        "No versions of servable empty found under base path",
        "it runs and is not ready: Startup probe failed",
    ),
    "image": _of_a_model(
        "an image does not exist",
        "image",
        model(image="example/none:1", startup_timeout=_RESOLVING),
        "its image slipway.local/example/none:1 cannot be pulled",
    ),
    "large": _of_a_model(
        "a model asks for 40 CPUs",
        "large",
        model(resources={"requests": {"cpu": 40}}),
        "no node can run it: 0/1 nodes are available: 1 Insufficient cpu.",
    ),
    "memory": _of_a_model(
        "a server needs more memory than its limit",
        "memory",
        model(resources={"limits": {"memory": "24Mi"}}),
        "out of memory: it was killed at its memory limit of 24Mi (OOMKilled)",
    ),
    "broken": _of_a_model(
        "a server crashes",
        "broken",
        model("broken"),
        "it ended with exit code 255",
        "1 model(s) did not become available: {{{name: broken version: 1} due to error: DATA_LOSS",
    ),
    "fetch": _of_a_model(
        "an init container cannot fetch the model",
        "fetch",
        {
            "runtime": "tfserving",
            "source": {"kind": "image", "image": "tensorflow/serving:2.19.1", "path": "/none"},
            "startup_timeout": "40s",
        },
        # The local image has no `cp`.
        "init container fetch-fetch: it cannot be started",
    ),
    "quota": _of_a_model(
        "a ResourceQuota is exceeded",
        "quota",
        model(resources={"requests": {"memory": "200Gi"}}),
        "ResourceQuota models/team is used up: raise it, or ask for less in `resources` and `replicas`",
    ),
    "refused": _of_a_model(
        "an admission webhook fails",
        "refused",
        model(),
        "webhook models.example.com is of ValidatingWebhookConfiguration team, and Service "
        "policy/webhook, which answers for it, has 0 ready pods",
    ),
}
CLAIM: Final = Failure(
    "a claim's StorageClass does not exist",
    "why PersistentVolumeClaim models/slow",
    ("phase Pending: there is no StorageClass 'fast', and no PersistentVolume of it fits",),
)
HELD: Final = Failure(
    "an object in the namespace has a finalizer",
    "why Namespace held is still there",
    ("ConfigMap held is still there, held by example.com/hold",),
)
PLAIN: Final = Failure(
    HELD.title, "timed out waiting for", ("timed out waiting for the condition",)
)
UNREACHABLE: Final = Failure(
    "the API server is unreachable",
    "unreachable: https://127.0.0.1:1",
    ("unreachable: https://127.0.0.1:1",),
)
REFUSED: Final = Failure(
    "the cluster refuses the credentials",
    "the cluster does not say whether namespace `refused` exists",
    ("its API server answers 401: Unauthorized",),
)

QUOTA: Final = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "team", "namespace": "models"},
    "spec": {"hard": {"requests.memory": "100Gi"}},
}
WEBHOOK: Final = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "team"},
    "webhooks": [
        {
            "name": "models.example.com",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "timeoutSeconds": 5,
            "clientConfig": {"service": {"namespace": "policy", "name": "webhook"}},
            "objectSelector": {"matchLabels": {"app.kubernetes.io/instance": "refused"}},
            "rules": [
                {
                    "apiGroups": ["apps"],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE"],
                    "resources": ["deployments"],
                }
            ],
        }
    ],
}

#: Stands for an ingress controller in stacks without models.
EDGE: Final = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "edge", "namespace": "default"},
    "spec": {"type": "LoadBalancer", "ports": [{"port": 443}]},
}
