"""`Kubeconfig`: one context of a kubeconfig, complete in itself."""

from __future__ import annotations

import base64
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

#: A cluster in another continent answers a TCP connect well within this.
PROBE_SECONDS = 5.0


class KubeconfigError(ValueError):
    """A kubeconfig that cannot be used; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Kubeconfig:
    """A kubeconfig of one context, as JSON (which is YAML): no other cluster's credentials are
    in it, and files that it names are read into it."""

    text: str
    context: str
    server: str
    direct: bool
    """False where the server is reached through a proxy."""

    def unreachable(self) -> str | None:
        """Why nothing accepts a TCP connection at the server's address, None where something
        does. Waits at most `PROBE_SECONDS`; needs no credentials. Behind a proxy only the
        proxy could tell, so that is not asked."""
        if not self.direct:
            return None
        address = urlsplit(self.server)
        port = address.port or (80 if address.scheme == "http" else 443)
        try:
            with socket.create_connection((address.hostname or "", port), PROBE_SECONDS):
                return None
        except OSError as error:
            why = "no answer" if isinstance(error, TimeoutError) else error.strerror or str(error)
            return f"unreachable: {self.server} of context `{self.context}`: {why}"


def parse(text: str, context: str | None = None, directory: Path | None = None) -> Kubeconfig:
    """The context named, or else the current one, of a kubeconfig's text. Files that it names
    are looked for from `directory`.

    Raises `KubeconfigError`.
    """
    document = _document(text)
    contexts = _named(document, "contexts", "context")
    chosen = context or document.get("current-context") or ""
    if chosen not in contexts:
        there = f"it has {', '.join(f'`{name}`' for name in contexts) or 'none'}"
        raise KubeconfigError(
            f"has no context `{chosen}`; {there}"
            if chosen
            else f"names no current context; {there}"
        )
    parts = contexts[chosen]
    clusters, users = _named(document, "clusters", "cluster"), _named(document, "users", "user")
    cluster = clusters.get(str(parts.get("cluster")))
    if not cluster or not cluster.get("server"):
        raise KubeconfigError(f"has no server for context `{chosen}`")
    user = users.get(str(parts.get("user")), {})
    base = directory or Path()
    _read_into(cluster, ("certificate-authority",), base)
    _read_into(user, ("client-certificate", "client-key"), base)
    alone = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": parts.get("cluster"), "cluster": cluster}],
        "users": [{"name": parts.get("user"), "user": user}],
        "contexts": [{"name": chosen, "context": parts}],
        "current-context": chosen,
    }
    return Kubeconfig(
        text=json.dumps(alone, sort_keys=True),
        context=chosen,
        server=cluster["server"],
        direct="proxy-url" not in cluster and not os.environ.get("HTTPS_PROXY"),
    )


def read(path: Path, context: str | None = None) -> Kubeconfig:
    """`parse` of a file.

    Raises `KubeconfigError`.
    """
    if not path.is_file():
        raise KubeconfigError("is not there" if not path.exists() else "is not a file")
    try:
        text = path.read_text()
    except OSError as error:
        raise KubeconfigError(f"cannot be read: {error.strerror}") from error
    return parse(text, context, path.resolve().parent)


def _document(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        import yaml  # `make up` writes JSON: only a person's own kubeconfig pays for it

        try:
            document = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise KubeconfigError(f"is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        raise KubeconfigError("is not a kubeconfig: it holds no map")
    return document


def _named(document: dict[str, Any], section: str, key: str) -> dict[str, dict[str, Any]]:
    entries = document.get(section) or []
    try:
        return {entry["name"]: dict(entry.get(key) or {}) for entry in entries}
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise KubeconfigError(f"is not a kubeconfig: `{section}` is malformed") from error


def _read_into(entry: dict[str, Any], keys: tuple[str, ...], directory: Path) -> None:
    for key in keys:
        file = entry.pop(key, None)
        if file is None:
            continue
        try:
            content = (directory / str(file)).read_bytes()
        except OSError as error:
            raise KubeconfigError(f"names `{file}`: {error.strerror}") from error
        entry[f"{key}-data"] = base64.b64encode(content).decode()
