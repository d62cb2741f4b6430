"""The state of a simulated cloud: its resources, which of them use each other, and a log of their
creation and deletion. It is kept in files of one directory, so that it outlives the plugin process
and tests can read it."""

from __future__ import annotations

import fcntl
import fnmatch
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

#: The file with URL and credentials of the API server that stands in for every cluster.
API = "api.json"
#: The file with account IDs by profile. All other profiles belong to the cloud's default account.
PROFILES = "profiles.json"
#: Outputs by which other resources refer to a resource, in addition to its ID.
_IDENTIFIERS = ("arn", "selfLink", "email", "member", "keyId", "name")


@dataclass(frozen=True)
class Record:
    """An existing resource. `stamp`, 64 hexadecimal digits, is the seed of its fake values."""

    type: str
    id: str
    urn: str
    stamp: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]

    @property
    def label(self) -> str:
        return f"{self.type.rpartition(':')[2]} {self.id}"


class Account:
    """The resources in `directory`. Without a directory it is empty and read-only."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._records: dict[str, Record] = {}

    @property
    def writable(self) -> bool:
        return self._directory is not None

    @contextmanager
    def open(self) -> Iterator[None]:
        """Reads the resources and locks the directory; writes the changes at the end."""
        if self._directory is None:
            yield
            return
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            stored = self._read("resources.json", [])
            self._records = {_key(each["type"], each["id"]): Record(**each) for each in stored}
            yield
            self._write("resources.json", [asdict(each) for each in self._records.values()])

    def find(self, token: str, resource_id: str) -> Record | None:
        return self._records.get(_key(token, resource_id))

    def of(self, pattern: str) -> list[Record]:
        """The resources whose type token matches a pattern such as `aws:eks/*`."""
        return [each for each in self._records.values() if fnmatch.fnmatch(each.type, pattern)]

    def stamp(self, urn: str) -> str:
        """The stamp of a new resource. It differs at each creation of `urn`, and is the same in
        another account with the same history."""
        creations = sum(each["op"] == "create" and each["urn"] == urn for each in self.log())
        return hashlib.sha256(f"{urn}#{creations}".encode()).hexdigest()

    def apply(self, op: str, record: Record) -> None:
        """Creates, updates or deletes `record`, and logs it. `op` is create, update or delete."""
        key = _key(record.type, record.id)
        if op == "delete":
            self._records.pop(key, None)
        else:
            self._records[key] = record
        self.note(op, record.type, record.urn, record.id)

    def note(self, op: str, token: str, urn: str, resource_id: str, reason: str = "") -> None:
        """Adds a line to the log. `reason` tells why `op` was refused."""
        if self._directory is not None:
            line = {"op": op, "type": token, "urn": urn, "id": resource_id, "reason": reason}
            with (self._directory / "log.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")

    def log(self) -> list[dict[str, str]]:
        """All operations that were done or refused, oldest first."""
        path = self._directory and self._directory / "log.jsonl"
        if path is None or not path.exists():
            return []
        return [json.loads(line) for line in path.read_text().splitlines()]

    def users(self, record: Record, by_name: Mapping[str, str]) -> list[Record]:
        """The resources whose inputs refer to `record`. A plain name counts only in the properties
        of `by_name`, which has the types that they refer to (`{"clusterName": "aws:eks/cluster:*"}`),
        since resources of other types may have the same name."""
        own = record.outputs.get("name")
        known = {record.outputs.get(key) for key in _IDENTIFIERS if key not in record.inputs}
        known |= {record.id, own}
        known = {each for each in known if isinstance(each, str) and each}
        # Values that are inputs do not identify the resource: the ID of a lifecycle policy is the
        # name of its repository.
        distinct = known - {own} - {value for _, value in _strings(record.inputs)}
        names = {
            key
            for key, pattern in by_name.items()
            if any(fnmatch.fnmatch(record.type, each) for each in pattern.split())
        }
        return [
            each
            for each in self._records.values()
            if (each.type, each.id) != (record.type, record.id)
            and any(
                value in distinct or (key in names and value in known)
                for key, value in _strings(each.inputs)
            )
        ]

    def fault(self, op: str, token: str) -> str | None:
        """The error that a test ordered for `op` on a type, and that is raised `times` times.
        `faults.json` is a list of `{"op", "type", "reason", "times"}`."""
        if self._directory is None:
            return None
        faults = self._read("faults.json", [])
        for each in faults:
            if each["op"] == op and fnmatch.fnmatch(token, each["type"]) and each["times"] > 0:
                each["times"] -= 1
                self._write("faults.json", faults)
                return str(each["reason"])
        return None

    def id_of_profile(self, profile: str | None, default: str) -> str:
        """The ID of the account that `profile` belongs to. A test writes the file."""
        ids: dict[str, str] = self._read(PROFILES, {})
        return ids.get(profile or "", default)

    def api(self) -> dict[str, str] | None:
        """`url`, `ca` (PEM) and `token` of the API server that stands in for every cluster, from a
        file next to the clouds' directories."""
        api: dict[str, str] | None = self._read(f"../{API}", None)
        return api

    def _read(self, name: str, default: Any) -> Any:
        path = self._directory and self._directory / name
        return json.loads(path.read_text()) if path is not None and path.exists() else default

    def _write(self, name: str, content: Any) -> None:
        assert self._directory is not None
        (self._directory / name).write_text(json.dumps(content, indent=1))


def _key(token: str, resource_id: str) -> str:
    return f"{token}|{resource_id}"


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """All strings in `value`, each with the name of its property."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _strings(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item, key)
