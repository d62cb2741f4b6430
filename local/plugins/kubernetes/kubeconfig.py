"""Reading a kubeconfig: which cluster, which credentials, which namespace."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class KubeconfigError(Exception):
    """The kubeconfig cannot be used; the message says what is wrong with it."""


@dataclass(frozen=True)
class Kubeconfig:
    """The chosen context of a kubeconfig, its files read and its relative paths resolved."""

    context: str
    server: str
    namespace: str = "default"
    certificate_authority: bytes | None = None
    client_certificate: bytes | None = None
    client_key: bytes | None = None
    insecure: bool = False
    tls_server_name: str | None = None
    proxy_url: str | None = None
    token: str | None = None
    token_file: str | None = None
    username: str | None = None
    password: str | None = None
    exec_command: dict[str, Any] | None = None
    cluster: dict[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """What a cluster is told apart by: its address and its authority."""
        return f"{self.server} {self.certificate_authority!r} {self.tls_server_name}"


def load(source: str, *, context: str = "", cluster: str = "") -> Kubeconfig:
    """The context `context` (else the current one) of `source`: a kubeconfig's text or path.

    "" means $KUBECONFIG, else ~/.kube/config, else the pod this runs in. Raises KubeconfigError.
    """
    document = _document(source)
    if not document.get("clusters") and not source and (_SERVICE_ACCOUNT / "token").exists():
        return _in_cluster()
    name = context or document.get("current-context") or ""
    chosen = _entry(document, "contexts", name, "context")
    cluster_name = cluster or chosen.get("cluster", "")
    cluster_data = _entry(document, "clusters", cluster_name, "cluster")
    user = _entry(document, "users", chosen["user"], "user") if chosen.get("user") else {}
    if not cluster_data.get("server"):
        raise KubeconfigError(f"cluster {cluster_name!r} has no `server`")
    if "auth-provider" in user and "exec" not in user:
        raise KubeconfigError(
            f"user {chosen['user']!r} has an `auth-provider`, which Kubernetes removed in 1.26: "
            "write a kubeconfig with an `exec` credential plugin"
        )
    return Kubeconfig(
        context=name,
        server=str(cluster_data["server"]).rstrip("/"),
        namespace=chosen.get("namespace") or "default",
        certificate_authority=_data(cluster_data, "certificate-authority"),
        client_certificate=_data(user, "client-certificate"),
        client_key=_data(user, "client-key"),
        insecure=bool(cluster_data.get("insecure-skip-tls-verify")),
        tls_server_name=cluster_data.get("tls-server-name"),
        proxy_url=cluster_data.get("proxy-url"),
        token=user.get("token"),
        token_file=user.get("tokenFile"),
        username=user.get("username"),
        password=user.get("password"),
        exec_command=user.get("exec"),
        cluster=cluster_data,
    )


def _document(source: str) -> dict[str, Any]:
    if source and ("\n" in source or source.lstrip().startswith("{")):
        return _parse(source, "the given kubeconfig")
    if source:
        paths = [Path(source).expanduser()]
        if not paths[0].is_file():
            raise KubeconfigError(f"there is no kubeconfig file {source!r}")
    else:
        listed = os.environ.get("KUBECONFIG") or "~/.kube/config"
        paths = [Path(path).expanduser() for path in listed.split(os.pathsep) if path]
    merged: dict[str, Any] = {"clusters": [], "users": [], "contexts": []}
    for path in filter(Path.is_file, paths):
        document = _parse(path.read_text(), str(path))
        for key in ("clusters", "users", "contexts"):
            for entry in document.get(key) or []:
                _resolve_paths(entry, path.parent)
                merged[key].append(entry)
        merged.setdefault("current-context", document.get("current-context"))
    if not source and not merged["clusters"] and not (_SERVICE_ACCOUNT / "token").exists():
        raise KubeconfigError(f"there is no kubeconfig: looked for {', '.join(map(str, paths))}")
    return merged


def _parse(text: str, what: str) -> dict[str, Any]:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise KubeconfigError(f"{what} is no YAML: {error}") from error
    if not isinstance(document, dict):
        raise KubeconfigError(f"{what} is no kubeconfig: expected a mapping with `clusters`")
    return document


def _resolve_paths(entry: dict[str, Any], base: Path) -> None:
    for section, keys in (
        ("cluster", ("certificate-authority",)),
        ("user", ("client-certificate", "client-key", "tokenFile")),
    ):
        data = entry.get(section) or {}
        for key in keys:
            if data.get(key):
                data[key] = str(base / data[key])
        command = (data.get("exec") or {}).get("command", "")
        if "/" in command:
            data["exec"]["command"] = str(base / command)


def _entry(document: dict[str, Any], section: str, name: str, key: str) -> dict[str, Any]:
    entries = document.get(section) or []
    for entry in entries:
        if entry.get("name") == name:
            return dict(entry.get(key) or {})
    known = ", ".join(sorted(str(entry.get("name")) for entry in entries)) or "none"
    raise KubeconfigError(f"the kubeconfig has no {key} {name!r}; it has: {known}")


def _data(section: dict[str, Any], key: str) -> bytes | None:
    if encoded := section.get(f"{key}-data"):
        try:
            return base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise KubeconfigError(f"`{key}-data` is no base64: {error}") from error
    if path := section.get(key):
        try:
            return Path(path).read_bytes()
        except OSError as error:
            raise KubeconfigError(f"`{key}` cannot be read: {error}") from error
    return None


def _in_cluster() -> Kubeconfig:
    host = os.environ.get("KUBERNETES_SERVICE_HOST", "kubernetes.default.svc")
    host = f"[{host}]" if ":" in host else host
    port = os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    return Kubeconfig(
        context="in-cluster",
        server=f"https://{host}:{port}",
        namespace=(_SERVICE_ACCOUNT / "namespace").read_text().strip(),
        certificate_authority=(_SERVICE_ACCOUNT / "ca.crt").read_bytes(),
        token_file=str(_SERVICE_ACCOUNT / "token"),
    )
