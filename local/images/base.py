"""The lowest layer of an image with Python: a root directory of unpacked Debian packages.

It needs no mmdebstrap, buildah or chroot. None of the packages' scripts runs, so the image needs no
shell and no package manager, and nothing is installed on the host.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from local.errors import LocalError
from local.toolchain import debian

PYTHON = "3.11"
OS_RELEASE = Path("/etc/os-release")

#: Python of Debian bookworm, and the libraries that it and the wheels link to.
PACKAGES = (
    "ca-certificates",
    "libbz2-1.0",
    "libc6",
    "libcrypt1",
    "libexpat1",
    "libffi8",
    "libgcc-s1",
    "liblzma5",
    f"libpython{PYTHON}-minimal",
    f"libpython{PYTHON}-stdlib",
    "libssl3",
    "libstdc++6",
    "libuuid1",
    f"python{PYTHON}-minimal",
    "zlib1g",
)

#: Paths in the packages that an image does not need.
_DROPPED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/lintian",
    "usr/share/bug",
    "usr/share/binfmts",
    "usr/share/applications",
    "usr/share/pixmaps",
    "usr/lib/*/gconv",
    f"usr/lib/python{PYTHON}/lib2to3",
    f"usr/lib/python{PYTHON}/idlelib",
    f"usr/lib/python{PYTHON}/test",
)

_PASSWD = "root:x:0:0:root:/:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n"
_GROUP = "root:x:0:\nnogroup:x:65534:\n"


class ImageError(LocalError):
    """An image cannot be built; the message names the step and its error."""


def unpack(target: Path) -> Path:
    """Unpack bookworm's packages into the root directory `target`, unless it exists."""
    if target.is_dir():
        return target
    _require_bookworm()
    scratch = target.with_name(f".{target.name}.part")
    shutil.rmtree(scratch, ignore_errors=True)
    root = debian.unpack(PACKAGES, scratch)
    certificates = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
    for pattern in _DROPPED:
        for path in root.glob(pattern):
            shutil.rmtree(path)
    etc = root / "etc"
    (etc / "ssl" / "certs").mkdir(parents=True, exist_ok=True)
    bundle = "".join(path.read_text() for path in certificates)
    (etc / "ssl" / "certs" / "ca-certificates.crt").write_text(bundle)
    shutil.rmtree(root / "usr/share/ca-certificates")
    (etc / "passwd").write_text(_PASSWD)
    (etc / "group").write_text(_GROUP)
    for name, mode in (("tmp", 0o1777), ("models", 0o755)):
        (root / name).mkdir(exist_ok=True)
        (root / name).chmod(mode)
    precompile(root, root / "usr" / "lib" / f"python{PYTHON}", root)
    return root.rename(target)


def certificates(root: Path) -> Path:
    """The path of the bundle of certificate authorities in an unpacked root directory."""
    return root / "etc" / "ssl" / "certs" / "ca-certificates.crt"


def precompile(root: Path, directory: Path, strip: Path) -> None:
    """Compile the modules in `directory` in place, with the Python of `root`: a container with a
    read-only root cannot store what it compiles. `strip` is removed from the recorded paths."""
    libraries = [*root.glob("lib/*-linux-gnu"), *root.glob("usr/lib/*-linux-gnu")]
    loader = next(iter([*root.glob("lib64/ld-linux*"), *root.glob("lib/ld-linux*")]), None)
    if loader is None:
        raise ImageError(f"{root} holds no dynamic loader: libc6 was not unpacked there")
    command = [str(loader), "--library-path", ":".join(map(str, libraries))]
    command += [str(root / "usr" / "bin" / f"python{PYTHON}"), "-m", "compileall", "-qf"]
    command += ["--invalidation-mode", "unchecked-hash", "-s", str(strip), "-p", "/"]
    environment = {
        "PYTHONHOME": str(root / "usr"),
        "PYTHONHASHSEED": "0",
        # Not for the modules that compileall imports: they would record paths of this machine.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [*command, str(directory)], env=environment, text=True, capture_output=True, check=False
    )
    # compileall ends with 1 if any file is not Python 3, which is true of some test data.
    if done.returncode not in (0, 1):
        raise ImageError(f"compiling {directory} failed:\n{done.stderr.strip()[-2000:]}")


def _require_bookworm() -> None:
    text = OS_RELEASE.read_text() if OS_RELEASE.is_file() else ""
    if "VERSION_CODENAME=bookworm" not in text.splitlines():
        name = next((x for x in text.splitlines() if x.startswith("PRETTY_NAME=")), "this system")
        raise ImageError(
            f"{name.removeprefix('PRETTY_NAME=')}: the local images are made from packages of "
            "Debian bookworm (VERSION_CODENAME in /etc/os-release). Give the machine a way to "
            "a container registry, or use `cluster: {kind: existing}`"
        )
