"""The directories of one clone of the repository. Two clones share only the cache."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

STACK = "dev"
#: Public on purpose: the dev stack has no secret to protect (its file is in the repository).
PASSPHRASE = "slipway-dev"


def cache_dir() -> Path:
    """Tools, environments and images, shared by all clones: `$SLIPWAY_CACHE`, else a directory in
    the user's cache directory."""
    if chosen := os.environ.get("SLIPWAY_CACHE"):
        return Path(chosen).resolve()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "slipway"


@dataclass(frozen=True)
class Clone:
    """One checkout and the directories derived from its path."""

    root: Path

    @classmethod
    def here(cls) -> Clone:
        return cls(Path(__file__).resolve().parent.parent)

    @property
    def cluster_name(self) -> str:
        """`dev-` and ten hexadecimal digits of the SHA-256 of the clone's path."""
        return "dev-" + hashlib.sha256(str(self.root).encode()).hexdigest()[:10]

    @property
    def state(self) -> Path:
        return self.root / ".slipway"

    @property
    def pulumi_home(self) -> Path:
        return self.state / "pulumi"

    @property
    def backend(self) -> Path:
        return self.state / "state"

    @property
    def simulated(self) -> Path:
        """For `make preview`: an engine home, a state and a copy of the program."""
        return self.state / "simulated"

    @property
    def kubeconfig(self) -> Path:
        return self.state / "kubeconfig"

    @property
    def bin(self) -> Path:
        """Links to the tools in use, put first on PATH by `make env`."""
        return self.state / "bin"

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def client_venv(self) -> Path:
        return self.root / ".venv-client"

    @property
    def policy_venv(self) -> Path:
        return self.root / "policy" / ".venv"

    @property
    def models(self) -> Path:
        return self.root / "models"
