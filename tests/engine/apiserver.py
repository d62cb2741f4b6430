"""A Kubernetes control plane on loopback, without nodes: real answers, no containers."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.engine.certificate import server_certificate
from tests.engine.processes import process
from tests.engine.tools import tool

#: User → token; `tester` is who the tests and the plugins under test are.
_TOKENS = {"tester": "slipway-test-token", "controllers": "slipway-controllers-token"}
#: Foreground deletion, the end of a namespace or a claim, pods and a Service's endpoints are
#: theirs; that a pod is ready is what a test writes into its status.
_CONTROLLERS = (
    "garbage-collector-controller",
    "namespace-controller",
    "deployment-controller",
    "replicaset-controller",
    "daemonset-controller",
    "endpoints-controller",
    "endpointslice-controller",
    "persistentvolumeclaim-protection-controller",
    "persistentvolume-protection-controller",
)
_START_SECONDS = 120


@dataclass
class ApiServer:
    """A running API server; `kubeconfig` is a file, `audit_log` has a line for every request."""

    url: str
    kubeconfig: Path
    audit_log: Path

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        """What kubectl prints; raises with its error when `check` and it fails."""
        return self._kubectl(arguments, stdin, check).stdout

    def kubectl_and_warnings(self, *arguments: str, stdin: str | None = None) -> str:
        """The same, with what the API server warns of."""
        done = self._kubectl(arguments, stdin, True)
        return done.stdout + done.stderr

    def _kubectl(
        self, arguments: tuple[str, ...], stdin: str | None, check: bool
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [tool("kubectl"), "--kubeconfig", str(self.kubeconfig), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if check and done.returncode:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stderr}")
        return done

    def as_dict(self) -> dict[str, str]:
        """For another process, which makes the same of it by `of_dict`."""
        return {
            "url": self.url,
            "kubeconfig": str(self.kubeconfig),
            "audit_log": str(self.audit_log),
        }

    @classmethod
    def of_dict(cls, given: dict[str, str]) -> ApiServer:
        return cls(given["url"], Path(given["kubeconfig"]), Path(given["audit_log"]))

    def call(self, method: str, path: str, body: object = None, kind: str = "") -> Any:
        """The API's JSON answer to a request by a user who is not the tests' own `tester`;
        `kind` is the media type of a patch, as `merge-patch`. Raises HTTPError."""
        request = urllib.request.Request(
            f"{self.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {_TOKENS['controllers']}",
                "Content-Type": f"application/{kind}+json" if kind else "application/json",
            },
        )
        authority = self.kubeconfig.with_name("server.crt")
        context = ssl.create_default_context(cafile=str(authority))
        with urllib.request.urlopen(request, context=context, timeout=30) as response:
            return json.load(response)

    @property
    def controllers(self) -> Path:
        """The kubeconfig of who is not `tester`."""
        return self.kubeconfig.with_name("controllers.kubeconfig")

    def kubeconfig_of(self, user: str, token: str) -> Path:
        """Writes the kubeconfig of `user`, beside the others."""
        path = self.kubeconfig.with_name(f"{user}.kubeconfig")
        authority = str(self.kubeconfig.with_name("server.crt"))
        path.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "test",
                    "clusters": [
                        {
                            "name": "test",
                            "cluster": {"server": self.url, "certificate-authority": authority},
                        }
                    ],
                    "users": [{"name": "test", "user": {"token": token}}],
                    "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
                }
            )
        )
        return path

    def admission(self) -> dict[str, str]:
        """Where it is, the authority's certificate (PEM) and the token of `tester`."""
        authority = self.kubeconfig.with_name("server.crt").read_text()
        return {"url": self.url, "ca": authority, "token": _TOKENS["tester"]}

    def get(self, *arguments: str) -> Any:
        """`kubectl get <arguments> -o json`, parsed."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def requests(self) -> list[dict[str, Any]]:
        """Every request so far that came from outside (by the token user), oldest first."""
        lines = self.audit_log.read_text().splitlines() if self.audit_log.exists() else []
        events = [json.loads(line) for line in lines if line.endswith("}")]
        return [event for event in events if event["user"].get("username") == "tester"]


@contextmanager
def api_server(directory: Path, *more: str) -> Iterator[ApiServer]:
    """Starts etcd, kube-apiserver and the controllers that `_CONTROLLERS` and `more` name, with
    their files in `directory`; stops them at the end.

    Raises MissingTool, or RuntimeError with the last lines of a log when one does not come up.
    """
    programs = {name: tool(name) for name in ("etcd", "kube-apiserver", "kube-controller-manager")}
    etcd_client, etcd_peer, port = _free_port(), _free_port(), _free_port()
    etcd_url = f"http://127.0.0.1:{etcd_client}"
    certificate = server_certificate(directory)
    audit_log = directory / "audit.log"
    with (
        ExitStack() as running
    ):  # which ends the API server first: without its etcd it does not end
        processes = [
            running.enter_context(
                process(
                    directory / "etcd.log",
                    [
                        programs["etcd"],
                        f"--data-dir={directory / 'etcd'}",
                        f"--listen-client-urls={etcd_url}",
                        f"--advertise-client-urls={etcd_url}",
                        f"--listen-peer-urls=http://127.0.0.1:{etcd_peer}",
                        "--unsafe-no-fsync",
                    ],
                )
            ),
            running.enter_context(
                process(
                    directory / "apiserver.log",
                    [programs["kube-apiserver"], *_flags(directory, etcd_url, port, audit_log)],
                )
            ),
        ]
        url = f"https://127.0.0.1:{port}"
        _wait_ready(url, certificate, processes, directory)
        server = ApiServer(url, directory / "tester.kubeconfig", audit_log)
        for user, token in _TOKENS.items():
            server.kubeconfig_of(user, token)
        running.enter_context(
            process(
                directory / "controllers.log",
                [
                    programs["kube-controller-manager"],
                    f"--kubeconfig={server.controllers}",
                    f"--controllers={','.join((*_CONTROLLERS, *more))}",
                    "--leader-elect=false",
                    "--secure-port=0",
                ],
            )
        )
        yield server


def _flags(directory: Path, etcd_url: str, port: int, audit_log: Path) -> list[str]:
    (directory / "tokens.csv").write_text(
        "".join(f"{token},{user},{user},system:masters\n" for user, token in _TOKENS.items())
    )
    (directory / "audit.yaml").write_text(
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\n"
        "rules: [{level: Metadata}]\n"
    )
    return [
        f"--etcd-servers={etcd_url}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        "--service-cluster-ip-range=10.97.0.0/24",
        f"--tls-cert-file={directory / 'server.crt'}",
        f"--tls-private-key-file={directory / 'server.key'}",
        f"--token-auth-file={directory / 'tokens.csv'}",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={directory / 'server.key'}",
        f"--service-account-signing-key-file={directory / 'server.key'}",
        # Nothing runs that would make the default ServiceAccount that pods get.
        "--disable-admission-plugins=ServiceAccount",
        f"--audit-policy-file={directory / 'audit.yaml'}",
        f"--audit-log-path={audit_log}",
        # etcd 3.4 cannot report a watch's progress: clients that stream their lists are cut off.
        "--feature-gates=WatchList=false",
    ]


def _wait_ready(
    url: str, authority: Path, processes: list[subprocess.Popen[bytes]], directory: Path
) -> None:
    context = ssl.create_default_context(cafile=str(authority))
    request = urllib.request.Request(
        f"{url}/readyz", headers={"Authorization": f"Bearer {_TOKENS['controllers']}"}
    )
    deadline, said = time.monotonic() + _START_SECONDS, ""
    while time.monotonic() < deadline and all(p.poll() is None for p in processes):
        try:
            with urllib.request.urlopen(request, context=context, timeout=5):
                return
        except (urllib.error.URLError, OSError) as error:
            said = str(error)
        time.sleep(0.1)
    logs = "\n".join(
        f"{log.name}: {line}"
        for log in (directory / "etcd.log", directory / "apiserver.log")
        for line in log.read_text(errors="replace").splitlines()[-5:]
        if log.exists()
    )
    raise RuntimeError(f"{url} was not ready after {_START_SECONDS} s: {said}\n{logs}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
