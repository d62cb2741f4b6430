"""`Kubeconfig`: one context of a kubeconfig, complete in itself."""

from __future__ import annotations

import base64
import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from components.config.secret_scan import kubeconfig_content, plain, quoted, yaml_fault

#: A cluster in another continent answers a TCP connect well within this.
PROBE_SECONDS = 5.0
_SECTIONS = {"clusters": "cluster", "users": "user", "contexts": "context"}
_FILES = ("certificate-authority", "client-certificate", "client-key")
_TOKEN_FILE = "tokenFile"
#: The longest list of files that is quoted where one of them is not there, in characters.
_LONGEST_NAMES = 300
#: The extension of a cluster, as kubeconfigs have them, that `make up` writes.
NODE_IMAGES = "slipway.dev/node-images"
#: Where Go programs, kubectl and the provider among them, look for a proxy.
_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy")


class KubeconfigError(ValueError):
    """A kubeconfig that cannot be used; the text says which and why, and quotes none of its
    content but names that cannot be credentials."""


@dataclass(frozen=True, kw_only=True)
class Kubeconfig:
    """A kubeconfig of one context, as JSON (which is YAML): no other cluster's credentials are
    in it, and files that it names are read into it."""

    text: str
    context: str
    server: str
    direct: bool
    """False where the server is reached through a proxy."""
    node_images: Mapping[str, Any] | None = None
    """What `make up` says of the images on its node: `mirror`, `present`, `obtainable`."""

    def unreachable(self) -> str | None:
        """Why nothing accepts a TCP connection at the server's address, None where something
        does. Waits at most `PROBE_SECONDS`; needs no credentials. Behind a proxy only the
        proxy could tell, so that is not asked."""
        if not self.direct:
            return None
        context = f"context {quoted(self.context)}"
        try:
            address = urlsplit(self.server)
            port = address.port or (80 if address.scheme == "http" else 443)
        except ValueError:  # its text quotes a part, which is of a password where that has a `/`
            return f"unreachable: the server of {context} is not an address"
        # Without a user and a password before the host.
        server = f"{address.scheme}://{address.netloc.rpartition('@')[2]}"
        try:
            with socket.create_connection((address.hostname or "", port), PROBE_SECONDS):
                return None
        except TimeoutError:
            why = "no answer"
        except OSError as error:
            why = error.strerror or "no connection"
        except UnicodeError:
            why = "no host has such a name"
        return f"unreachable: {server} of {context}: {why}"


def kubeconfig_files(configured: str | None) -> list[Path]:
    """The files that kubectl would read: the one that is configured, else those that
    `$KUBECONFIG` lists, else the home's.

    Raises `KubeconfigError` for a kubeconfig's content in `$KUBECONFIG`, and for a home directory
    that is not there.
    """
    variable = os.environ.get("KUBECONFIG", "")
    if not configured and (kubeconfig_content(variable) or "\n" in variable):
        raise KubeconfigError("`$KUBECONFIG` holds a kubeconfig's content in place of its path")
    names = [configured] if configured else variable.split(os.pathsep)
    try:
        return [Path(name).expanduser() for name in filter(None, names)] or [
            Path("~/.kube/config").expanduser()
        ]
    except RuntimeError:  # its text says no more
        raise KubeconfigError("a path begins with the home directory of an unknown user") from None


def parse(text: str, where: str, context: str | None = None) -> Kubeconfig:
    """The context named, or else the current one, of a kubeconfig's text; `where` the text is
    from begins what is said of it. Files that it names are looked for from the working
    directory.

    Raises `KubeconfigError`.
    """
    return _chosen(_document(text, where), where, context)


def read(files: Sequence[Path], context: str | None = None) -> Kubeconfig:
    """`parse` of files, merged as kubectl does: the first that has a name, or a current context,
    says what it is, and a file that is not there is passed over where another is. Files that
    they name are looked for from their own directories.

    Raises `KubeconfigError`.
    """
    where = _called(*files)
    there = [path for path in files if _is_there(path)]
    if not there:
        raise KubeconfigError(f"{where} is not there")
    merged: dict[str, Any] = {}
    for path in there:
        document = _document(_content(path), _called(path), path.absolute().parent)
        for section in _SECTIONS:
            merged[section] = [*merged.get(section, ()), *document[section]]
        merged["current-context"] = merged.get("current-context") or document["current-context"]
    return _chosen(merged, where, context)


