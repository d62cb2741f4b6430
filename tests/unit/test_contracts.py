"""The type checker refuses a registered class that breaks the contract of its area."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from components import registry
from local.paths import cache_dir

ROOT = Path(__file__).parents[2]
_SECONDS = 900  # without what `make lint` has cached
_GATEWAY = """
from collections.abc import Sequence
import pulumi
from components import registry
from components.config.gateway_options import GatewayOptions
from components.config.options import Options
from components.contracts.routing import Endpoint, GatewayArgs, Route
from components.kubernetes.object import Fields

class NoRoute:
    address: pulumi.Output[str]
    host: pulumi.Output[str]
    ca_certificate: pulumi.Output[str | None]
    allowed_peers: Sequence[Fields]
    def __init__(
        self, name: str, options: GatewayOptions, args: GatewayArgs, opts: pulumi.ResourceOptions
    ) -> None: ...

class Good(NoRoute):
    def route(self, route: Route, opts: pulumi.ResourceOptions) -> Endpoint:
        raise NotImplementedError

class OtherArguments(Good):
    def __init__(self, name: str, host: int) -> None: ...

registry.GATEWAYS.admits(GatewayOptions, Good)
registry.GATEWAYS.admits(GatewayOptions, NoRoute)  # line of a class without routes
registry.GATEWAYS.admits(GatewayOptions, OtherArguments)  # line of another constructor
registry.GATEWAYS.admits(Options, Good)  # line of options of no gateway
"""


@pytest.fixture
def checked(tmp_path: Path) -> list[str]:
    """mypy's errors on `_GATEWAY`, each with the source line that it is about."""
    path = tmp_path / "gateway_kind.py"
    path.write_text(_GATEWAY)
    venv = Path(sys.executable).parents[1]
    done = subprocess.run(
        [
            str(venv / "bin" / "mypy"),
            f"--python-executable={sys.executable}",
            f"--cache-dir={cache_dir() / 'mypy' / venv.name}",
            "--no-error-summary",
            str(path),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    lines = _GATEWAY.splitlines()
    errors = [each for each in done.stdout.splitlines() if "error:" in each]
    return [lines[int(each.split(":")[1]) - 1].partition("# ")[2] for each in errors]


def test_a_class_that_breaks_its_contract_is_refused(checked: list[str]) -> None:
    assert checked == [
        "line of a class without routes",
        "line of another constructor",
        "line of options of no gateway",
    ]


def test_every_registered_class_is_in_what_the_type_checker_reads() -> None:
    lines = registry.contracts().splitlines()
    entries = [
        (area.name.upper(), kind) for area in registry.AREAS.values() for kind in area.entries
    ]
    assert len([each for each in lines if ".admits(" in each]) == len(entries)
    for area in registry.AREAS.values():
        for kind in area.entries.values():
            for path in (kind.options, kind.component):
                module, _, name = path.partition(":")
                assert any(each.startswith(f"from {module} import {name} as ") for each in lines)
