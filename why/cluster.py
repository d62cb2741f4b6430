"""`Cluster`: reads objects, events and logs from a Kubernetes API."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

#: The JSON of an object of the Kubernetes API.
Object: TypeAlias = dict[str, Any]
#: Returns the body of the API server's answer to a GET of a path with query. Raises `NotFoundError`,
#: and `AskingError` for all other failures.
Fetch: TypeAlias = Callable[[str], str]

#: A busy namespace has thousands of events, and the reasons are among the first few.
_MOST_EVENTS = 200


class AskingError(Exception):
    """The cluster cannot be read. The message contains no credential."""


class NotFoundError(AskingError):
    """The API server has nothing at this path."""


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Identifies one object. `namespace` is None if its kind has none."""

    api_version: str
    kind: str
    name: str
    namespace: str | None = None

    @classmethod
    def of(cls, found: Object) -> Reference:
        metadata = found["metadata"]
        return cls(
            api_version=found["apiVersion"],
            kind=found["kind"],
            name=metadata["name"],
            namespace=metadata.get("namespace"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else self.title

    @property
    def title(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass
class Cluster:
    """Reads a cluster through `fetch`. After `seconds` from its creation every call raises
    `AskingError`."""

    fetch: Fetch
    seconds: float = 10.0
    _resources: dict[str, dict[str, tuple[str, bool]]] = field(default_factory=dict)
    _started: float = field(default_factory=time.monotonic)

    def get(self, reference: Reference) -> Object | None:
        """The object, or None if there is no object of this name, or no such kind."""
        try:
            plural, namespaced = self._resource(reference.api_version, reference.kind)
            namespace = (reference.namespace or "default") if namespaced else None
            path = _path(reference.api_version, plural, namespace)
            found: Object = self._json(f"{path}/{quote(reference.name)}")
        except NotFoundError:
            return None
        return found

    def objects(
        self, api_version: str, plural: str, namespace: str | None = None, **query: str
    ) -> list[Object]:
        """The objects of the kind with this plural name, in one namespace or in all. `query` has the
        API's parameters: `labelSelector`, `fieldSelector`, `limit`."""
        text = f"?{urlencode(query)}" if query else ""
        found = self._json(f"{_path(api_version, plural, namespace)}{text}")
        kind = str(found.get("kind", "")).removesuffix("List")
        return [
            {"apiVersion": api_version, "kind": kind, **item} for item in found.get("items") or []
        ]

    def preferred_objects(self, group: str, plural: str, namespace: str) -> list[Object]:
        """Like `objects`, in the version of `group` that the API server prefers."""
        version = "v1"
        if group:
            version = self._json(f"/apis/{group}")["preferredVersion"]["groupVersion"]
        return self.objects(version, plural, namespace)

    def events(self, namespace: str | None, **involved: str) -> list[Object]:
        """The events about objects that match `involved` (`name`, `kind`), oldest first."""
        selector = ",".join(f"involvedObject.{key}={value}" for key, value in involved.items())
        found = self.objects(
            "v1",
            "events",
            namespace or "default",
            fieldSelector=selector,
            limit=str(_MOST_EVENTS),
        )
        return sorted(found, key=_time)

    def log(self, pod: Object, container: str, *, lines: int, previous: bool) -> str:
        """The last lines of a container's log, or with `previous` of the log of its previous run."""
        metadata = pod["metadata"]
        query = urlencode(
            {
                "container": container,
                "tailLines": str(lines),
                "previous": str(previous).lower(),
            }
        )
        path = _path("v1", "pods", metadata["namespace"])
        return self._text(f"{path}/{quote(metadata['name'])}/log?{query}")

    def _resource(self, api_version: str, kind: str) -> tuple[str, bool]:
        """The plural name of a kind, and whether it is namespaced. Raises `NotFoundError`."""
        if api_version not in self._resources:
            resources = self._json(_prefix(api_version)).get("resources") or []
            self._resources[api_version] = {
                each["kind"]: (each["name"], each["namespaced"])
                for each in resources
                if "/" not in each["name"]  # a subresource such as `deployments/scale`
            }
        try:
            return self._resources[api_version][kind]
        except KeyError:
            raise NotFoundError(f"the cluster has no kind {kind} in {api_version}") from None

    def _json(self, path: str) -> Any:
        text = self._text(path)
        try:
            return json.loads(text)
        except ValueError:
            raise AskingError("its API server answered something that is not JSON") from None

    def _text(self, path: str) -> str:
        if time.monotonic() - self._started > self.seconds:
            raise AskingError(f"its API server took more than {self.seconds:g} s")
        return self.fetch(path)


def selector_text(selector: Mapping[str, Any]) -> str:
    """A label selector in the form of a query: `app=a,tier in (x,y)`."""
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for entry in selector.get("matchExpressions") or []:
        key, operator, values = entry["key"], entry["operator"], entry.get("values") or []
        if operator == "Exists":
            parts.append(key)
        elif operator == "DoesNotExist":
            parts.append(f"!{key}")
        else:
            parts.append(f"{key} {operator.lower()} ({','.join(values)})")
    return ",".join(parts)


def _prefix(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _path(api_version: str, plural: str, namespace: str | None) -> str:
    where = f"/namespaces/{quote(namespace)}" if namespace else ""
    return f"{_prefix(api_version)}{where}/{plural}"


def _time(event: Object) -> str:
    series = (event.get("series") or {}).get("lastObservedTime")
    return str(series or event.get("lastTimestamp") or event["metadata"].get("creationTimestamp"))