def _chosen(document: dict[str, Any], where: str, context: str | None) -> Kubeconfig:
    clusters, users, contexts = (_by_name(document[section]) for section in _SECTIONS)
    chosen = str(context or document["current-context"] or "")
    if chosen not in contexts:
        there = f"it has {', '.join(map(quoted, contexts)) or 'none'}"
        raise KubeconfigError(
            f"{where} has no context {quoted(chosen)}; {there}"
            if chosen
            else f"{where} names no current context; {there}"
        )
    parts = contexts[chosen]
    cluster = clusters.get(str(parts.get("cluster")))
    if not cluster or not cluster.get("server"):
        raise KubeconfigError(f"{where} has no server for context {quoted(chosen)}")
    node_images = _extension(cluster, NODE_IMAGES)
    user = users.get(str(parts.get("user")), {})
    for entry in (cluster, user):
        _read_into(entry, where)
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
        server=str(cluster["server"]),
        direct="proxy-url" not in cluster and not any(map(os.environ.get, _PROXY_VARIABLES)),
        node_images=node_images,
    )


def _extension(cluster: dict[str, Any], name: str) -> dict[str, Any] | None:
    """Takes an extension out: another image on the node is no other way to reach the cluster."""
    extensions = cluster.pop("extensions", None) or []
    kept = [each for each in extensions if each.get("name") != name]
    if kept:
        cluster["extensions"] = kept
    return next((each["extension"] for each in extensions if each.get("name") == name), None)


def _content(path: Path) -> str:
    if not path.is_file():
        raise KubeconfigError(f"{_called(path)} is not a file")
    try:
        return path.read_text()
    except OSError as error:
        raise KubeconfigError(f"{_called(path)} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise KubeconfigError(f"{_called(path)} is not text in UTF-8") from None


def _called(*files: Path) -> str:
    """The names of `files`, where each is there or cannot be a credential: some write one, or a
    kubeconfig's content, in place of a path."""
    names = os.pathsep.join(map(str, files))
    if all(map(_is_there, files)) or plain(names, _LONGEST_NAMES):
        return f"`{names}`"
    return "the file that is named"


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _document(text: str, where: str, directory: Path = Path()) -> dict[str, Any]:
    """The sections of a kubeconfig, with the files that it names below `directory`."""
    try:
        document = json.loads(text)
    except ValueError:
        import yaml  # `make up` writes JSON: only a person's own kubeconfig pays for it

        try:
            document = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError) as error:
            # Its own text quotes the line, which may be a key. So would a chained error.
            raise KubeconfigError(f"{where} is not YAML: {yaml_fault(error)}") from None
    if not isinstance(document, dict):
        raise KubeconfigError(f"{where} is not a kubeconfig: it holds no map")
    found: dict[str, Any] = {"current-context": document.get("current-context")}
    for section, key in _SECTIONS.items():
        try:
            found[section] = [
                {"name": entry["name"], key: _located(dict(entry.get(key) or {}), directory)}
                for entry in document.get(section) or []
            ]
        except (TypeError, KeyError, AttributeError, ValueError):
            raise KubeconfigError(
                f"{where} is not a kubeconfig: `{section}` is malformed"
            ) from None
    return found


def _located(entry: dict[str, Any], directory: Path) -> dict[str, Any]:
    for key in (*_FILES, _TOKEN_FILE):
        if entry.get(key):
            entry[key] = str(directory / str(entry[key]))
    return entry


def _by_name(entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The first of each name."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        (content,) = (value for key, value in entry.items() if key != "name")
        found.setdefault(str(entry["name"]), content)
    return found


def _read_into(entry: dict[str, Any], where: str) -> None:
    """Put the content of files in the place of their names, as far as kubectl would read them:
    data beside a certificate's file wins, a token's file wins over the token."""
    for key in _FILES:
        file = entry.pop(key, None)
        if file and not entry.get(f"{key}-data"):
            entry[f"{key}-data"] = base64.b64encode(_bytes(file, where)).decode()
    file = entry.pop(_TOKEN_FILE, None)
    if file:
        entry["token"] = _bytes(file, where).decode(errors="replace").strip()


def _bytes(file: str, where: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise KubeconfigError(f"{where} names {quoted(file)}: {error.strerror}") from None
