"""Runs a stack with models behind Triton, and reads a server's pod."""

from __future__ import annotations

from typing import Any

from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import stack_file


def triton(path: str = "half_plus_two", **changes: Any) -> dict[str, Any]:
    source = {"kind": "pvc", "claim": "models", "path": path}
    return {"runtime": "triton", "source": source, **changes}


def up(limits: dict[str, Any] | None = None, **models: dict[str, Any]) -> Recording:
    models = models or {"half_plus_two": triton()}
    return run(lambda: deploy(load()), stack_file(models=models, limits=limits))


def pod(recording: Recording, server: str = "half-plus-two") -> dict[str, Any]:
    deployment = recording.one("Deployment", f"{server}-server")
    found: dict[str, Any] = deployment.inputs["spec"]["template"]["spec"]
    return found


def container(recording: Recording, server: str = "half-plus-two") -> dict[str, Any]:
    found: dict[str, Any] = pod(recording, server)["containers"][0]
    return found
