"""Models on GPU nodes beside the real node. They are kwok's, which have any resources that a test
sets and run no containers. The API server, its validation, and the scheduler are real."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.checkout import ROOT, Checkout

STAGES = ROOT / "local" / "toolchain" / "kwok.yaml"
TAINT = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}
#: Name, pool label, number of GPUs, whether it is tainted.
NODES = (("l4-a", "l4", 2, True), ("l4-b", "l4", 2, True), ("other", "other", 8, True))
POOL = {
    "accelerator": {"kind": "nvidia-l4", "count": 2},
    "labels": {"pool": "l4"},
    "taints": [f"{TAINT['key']}={TAINT['value']}:{TAINT['effect']}"],
}


def node(name: str, pool: str, gpus: int, tainted: bool) -> dict[str, Any]:
    amounts = {"cpu": "1000", "memory": "1Ti", "ephemeral-storage": "100Gi", "pods": "110"}
    amounts["nvidia.com/gpu"] = str(gpus)
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {"pool": pool, "kubernetes.io/hostname": name},
        },
        "spec": {"taints": [TAINT] if tainted else []},
        "status": {"capacity": amounts, "allocatable": amounts},
    }


@pytest.fixture
def gpu_nodes(changed: Checkout) -> Iterator[Checkout]:
    """The dev stack on a cluster that also has GPU nodes, without models on them."""
    log = changed.root / ".slipway" / "kwok.log"
    with log.open("w") as output:
        kwok = subprocess.Popen(
            [
                "kwok",
                f"--kubeconfig={changed.exports['KUBECONFIG']}",
                f"--config={STAGES}",
                "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
                "--node-lease-duration-seconds=40",
            ],
            env={**os.environ, **changed.exports},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    path = changed.root / ".slipway" / "nodes.json"
    items = [node(*each) for each in NODES]
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    names = [f"node/{name}" for name, *_ in NODES]
    try:
        changed.kubectl("apply", "-f", str(path))
        changed.kubectl("wait", *names, "--for=condition=Ready", "--timeout=60s")
        yield changed
    finally:
        # The models first: pods on a deleted node stay until the garbage collector removes them.
        changed.restore_config()
        changed.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
        changed.kubectl("delete", *names, "--timeout=60s")
        kwok.terminate()
        kwok.wait()
        log.unlink()
        path.unlink()


def serve(checkout: Checkout, **models: dict[str, Any]) -> str:
    """Deploy the stack with `models` beside its own, and their files in a volume that every node
    can mount. Returns pulumi's output."""
    shutil.copytree(checkout.models, checkout.models.with_name("shared"), dirs_exist_ok=True)
    config = checkout.config()
    sections = config["config"]
    sections["slipway:cluster"] = {"kind": "local", "node_pools": {"l4": POOL}}
    sections["slipway:volumes"]["shared"] = {"size": "1Gi", "access_mode": "ReadWriteMany"}
    for name, changes in models.items():
        sections["slipway:models"][name] = {
            "runtime": "tfserving",
            "source": {"kind": "pvc", "claim": "shared", "path": "half_plus_two"},
            "startup_timeout": "40s",
            **changes,
        }
    checkout.write_config(config)
    done = checkout.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", check=False)
    return done.stdout + done.stderr


def placed(checkout: Checkout, model: str) -> list[str]:
    """The nodes of a model's pods, "" for a pod without a node."""
    selector = ("-n", "models", "-l", f"app.kubernetes.io/instance={model}")
    pods = json.loads(checkout.kubectl("get", "pods", *selector, "-o", "json"))["items"]
    return sorted(pod["spec"].get("nodeName", "") for pod in pods)


def test_a_gpu_model_lands_on_the_nodes_of_its_pool_and_nothing_else_does(
    gpu_nodes: Checkout,
) -> None:
    gpu = {"replicas": 2, "accelerator": {"kind": "nvidia", "count": 2}}
    # More than any node without GPUs has.
    large = {"replicas": 2, "resources": {"requests": {"cpu": 500}}}
    printed = serve(gpu_nodes, gpu=gpu, cpu={"replicas": 2}, large=large)
    assert placed(gpu_nodes, "gpu") == ["l4-a", "l4-b"]
    (real,) = set(placed(gpu_nodes, "half-plus-two"))
    assert placed(gpu_nodes, "cpu") == [real, real]
    assert real not in {name for name, *_ in NODES}
    assert placed(gpu_nodes, "large") == ["", ""]
    assert "untolerated taint" in printed
    images = gpu_nodes.kubectl(
        "get", "pods", "-n", "models", "-l", "app.kubernetes.io/instance=gpu",
        "-o", "jsonpath={.items[*].spec.containers[*].image}",
    )  # fmt: skip
    assert set(images.split()) == {"slipway.local/tensorflow/serving:2.19.1-gpu"}


def test_a_gpu_model_that_finds_no_free_gpu_waits_and_says_so(gpu_nodes: Checkout) -> None:
    gpu = {"replicas": 3, "accelerator": {"kind": "nvidia-l4", "count": 2}}
    printed = serve(gpu_nodes, gpu=gpu)
    assert placed(gpu_nodes, "gpu") == ["", "l4-a", "l4-b"]
    assert "Insufficient nvidia.com/gpu" in printed


def test_without_surge_a_new_version_needs_no_spare_gpu(gpu_nodes: Checkout) -> None:
    gpu = {"replicas": 2, "accelerator": {"kind": "nvidia", "count": 2}, "surge": False}
    serve(gpu_nodes, gpu=gpu)
    assert placed(gpu_nodes, "gpu") == ["l4-a", "l4-b"]
    printed = serve(gpu_nodes, gpu={**gpu, "resources": {"limits": {"memory": "2Gi"}}})
    assert "error:" not in printed
    assert placed(gpu_nodes, "gpu") == ["l4-a", "l4-b"]
