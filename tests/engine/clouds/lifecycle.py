"""`CloudStack`: a stack in a simulated cloud with a real API server, and the order of its operations."""

from __future__ import annotations

import copy
import fnmatch
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.clouds import ACCOUNT
from local.clouds import home as simulation
from local.clouds.account import API
from tests.engine.apiserver import ApiServer
from tests.engine.program.program import Program
from tests.engine.project import Outcome

#: The namespaces of the stacks' objects.
NAMESPACES = ("models", "slipway-gateway", "slipway-metrics", "kube-system")
_OPERATIONS = ("create", "update", "delete", "replace", "create-replacement", "delete-replaced")


@dataclass(frozen=True)
class Step:
    """An operation of the engine. `begun` and `ended` are line numbers in its event log."""

    op: str
    type: str
    name: str
    begun: int
    ended: int


class CloudStack(Program):
    """A stack whose cloud is simulated, with the account in the directory `account`. `cluster` stands
    in for all clusters."""

    timeout = 300

    def __init__(
        self, directory: Path, home: Path, account: Path, cluster: ApiServer, stack: str
    ) -> None:
        self.account = account
        account.mkdir(parents=True, exist_ok=True)
        (account / API).write_text(json.dumps(cluster.admission()))
        super().__init__(directory, home, None, stack)
        self.environment["PULUMI_DEBUG_COMMANDS"] = "true"  # for --event-log
        self.environment["PULUMI_STACK"] = stack
        self.environment["SSL_CERT_FILE"] = str(cluster.kubeconfig.with_name("server.crt"))
        self._log = directory / "events.jsonl"
        self.init()

    def other(self, stack: str) -> CloudStack:
        """Another stack of the same program in the same account, which can reference this one."""
        other = copy.copy(self)
        other.stack, other.environment = stack, {**self.environment, "PULUMI_STACK": stack}
        other.init()
        return other

    def engine(self, home: Path) -> dict[str, str]:
        return simulation.variables(home, super().engine(home)) | {ACCOUNT: str(self.account)}

    def run(self, *arguments: str, check: bool = True) -> tuple[Outcome, list[Step]]:
        """Runs `pulumi <arguments>`; returns its operations in the order in which they ended."""
        self._log.unlink(missing_ok=True)
        outcome = self.pulumi(*arguments, f"--event-log={self._log}", check=check)
        return outcome, _steps(self._log) if self._log.exists() else []

    def deploy(self, check: bool = True) -> tuple[Outcome, list[Step]]:
        return self.run("up", "--yes", "--skip-preview", check=check)

    def tear_down(self, check: bool = True) -> tuple[Outcome, list[Step]]:
        return self.run("destroy", "--yes", "--skip-preview", check=check)

    def tear_down_protected(self, config: dict[str, Any]) -> list[Step]:
        """Destroys a protected stack, whose stack file has `config`: a destroy is refused, an `up`
        turns the protection off, and a second destroy succeeds. Returns the last one's operations."""
        before = self.resources()
        # With the preview, like users run it. The preview already fails.
        refused, _ = self.run("destroy", "--yes", check=False)
        assert refused.code != 0
        assert "protect" in refused.text
        assert len(self.resources()) == len(before)

        config["slipway:cluster"]["deletion_protection"] = False
        self.write(config)
        self.deploy()
        _, steps = self.tear_down()
        print(shown(steps))
        return steps

    def assert_gone(self) -> None:
        """The state and all accounts are empty."""
        assert self.resources() == []
        for account in self.account.glob("*/resources.json"):
            assert json.loads(account.read_text()) == []


def _steps(log: Path) -> list[Step]:
    begun: dict[tuple[str, str], int] = {}
    steps = []
    for number, line in enumerate(log.read_text().splitlines()):
        event: Mapping[str, Any] = json.loads(line)
        for kind in ("resourcePreEvent", "resOutputsEvent"):
            metadata = event.get(kind, {}).get("metadata")
            if metadata is None or metadata["op"] not in _OPERATIONS:
                continue
            key = (metadata["op"], metadata["urn"])
            if kind == "resourcePreEvent":
                begun[key] = number
            else:
                name = metadata["urn"].rpartition("::")[2]
                start = begun.get(key, number)
                steps.append(Step(metadata["op"], metadata["type"], name, start, number))
    return steps


def of(steps: list[Step], op: str, *patterns: str) -> list[Step]:
    """The operations `op` on types that match one of `patterns`, such as `aws:ec2/*`."""
    return [
        each
        for each in steps
        if each.op == op and any(fnmatch.fnmatch(each.type, pattern) for pattern in patterns)
    ]


def assert_before(first: list[Step], then: list[Step]) -> None:
    """All of `first` ended before any of `then` began. Neither is empty."""
    assert first
    assert then
    last, next_ = max(first, key=lambda each: each.ended), min(then, key=lambda each: each.begun)
    assert last.ended < next_.begun, f"{next_} began before {last} had ended"


def shown(steps: list[Step]) -> str:
    """The operations as text, one a line."""
    return "\n".join(f"{each.op:<8} {each.type:<60} {each.name}" for each in steps)
