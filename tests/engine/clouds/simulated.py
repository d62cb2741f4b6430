"""`SimulatedProject`: a project in simulated clouds, and the logs of its accounts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from local.clouds import ACCOUNT
from local.clouds import home as simulation
from tests.engine.plugins.workbench import Workbench

SETTINGS = {
    "aws:region": "eu-central-1",
    "gcp:project": "simulated",
    "gcp:region": "europe-west4",
    "alicloud:region": "eu-central-1",
}


class SimulatedProject(Workbench):
    """A stack `dev` with a program of its own, in the accounts in the directory `account`."""

    def __init__(self, directory: Path, home: Path, account: Path) -> None:
        self.account = account
        super().__init__(directory, home)
        for key, value in SETTINGS.items():
            self.pulumi("config", "set", key, value)

    def engine(self, home: Path) -> dict[str, str]:
        return simulation.variables(home, super().engine(home)) | {ACCOUNT: str(self.account)}

    def log(self, cloud: str) -> list[tuple[str, str]]:
        """The operations in the account, oldest first, as (operation, resource name)."""
        path = self.account / cloud / "log.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        return [(each["op"], each["urn"].rpartition("::")[2]) for each in lines]

    def inject(self, cloud: str, *faults: dict[str, Any]) -> None:
        """Makes the cloud fail operations; see `local.clouds.account.Account.fault`."""
        directory = self.account / cloud
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "faults.json").write_text(json.dumps(faults))
