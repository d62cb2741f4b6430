"""The table of create-only properties has all types that stacks make in a cloud."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.config.load import load
from components.stack import deploy
from local.clouds import create_only
from local.clouds.clouds import CLOUDS
from tests.unit.clouds import ack_stack, aws, every, gke
from tests.unit.components.engine import Recording, run

ROOT = Path(__file__).resolve().parents[3]
GATEWAY = {"kind": "nginx", "host": "models.example.com"}
DNS = {"zone": "example.com"}
SHARED = {"files": {"size": "1Ti", "access_mode": "ReadWriteMany"}}


def _eks() -> Recording:
    return aws.up(
        autoscaler="karpenter",
        node_pools=aws.BOTH_POOLS,
        access=aws.PRIVATE,
        shared_storage=True,
        volumes=SHARED,
        administrators={"platform": "arn:aws:iam::111122223333:role/platform"},
        dns=DNS,
        gateway=GATEWAY,
    )


def _gke() -> Recording:
    config = gke.stack(dns={**DNS, "managed_zone": "zone"})
    return gke.up({**config, "gateway": GATEWAY, "volumes": SHARED})


def _ack(**changes: Any) -> Callable[[], Recording]:
    cluster = ack_stack.ack(shared_storage=True, registry={"instance": "cri-1"}, dns=DNS, **changes)
    return lambda: ack_stack.up(cluster, volumes=SHARED)


def _written(path: Path) -> Callable[[], Recording]:
    config = yaml.safe_load(path.read_text())["config"]
    kind = config["slipway:cluster"]["kind"]
    return lambda: run(
        lambda: deploy(load()),
        config,
        address=aws.BALANCER if kind == "eks" else None,
        cloud=every.CLOUDS[kind],
    )


def _files() -> Iterator[tuple[str, Callable[[], Recording]]]:
    for path in sorted([*ROOT.glob("Pulumi.*.yaml"), *ROOT.glob("examples/*/*.yaml")]):
        config = yaml.safe_load(path.read_text()).get("config") or {}
        if config.get("slipway:cluster", {}).get("kind") in ("ack", "eks", "gke"):
            yield str(path.relative_to(ROOT)), _written(path)


#: The stacks of the repository, and for each cloud some with all optional parts.
STACKS: dict[str, Callable[[], Recording]] = {
    **dict(_files()),
    "eks, everything": _eks,
    "eks, existing network": lambda: aws.up(vpc=aws.EXISTING),
    "gke, everything": _gke,
    "ack, everything": _ack(),
    "ack, private": _ack(access=ack_stack.PRIVATE),
}


def _types(recording: Recording) -> set[str]:
    return {
        each.type
        for each in recording.resources
        if each.custom and each.type.partition(":")[0] in CLOUDS
    }


@pytest.fixture(scope="module")
def registered() -> dict[str, set[str]]:
    """The types that each stack registers."""
    return {name: _types(up()) for name, up in STACKS.items()}


@pytest.mark.parametrize("name", STACKS)
def test_all_types_that_a_stack_makes_are_in_the_table(
    registered: dict[str, set[str]], name: str
) -> None:
    assert registered[name]
    assert registered[name] - create_only.table().keys() == set()


def test_these_stacks_make_all_resources_of_the_sdks_that_the_program_uses(
    registered: dict[str, set[str]],
) -> None:
    registered_types = {
        (token.partition(":")[0], token.rpartition(":")[2])
        for tokens in registered.values()
        for token in tokens
    }
    used = {each for path in (ROOT / "components").rglob("*.py") for each in _used(path)}
    assert used - registered_types == set()


def _used(path: Path) -> Iterator[tuple[str, str]]:
    """Cloud and class of each resource that a file makes: the classes of an SDK that it calls."""
    tree = ast.parse(path.read_text())
    cloud: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                origin = alias.name if isinstance(node, ast.Import) else node.module or ""
                cloud[alias.asname or alias.name] = origin.partition(".")[0]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        *_, kind = ast.unparse(node.func).split(".")
        package = cloud.get(ast.unparse(node.func).partition(".")[0], "")
        name = package.removeprefix("pulumi_")
        other = kind.endswith(("Args", "ArgsDict", "Provider"))
        if name in CLOUDS and kind[0].isupper() and not other:
            yield name, kind
