"""Creates the Python environments with uv. Imports only the standard library.

The program (`.venv`), the client (`.venv-client`), the policy pack (`policy/.venv`), and `local`
itself with the plugin stand-ins (in the cache, shared by all clones) have separate environments,
since their pins conflict.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from local.errors import LocalError
from local.paths import Clone, cache_dir
from local.progress import step
from local.toolchain.pins import UV

MINIMUM = (3, 11)
#: Compiles while it installs: if the user's Python writes no byte code, every run of the program
#: would compile 300 modules.
_INSTALL = ("pip", "install", "--quiet", "--compile-bytecode")
#: Relocatable, so that scripts find their interpreter in a copy of the environment, too.
_VENV = ("venv", "--quiet", "--clear", "--relocatable")
#: No stack on this machine uses them. If they are installed, Pulumi's language host requests their
#: plugins, hundreds of MB, even for a stack that does not use them.
_CLOUD_SDKS = ("pulumi-aws", "pulumi-gcp")


class BootstrapError(LocalError):
    """An environment cannot be created; the message holds the installer's output."""


def _run(command: list[str]) -> None:
    environment = dict(os.environ)
    if index := environment.get("PIP_INDEX_URL"):  # uv does not read pip's settings
        environment.setdefault("UV_DEFAULT_INDEX", index)
    done = subprocess.run(command, text=True, capture_output=True, env=environment, check=False)
    if done.returncode:
        raise BootstrapError(
            f"`{' '.join(command)}` failed:\n{(done.stderr or done.stdout).strip()[-2000:]}"
        )


def uv() -> str:
    """`uv` on PATH, else the pinned wheel in the cache."""
    if found := shutil.which("uv"):
        return found
    home = cache_dir() / f"uv-{UV}"
    if not (home / "bin" / "uv").is_file():
        shutil.rmtree(home, ignore_errors=True)
        home.parent.mkdir(parents=True, exist_ok=True)
        partial = home.with_name(f"{home.name}.{os.getpid()}.part")
        _run([sys.executable, "-m", "venv", str(partial)])
        pip = [str(partial / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        _run([*pip, "--disable-pip-version-check", f"uv=={UV}"])
        if home.exists():  # another run installed it in the meantime
            shutil.rmtree(partial)
        else:
            partial.rename(home)
    return str(home / "bin" / "uv")


def digest(*arguments: str) -> str:
    """Twelve hexadecimal digits: a hash of this Python's version, the arguments, and the content of
    those that are paths of files."""
    content = hashlib.sha256(sys.version.encode())
    for argument in arguments:
        path = Path(argument)
        content.update(path.read_bytes() if path.is_file() else argument.encode())
    return content.hexdigest()[:12]


@contextlib.contextmanager
def _locked(venv: Path) -> Iterator[None]:
    """Holds the lock of `venv`: several clones may need the same one in the cache at a time."""
    cache_dir().mkdir(parents=True, exist_ok=True)
    with (cache_dir() / f"venv-{digest(str(venv))}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure(venv: Path, title: str, *arguments: str) -> Path:
    """Returns the interpreter of `venv`. Installs it by `uv pip install <arguments>` if the
    arguments, or a file that they name, have changed. An environment outside of the cache consists
    of hard links to one in the cache, which all clones share."""
    python = venv / "bin" / "python"
    wanted = digest(*_INSTALL, *arguments)
    stamp = venv / ".slipway-stamp"

    def is_current() -> bool:
        return python.is_file() and stamp.is_file() and stamp.read_text() == wanted

    if is_current():
        return python
    shared = None if venv.is_relative_to(cache_dir()) else cache_dir() / f"venv-{wanted}"
    if shared:
        ensure(shared, title, *arguments)
    with step(f"Python environment: {title}"), _locked(venv):
        if is_current():  # another clone installed it in the meantime
            return python
        stamp.unlink(missing_ok=True)
        # From scratch: installing over it would neither compile nor remove what it has.
        if shared:
            shutil.rmtree(venv, ignore_errors=True)
            shutil.copytree(shared, venv, symlinks=True, copy_function=_link)
        else:
            _run([uv(), *_VENV, "--python", sys.executable, str(venv)])
            _run([uv(), *_INSTALL, "--python", str(python), *arguments])
        stamp.write_text(wanted)
    return python


def _link(source: str, target: str) -> None:
    """Hard-links a file of a package if both paths are on one file system: installers replace such
    files and do not change them. Copies all others, which `python -m venv` overwrites."""
    if "site-packages" in source:
        with contextlib.suppress(OSError):
            os.link(source, target)
            return
    shutil.copy2(source, target)


def local_python() -> Path:
    """The environment of `local` and the plugin stand-ins: in the cache, one a set of pins."""
    requirements = str(Path(__file__).parent / "plugins" / "requirements.txt")
    venv = cache_dir() / f"venv-{digest(*_INSTALL, requirements)}"
    return ensure(venv, "local tools", "--no-deps", "-r", requirements)


def program_python(clone: Clone) -> Path:
    """The program's environment with the tools that check and test it, without the clouds' SDKs."""
    lines = (clone.root / "requirements.txt").read_text().splitlines()
    wanted = [each for each in lines if each.partition("==")[0] not in ("", *_CLOUD_SDKS)]
    pins = [each for each in wanted if not each.startswith("#")]
    files = ["-r", str(clone.root / "requirements-dev.txt")]
    files += ["-c", str(clone.root / "constraints.txt")]
    return ensure(clone.venv, "program", *pins, *files)


def clouds_python(clone: Clone) -> Path:
    """The program's environment with every cloud's SDK, in the cache, for tests and mypy."""
    names = ("requirements.txt", "requirements-ack.txt", "requirements-dev.txt")
    files = [part for name in names for part in ("-r", str(clone.root / name))]
    files += ["-c", str(clone.root / "constraints.txt")]
    venv = cache_dir() / f"venv-clouds-{digest(*_INSTALL, *files)}"
    return ensure(venv, "program, with the clouds", *files)


def client_python(clone: Clone) -> Path:
    """The client's environment. Its requirements are a full closure, installed with --no-deps."""
    requirements = str(clone.root / "client" / "requirements.txt")
    return ensure(clone.client_venv, "client", "--no-deps", "-r", requirements)


def policy_python(clone: Clone) -> Path:
    """The policy pack's environment, at the path in PulumiPolicy.yaml. Its requirements are a full
    closure, installed with --no-deps."""
    requirements = str(clone.root / "policy" / "requirements.txt")
    return ensure(clone.policy_venv, "policies", "--no-deps", "-r", requirements)


def enter(arguments: list[str]) -> None:
    """Replace this process by one that runs in `local_python()`, unless it runs there already."""
    if sys.version_info < MINIMUM:
        raise BootstrapError(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    python = local_python()
    if Path(sys.prefix) != python.parent.parent:
        os.execv(python, [str(python), "-m", "local", *arguments])
