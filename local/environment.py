"""The environment variables under which `pulumi` and `kubectl` work on a clone's dev stack."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

from local.cluster.spec import NETWORKS
from local.paths import PASSPHRASE, Clone


def variables(clone: Clone) -> dict[str, str]:
    """What `make env` exports; PATH is this process's with the clone's tools in front."""
    path = [str(clone.bin), str(clone.venv / "bin")]
    path += [entry for entry in os.environ.get("PATH", os.defpath).split(":") if entry not in path]
    found = {
        "PULUMI_HOME": str(clone.pulumi_home),
        "PULUMI_BACKEND_URL": f"file://{clone.backend}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "KUBECONFIG": str(clone.kubeconfig),
        "PATH": ":".join(path),
    }
    for key in ("NO_PROXY", "no_proxy"):  # the cluster is on this machine, whatever proxy is set
        local = [os.environ.get(key, ""), NETWORKS, "localhost"]
        found[key] = ",".join(part for part in local if part)
    if substitutes(clone):
        # Otherwise the engine looks for the official plugin on the network before each run.
        found["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    return found


def exports(clone: Clone) -> str:
    """Lines for `eval` in a POSIX shell."""
    lines = [f"export {key}={shlex.quote(value)}" for key, value in variables(clone).items()]
    return "\n".join(lines)


def _record(clone: Clone) -> Path:
    return clone.pulumi_home / "slipway-substitutes.json"


def substitutes(clone: Clone) -> dict[str, str]:
    """What this clone uses in place of an official plugin, by the plugin's name."""
    record = _record(clone)
    found: dict[str, str] = json.loads(record.read_text()) if record.exists() else {}
    return found


def record_substitutes(clone: Clone, found: dict[str, str]) -> None:
    _record(clone).write_text(json.dumps(found))
