"""Programs and libraries from Debian packages. They are unpacked into the cache and not installed,
so that no service starts and nothing on the machine changes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from local.errors import LocalError

#: Program → the Debian packages that are unpacked for it, with the libraries that it links to.
PACKAGES: dict[str, tuple[str, ...]] = {
    "etcd": ("etcd-server",),
    "cni": ("containernetworking-plugins",),
    "nft": (
        "nftables",
        "libnftables1",
        "libnftnl11",
        "libmnl0",
        "libjansson4",
        "libedit2",
        "libbsd0",
        "libmd0",
        "libgmp10",
        "libtinfo6",
    ),
    "seccomp": ("libseccomp-dev", "libseccomp2"),
}


class DebianError(LocalError):
    """A package cannot be fetched or unpacked; the message says which and why."""


def _run(command: list[str], cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, text=True, capture_output=True, check=False)
    if done.returncode:
        raise DebianError(f"`{' '.join(command)}` failed:\n{(done.stderr or done.stdout).strip()}")
    return done.stdout


def directory(cache: Path, name: str) -> Path:
    """The directory of the unpacked packages `PACKAGES[name]`."""
    listed = hashlib.sha256(" ".join(PACKAGES[name]).encode()).hexdigest()
    return cache / "debian" / f"{name}-{listed[:8]}"


def unpack(packages: Iterable[str], target: Path) -> Path:
    """Unpack `packages` without their dependencies into the directory `target`.

    Returns an existing `target` as it is; an interrupted run leaves none.
    """
    if target.is_dir():
        return target
    for needed in ("apt-get", "dpkg-deb"):
        if shutil.which(needed) is None:
            raise DebianError(
                f"{needed} is not on PATH: the local cluster is made from Debian packages; "
                "on another system use `cluster: {kind: existing}`"
            )
    names = sorted(packages)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".debian-") as scratch:
        archives, root = Path(scratch, "archives"), Path(scratch, "root")
        archives.mkdir()
        download = ["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", *names]
        try:
            _run(download, cwd=archives)
        except DebianError:
            _run(["apt-get", "update", "-qq"])  # the package lists are missing or outdated
            _run(download, cwd=archives)
        for archive in sorted(archives.glob("*.deb")):
            _run(["dpkg-deb", "--extract", str(archive), str(root)])
        root.replace(target)
    return target
