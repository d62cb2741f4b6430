"""The Authorization header and the client certificate for a kubeconfig's user."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local.plugins.kubernetes.kubeconfig import Kubeconfig, KubeconfigError

#: A token is renewed this long before it expires, so that none expires on its way.
_MARGIN = timedelta(seconds=60)
_EXEC_TIMEOUT_SECONDS = 60


class Credentials:
    """Credentials of one kubeconfig user; an exec plugin is run when first needed."""

    def __init__(self, config: Kubeconfig) -> None:
        self._config = config
        self._exec_status: dict[str, Any] = {}
        self._lock = asyncio.Lock()

    def ssl_context(self) -> ssl.SSLContext:
        """A context that trusts the cluster's authority and shows the client certificate."""
        config = self._config
        try:
            context = ssl.create_default_context(
                cadata=config.certificate_authority.decode()
                if config.certificate_authority
                else None
            )
            if config.insecure:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            certificate, key = config.client_certificate, config.client_key
            if pem := self._exec_status.get("clientCertificateData"):
                certificate, key = pem.encode(), self._exec_status["clientKeyData"].encode()
            if certificate and key:
                _load_client_certificate(context, certificate, key)
        except (ssl.SSLError, UnicodeDecodeError, ValueError) as error:
            raise KubeconfigError(
                f"the certificates of context {config.context!r} cannot be used: {error}"
            ) from error
        return context

    async def prepare(self) -> None:
        """Runs the exec plugin when there is one and its last answer has expired."""
        if self._config.exec_command is None:
            return
        async with self._lock:
            if self._expired():
                self._exec_status = await _run_exec_plugin(self._config)

    def headers(self) -> dict[str, str]:
        """The Authorization header; empty where a client certificate is all."""
        config = self._config
        token = self._exec_status.get("token") or config.token
        if config.token_file and not config.exec_command:
            # A projected token is rotated in its file.
            token = Path(config.token_file).read_text().strip()
        if token:
            return {"Authorization": f"Bearer {token}"}
        if config.username:
            import base64

            pair = f"{config.username}:{config.password or ''}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return {}

    def _expired(self) -> bool:
        if not self._exec_status:
            return True
        expiry = self._exec_status.get("expirationTimestamp")
        if not expiry:
            return False
        return datetime.fromisoformat(expiry) - _MARGIN < datetime.now(UTC)


def _load_client_certificate(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    # The ssl module reads certificates from files alone; the file is private and gone at once.
    with tempfile.NamedTemporaryFile() as file:
        file.write(certificate + b"\n" + key)
        file.flush()
        context.load_cert_chain(file.name)


async def _run_exec_plugin(config: Kubeconfig) -> dict[str, Any]:
    spec = config.exec_command or {}
    api_version = spec.get("apiVersion", "client.authentication.k8s.io/v1")
    information: dict[str, Any] = {"interactive": False}
    if spec.get("provideClusterInfo"):
        information["cluster"] = config.cluster
    environment = {entry["name"]: entry["value"] for entry in spec.get("env") or []}
    environment["KUBERNETES_EXEC_INFO"] = json.dumps(
        {"apiVersion": api_version, "kind": "ExecCredential", "spec": information}
    )
    command = [spec.get("command", ""), *(spec.get("args") or [])]
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **environment},
        )
        stdout, stderr = await asyncio.wait_for(process.communicate(), _EXEC_TIMEOUT_SECONDS)
    except FileNotFoundError as error:
        hint = spec.get("installHint") or "install it, or put it on PATH"
        raise KubeconfigError(
            f"the credential plugin {command[0]!r} of context {config.context!r} is not there: "
            f"{hint.strip()}"
        ) from error
    except TimeoutError as error:
        process.kill()
        raise KubeconfigError(
            f"the credential plugin {command[0]!r} of context {config.context!r} did not answer "
            f"within {_EXEC_TIMEOUT_SECONDS} s"
        ) from error
    if process.returncode:
        raise KubeconfigError(
            f"the credential plugin {command[0]!r} of context {config.context!r} exited with "
            f"{process.returncode}: {stderr.decode(errors='replace').strip()}"
        )
    try:
        return dict(json.loads(stdout)["status"])
    except (ValueError, KeyError, TypeError) as error:
        raise KubeconfigError(
            f"the credential plugin {command[0]!r} of context {config.context!r} printed no "
            f"ExecCredential with a status: {error}"
        ) from error
