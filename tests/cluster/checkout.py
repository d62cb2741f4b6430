"""A copy of the repository in a directory of its own. It has its own cluster, state and addresses,
so that a test never touches the dev stack of the user who runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]

#: Seconds from the end of `up` to a served route: an Ingress has its address a moment before the
#: controller has loaded it.
ROUTE_TIMEOUT = 20.0
#: Seconds for one command. The slowest, `make up` with cached tools, takes about 60.
TIMEOUT = 300


class Failed(AssertionError):
    """A command failed; the message holds its output."""


class Checkout:
    """A copy of the work tree's files, committed in a repository of its own."""

    def __init__(self, root: Path, exports: Mapping[str, str] | None = None) -> None:
        self.root = root
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout
        for name in filter(None, names.decode().split("\0")):
            if (ROOT / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, root / name)
        identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
        for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "as it is"]):
            subprocess.run(["git", *identity, *arguments], cwd=root, check=True)
        #: The variables of `make env`, here or in the checkout whose tools and cluster are used.
        self.exports: dict[str, str] = dict(exports or {})
        #: The stdout of `make up`, if a fixture ran it.
        self.printed = ""

    def run(
        self,
        *command: str,
        check: bool = True,
        timeout: float = TIMEOUT,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` in the checkout, as a user after `eval "$(make -s env)"`."""
        try:
            done = subprocess.run(
                command,
                cwd=self.root,
                env={**os.environ, **self.exports, **(env or {})},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            output = b"".join(part or b"" for part in (late.stdout, late.stderr)).decode()
            raise Failed(f"`{' '.join(command)}` took more than {timeout} s:\n{output}") from late
        if check and done.returncode:
            raise Failed(
                f"`{' '.join(command)}` ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done

    def read_environment(self) -> None:
        """Read the variables that `make env` exports."""
        names = "PULUMI_HOME PULUMI_BACKEND_URL PULUMI_CONFIG_PASSPHRASE KUBECONFIG PATH"
        names += " PULUMI_SKIP_UPDATE_CHECK PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
        script = 'eval "$(make -s env)"; for n in $0; do printf "%s=%s\\n" "$n" "${!n-}"; done'
        lines = self.run("bash", "-euc", script, names).stdout.splitlines()
        pairs = (line.partition("=") for line in lines)
        self.exports = {name: value for name, _, value in pairs if value}

    def pulumi(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run("pulumi", *arguments, check=check)

    def kubectl(self, *arguments: str, check: bool = True) -> str:
        return self.run("kubectl", *arguments, check=check).stdout

    def client(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        python = str(self.root / ".venv-client" / "bin" / "python")
        return self.run(python, "-m", "client", *arguments, check=check)

    def predict(self, model: str, *values: str, protocol: str = "grpc") -> list[float]:
        answer: list[float] = json.loads(
            self.client("predict", model, *values, "--protocol", protocol, "--stack", "dev").stdout
        )
        return answer

    def first_answer(self, model: str, *values: str, **options: str) -> list[float]:
        """A model's prediction, as soon as its route is served. `options` are the client's."""
        flags = [part for name, value in options.items() for part in (f"--{name}", value)]
        deadline = time.monotonic() + ROUTE_TIMEOUT
        while True:
            done = self.client("predict", model, *values, *flags, check=False)
            if done.returncode == 0:
                answer: list[float] = json.loads(done.stdout)
                return answer
            if time.monotonic() > deadline:
                raise Failed(f"no answer in {ROUTE_TIMEOUT:.0f} s; the last one was: {done.stderr}")

    def last_answer(self) -> list[float]:
        """Run `make up`; returns the prediction that it prints at its end."""
        answer: list[float] = json.loads(self.run("make", "up").stdout.splitlines()[-1])
        return answer

    def outputs(self) -> dict[str, Any]:
        outputs: dict[str, Any] = json.loads(self.run("make", "-s", "outputs").stdout)
        return outputs

    def everything(self) -> set[str]:
        """The names of all objects, in all namespaces, of the kinds that a stack creates."""
        kinds = "deployments,services,ingresses,configmaps,secrets,poddisruptionbudgets"
        kinds += ",networkpolicies,persistentvolumeclaims,serviceaccounts,roles,rolebindings"
        cluster = "namespaces,ingressclasses,clusterroles,clusterrolebindings"
        rows = (
            "jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{'\\n'}{end}"
        )
        namespaced = self.kubectl("get", kinds, "-A", "-o", rows)
        return set((namespaced + self.kubectl("get", cluster, "-o", rows)).splitlines())

    @property
    def stack_file(self) -> Path:
        return self.root / "Pulumi.dev.yaml"

    def config(self) -> dict[str, Any]:
        """The dev stack's configuration; pass a changed one to `write_config`."""
        loaded: dict[str, Any] = yaml.safe_load(self.stack_file.read_text())
        return loaded

    def write_config(self, config: Mapping[str, Any]) -> None:
        self.stack_file.write_text(yaml.safe_dump(dict(config), sort_keys=False))

    def restore_config(self) -> None:
        self.run("git", "checkout", "-q", "--", "Pulumi.dev.yaml")

    @cached_property
    def cluster_name(self) -> str:
        script = "from local.paths import Clone; print(Clone.here().cluster_name)"
        return self.run("python3", "-c", script).stdout.strip()

    @property
    def models(self) -> Path:
        """The directory of the dev stack's volume."""
        script = (
            "from local.cluster.spec import volume_directory as d; from local.paths import Clone;"
            "print(d(Clone.here().cluster_name, 'models', 'models'))"
        )
        return Path(self.run("python3", "-c", script).stdout.strip())
