"""What exists in a simulated cloud: resources, who uses whom, and the order in which they came and
went. It lies in files of one directory, so that it outlives the plugin and a test can read it."""

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

#: The file of the API server that stands for every cluster.
API = "api.json"
#: The ids of the accounts that profiles log in to; all others log in to one and the same.
PROFILES = "profiles.json"
#: Outputs that other resources name one by, beside its id.
_IDENTIFIERS = ("arn", "selfLink", "email", "member", "keyId", "name")


@dataclass(frozen=True)
class Record:
    """One resource that exists. `stamp` is what its made-up values are made of: 64 hexadecimal
    digits."""

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
    """The resources in `directory`; without one there is nothing, and nothing can be made."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._records: dict[str, Record] = {}

    @property
    def writable(self) -> bool:
        return self._directory is not None

    @contextmanager
    def open(self) -> Iterator[None]:
        """Reads what there is; nobody else writes until the end, when changes are kept."""
        if self._directory is None:
            yield
            return
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            listed = self._read("resources.json", [])
            self._records = {_key(each["type"], each["id"]): Record(**each) for each in listed}
            yield
            self._write("resources.json", [asdict(each) for each in self._records.values()])

    def find(self, token: str, resource_id: str) -> Record | None:
        return self._records.get(_key(token, resource_id))

    def of(self, pattern: str) -> list[Record]:
        """The resources whose type token matches, as `aws:eks/*`."""
        return [each for each in self._records.values() if fnmatch.fnmatch(each.type, pattern)]

    def stamp(self, urn: str) -> str:
        """New at each creation, and the same again in an account of the same history."""
        made = sum(each["op"] == "create" and each["urn"] == urn for each in self.log())
        return hashlib.sha256(f"{urn}#{made}".encode()).hexdigest()

    def keep(self, op: str, record: Record) -> None:
        """`op` is create, update or delete."""
        key = _key(record.type, record.id)
        if op == "delete":
            self._records.pop(key, None)
        else:
            self._records[key] = record
        self.note(op, record.type, record.urn, record.id)

    def note(self, op: str, token: str, urn: str, resource_id: str, said: str = "") -> None:
        """A line of the log."""
        if self._directory is not None:
            line = {"op": op, "type": token, "urn": urn, "id": resource_id, "said": said}
            with (self._directory / "log.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")

    def log(self) -> list[dict[str, str]]:
        """Everything that was done or refused, oldest first."""
        path = self._directory and self._directory / "log.jsonl"
        if path is None or not path.exists():
            return []
        return [json.loads(line) for line in path.read_text().splitlines()]

    def users(self, record: Record, by_name: Mapping[str, str]) -> list[Record]:
        """Those whose inputs name `record`. A plain name counts only in the properties that
        `by_name` lists, with the types that they name (`{"clusterName": "aws:eks/cluster:*"}`):
        other things may be called the same."""
        own = record.outputs.get("name")
        known = {record.outputs.get(key) for key in _IDENTIFIERS if key not in record.inputs}
        known |= {record.id, own}
        known = {each for each in known if isinstance(each, str) and each}
        # What it took from others, or was given, is not its own: a policy's id is its repository's.
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
        """What a test has ordered to be answered to this, once: `faults.json` is a list of
        `{"op", "type", "said", "times"}`."""
        if self._directory is None:
            return None
        ordered = self._read("faults.json", [])
        for each in ordered:
            if each["op"] == op and fnmatch.fnmatch(token, each["type"]) and each["times"] > 0:
                each["times"] -= 1
                self._write("faults.json", ordered)
                return str(each["said"])
        return None

    def of_profile(self, profile: str | None, otherwise: str) -> str:
        """The id of the account that `profile` logs in to: a test writes the file."""
        ids: dict[str, str] = self._read(PROFILES, {})
        return ids.get(profile or "", otherwise)

    def api(self) -> dict[str, str] | None:
        """`url`, `ca` (PEM) and `token` of the API server that stands for every cluster here: a
        file beside the clouds' directories."""
        found: dict[str, str] | None = self._read(f"../{API}", None)
        return found

    def _read(self, name: str, otherwise: Any) -> Any:
        path = self._directory and self._directory / name
        return json.loads(path.read_text()) if path is not None and path.exists() else otherwise

    def _write(self, name: str, content: Any) -> None:
        assert self._directory is not None
        (self._directory / name).write_text(json.dumps(content, indent=1))


def _key(token: str, resource_id: str) -> str:
    return f"{token}|{resource_id}"


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every string in `value`, with the property that it stands under."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _strings(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item, key)
