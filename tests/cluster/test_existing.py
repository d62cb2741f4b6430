"""A stack of cluster kind `existing` on the local cluster. It has only its kubeconfig."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.checkout import Checkout

HALF_PLUS_TWO = [2.5, 3.0, 4.5]
HALF_PLUS_THREE = [3.5, 4.0, 5.5]
STACK = "beside"
CLAIM = "files"
MANIFEST = Path(__file__).parent / "edge.yaml"


def volume(checkout: Checkout) -> Path:
    """The directory of the stack's claim, in place of another cluster's disk."""
    script = (
        "import sys; from local.cluster.spec import volume_directory as d; print(d(*sys.argv[1:]))"
    )
    arguments = (checkout.cluster_name, STACK, CLAIM)
    return Path(checkout.run("python3", "-c", script, *arguments).stdout.strip())


def write_stack(checkout: Checkout, controller: Mapping[str, Any] | str) -> None:
    """The stack `beside`: its own file, namespace, claim, host and model."""
    model = {
        "runtime": "tfserving",
        "source": {"kind": "pvc", "claim": CLAIM, "path": "half_plus_three"},
    }
    sections = {
        "cluster": {"kind": "existing", "kubeconfig": str(checkout.root / ".slipway/kubeconfig")},
        "images": {"mirror": "slipway.local", "pull_policy": "IfNotPresent"},
        "namespace": STACK,
        "gateway": {"kind": "nginx", "controller": controller, "host": "beside.example"},
        "limits": {"drain": "2s"},
        "volumes": {CLAIM: {"size": "1Gi"}},
        "models": {"other": model},
    }
    path = checkout.root / f"Pulumi.{STACK}.yaml"
    document = yaml.safe_load(path.read_text())  # `stack init` wrote the passphrase's salt
    document["config"] = {f"slipway:{key}": value for key, value in sections.items()}
    path.write_text(yaml.safe_dump(document))


@pytest.fixture
def beside(dev: Checkout) -> Iterator[Checkout]:
    """A second, empty stack in dev's checkout, with files for its claim; removed afterwards."""
    dev.pulumi("stack", "init", STACK, "--no-select")
    shutil.copytree(dev.root / "models", volume(dev))
    try:
        yield dev
    finally:
        dev.pulumi("destroy", "--yes", "--skip-preview", "--stack", STACK)
        dev.pulumi("stack", "rm", "--yes", STACK)
        shutil.rmtree(volume(dev).parent)


def serve(checkout: Checkout) -> dict[str, Any]:
    """Deploy the stack, call its model, and check that nothing is to be changed; returns its
    outputs."""
    checkout.pulumi("up", "--yes", "--skip-preview", "--stack", STACK)
    for protocol in ("grpc", "rest"):
        answer = checkout.first_answer("other", "1", "2", "5", protocol=protocol, stack=STACK)
        assert answer == HALF_PLUS_THREE
    for command in ("up", "refresh", "up"):
        checkout.pulumi(command, "--yes", "--skip-preview", "--expect-no-changes", "--stack", STACK)
    printed = checkout.pulumi("stack", "output", "--json", "--stack", STACK).stdout
    outputs: dict[str, Any] = json.loads(printed)
    assert outputs["cluster"]["kind"] == "existing"
    assert outputs["kubeconfig"] == "[secret]"
    assert outputs["gateway"]["host"] == "beside.example"
    return outputs


@pytest.fixture
def edge(dev: Checkout) -> Iterator[None]:
    """An ingress controller in the cluster that belongs to no stack."""
    image = dev.kubectl(
        "get", "deployments", "-n", "slipway-gateway",
        "-o", "jsonpath={.items[0].spec.template.spec.containers[0].image}",
    )  # fmt: skip
    path = dev.root / ".slipway" / "edge.yaml"
    path.write_text(MANIFEST.read_text().replace("IMAGE", image))
    dev.kubectl("apply", "-f", str(path))
    try:
        dev.kubectl("rollout", "status", "deployment/edge", "-n", "edge", "--timeout=120s")
        yield
    finally:
        dev.kubectl("delete", "-f", str(path), "--timeout=120s")
        path.unlink()


def test_a_second_stack_on_a_cluster_with_a_controller_leaves_the_first_alone(
    edge: None, beside: Checkout
) -> None:
    before = beside.everything()
    write_stack(
        beside,
        {"kind": "present", "namespace": "edge", "service": "edge", "ingress_class": "edge"},
    )
    outputs = serve(beside)
    assert outputs["gateway"]["address"] != beside.outputs()["gateway"]["address"]
    assert beside.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO
    beside.pulumi("destroy", "--yes", "--skip-preview", "--stack", STACK)
    assert beside.everything() == before
    beside.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", "dev")
    assert beside.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO
