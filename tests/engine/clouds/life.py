"""A stack in a simulated cloud, on a real API server, and the order of what the engine does."""

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

#: Where the stacks' objects are.
NAMESPACES = ("models", "slipway-gateway", "slipway-metrics", "kube-system")
_DOES = ("create", "update", "delete", "replace", "create-replacement", "delete-replaced")


@dataclass(frozen=True)
class Step:
    """Something that the engine did: `begun` and `ended` are places in its log."""

    op: str
    type: str
    name: str
    begun: int
    ended: int


class Life(Program):
    """A stack whose cloud is simulated, with its account in `account`; every cluster there is
    `cluster`."""

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

    def beside(self, stack: str) -> Life:
        """Another stack of the same program, in the same account, that may refer to this one."""
        other = copy.copy(self)
        other.stack, other.environment = stack, {**self.environment, "PULUMI_STACK": stack}
        other.init()
        return other

    def engine(self, home: Path) -> dict[str, str]:
        return simulation.variables(home, super().engine(home)) | {ACCOUNT: str(self.account)}

    def run(self, *arguments: str, check: bool = True) -> tuple[Outcome, list[Step]]:
        """`pulumi <arguments>` and what it did, in the order in which it was done."""
        self._log.unlink(missing_ok=True)
        outcome = self.pulumi(*arguments, f"--event-log={self._log}", check=check)
        return outcome, _steps(self._log) if self._log.exists() else []

    def made(self, check: bool = True) -> tuple[Outcome, list[Step]]:
        return self.run("up", "--yes", "--skip-preview", check=check)

    def destroyed(self, check: bool = True) -> tuple[Outcome, list[Step]]:
        return self.run("destroy", "--yes", "--skip-preview", check=check)

    def destroyed_in_two_steps(self, config: dict[str, Any]) -> list[Step]:
        """What the second did; before the first, which takes the protection off, it is refused.
        The stack's file has `config`."""
        before = self.resources()
        # As one types it: with the preview that comes before a destroy, and stops it.
        refused, _ = self.run("destroy", "--yes", check=False)
        assert refused.code != 0
        assert "protect" in refused.text
        assert len(self.resources()) == len(before)

        config["slipway:cluster"]["deletion_protection"] = False
        self.write(config)
        self.made()
        _, steps = self.destroyed()
        print(shown(steps))
        return steps

    def assert_gone(self) -> None:
        """Neither the state nor the account has anything left."""
        assert self.resources() == []
        for account in self.account.glob("*/resources.json"):
            assert json.loads(account.read_text()) == []


def _steps(log: Path) -> list[Step]:
    begun: dict[tuple[str, str], int] = {}
    found = []
    for place, line in enumerate(log.read_text().splitlines()):
        event: Mapping[str, Any] = json.loads(line)
        for kind in ("resourcePreEvent", "resOutputsEvent"):
            told = event.get(kind, {}).get("metadata")
            if told is None or told["op"] not in _DOES:
                continue
            key = (told["op"], told["urn"])
            if kind == "resourcePreEvent":
                begun[key] = place
            else:
                name = told["urn"].rpartition("::")[2]
                found.append(Step(told["op"], told["type"], name, begun.get(key, place), place))
    return found


def of(steps: list[Step], op: str, *patterns: str) -> list[Step]:
    """Those whose type matches one of `patterns`, as `aws:ec2/*`."""
    return [
        each
        for each in steps
        if each.op == op and any(fnmatch.fnmatch(each.type, pattern) for pattern in patterns)
    ]


def assert_before(first: list[Step], then: list[Step]) -> None:
    """All of `first` had ended when the first of `then` began; neither is empty."""
    assert first
    assert then
    last, next_ = max(first, key=lambda each: each.ended), min(then, key=lambda each: each.begun)
    assert last.ended < next_.begun, f"{next_} began before {last} had ended"


def shown(steps: list[Step]) -> str:
    """The order, a line each."""
    return "\n".join(f"{each.op:<8} {each.type:<60} {each.name}" for each in steps)
