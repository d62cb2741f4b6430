"""The images that the program runs are those that `make up` loads on the node."""

from __future__ import annotations

import ast
from pathlib import Path

import yaml

from components.addons.metrics_server_options import METRICS_SERVER_IMAGE
from components.gateways.controllers.traefik_options import TRAEFIK_IMAGE
from components.runtimes.tfserving_options import TFSERVING_IMAGE
from components.runtimes.triton_options import TRITON_IMAGE
from components.sources.object_store_options import STORAGE_INITIALIZER

ROOT = Path(__file__).parents[3]
RECIPES = ROOT / "local" / "images" / "recipes.py"


def constants(path: Path = RECIPES) -> dict[str, str]:
    """The text constants of a file, which is parsed and not imported."""
    return {
        target.id: node.value.value
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def test_the_local_cluster_has_the_images_of_the_program() -> None:
    recipes = constants()
    assert recipes["TENSORFLOW_SERVING"] == f"docker.io/{TFSERVING_IMAGE}"
    assert recipes["STORAGE_INITIALIZER"] == f"docker.io/{STORAGE_INITIALIZER}"
    pinned = constants(ROOT / "local" / "toolchain" / "pins.py")["METRICS_SERVER"]
    assert METRICS_SERVER_IMAGE.partition("/")[2] == f"metrics-server/metrics-server:{pinned}"
    assert recipes["TRAEFIK"] == f"docker.io/{TRAEFIK_IMAGE}"
    assert recipes["TRAEFIK_WHEEL"].rpartition("==")[2] == TRAEFIK_IMAGE.rpartition(":v")[2]


def test_the_dev_stack_runs_the_release_of_triton_that_has_a_wheel() -> None:
    dev = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]
    models = dev["slipway:models"].values()
    named = {each["image"] for each in models if "image" in each}
    assert named == {constants()["TRITON"]}
    repository = TRITON_IMAGE.rpartition(":")[0]
    assert named.pop().rpartition(":")[0] == repository
