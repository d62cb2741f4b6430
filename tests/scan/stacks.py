"""What is scanned: every object of a few stacks, as the plugin would send it."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

from components import registry
from components.config.load import load
from components.stack import deploy
from tests.engine.program.dry_run import manifest
from tests.unit.components.engine import run
from tests.unit.components.environment import kubeconfig, model, stack_file

#: Nobody's: what stands here is that images are pinned, not to what.
DIGEST = f"sha256:{'0' * 64}"
GPU = {
    "accelerator": {"kind": "nvidia-l4"},
    "labels": {"pool": "gpu"},
    "taints": ["nvidia.com/gpu:NoSchedule"],
}


def least(area: str, kind: str) -> dict[str, Any]:
    """The example in a kind's options."""
    extra = registry.AREAS[area].options(kind).model_config["json_schema_extra"]
    found: dict[str, Any] = dict(extra["examples"][0])
    return found


def stacks() -> dict[str, dict[str, Any]]:
    """Stack files by what they show. Left out is what gives a scanner reason to complain on
    purpose: `user` and secrets in `env` of `custom`; replicas in a ReadWriteOnce volume, whose
    disruption budget would only block drains; and ingress-nginx, whose pods are its chart's."""
    runtimes = {kind: least("runtimes", kind) for kind in registry.RUNTIMES.kinds()}
    del runtimes["custom"]["user"]
    served = {kind: model(**options, replicas=2) for kind, options in runtimes.items()}
    sources = {kind: model(source=least("sources", kind)) for kind in registry.SOURCES.kinds()}
    special = {
        "gpu": model(accelerator={"kind": "nvidia"}),
        "exposed": model(expose={"kind": "load_balancer", "port": 9090}),
    }
    return {
        "every runtime": {
            "models": served,
            "volumes": {"models": {"size": "1Gi", "access_mode": "ReadWriteMany"}},
        },
        "every source": {"models": sources},
        "a GPU, a load balancer": {
            "cluster": {"kind": "existing", "node_pools": {"gpu": GPU}},
            "models": special,
        },
    }


def objects(stack: dict[str, Any], directory: Path) -> list[dict[str, Any]]:
    """The objects of a stack whose images are all pinned, as the stack file can."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"https://127.0.0.1:{server.getsockname()[1]}"
        os.environ["KUBECONFIG"] = str(kubeconfig(directory / "kubeconfig", address))
        names = {container["image"] for container in _containers(_made(stack))}
        digests = {name: DIGEST for name in names if "@" not in name}
        return _made({**stack, "images": {"digests": digests}})


def _made(stack: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        manifest(each)
        for each in run(lambda: deploy(load()), stack_file(**stack)).of_package("kubernetes")
        if each.custom and not each.read
    ]


def _containers(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    pods = [each["spec"]["template"]["spec"] for each in objects if each["kind"] == "Deployment"]
    return [
        container
        for pod in pods
        for container in (*pod["containers"], *pod.get("initContainers", ()))
    ]
