"""The Python environments, made with uv; only the standard library is needed to get here.

Kept apart: the program's (`.venv`), the client's (`.venv-client`), the policy pack's
(`policy/.venv`) and, shared by all clones, the one that `local` itself and the plugin stand-ins
run in. Their pins cannot be met together.
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
#: Compiled at once: where a user lets Python write no byte code, every run of the program would
#: compile 300 modules.
_INSTALL = ("pip", "install", "--quiet", "--compile-bytecode")
#: Its scripts find their interpreter wherever it is put.
_VENV = ("venv", "--quiet", "--clear", "--relocatable")
#: No stack on this machine uses them, and with them installed Pulumi's language host asks for
#: their plugins, hundreds of MB, whatever a stack uses.
_CLOUD_SDKS = ("pulumi-aws", "pulumi-gcp")


class BootstrapError(LocalError):
    """An environment cannot be made; the message holds what the installer said."""


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
        if home.exists():  # another run was faster
            shutil.rmtree(partial)
        else:
            partial.rename(home)
    return str(home / "bin" / "uv")


def digest(*arguments: str) -> str:
    """Twelve hexadecimal digits for this Python, the arguments, and the files that they name."""
    found = hashlib.sha256(sys.version.encode())
    for argument in arguments:
        path = Path(argument)
        found.update(path.read_bytes() if path.is_file() else argument.encode())
    return found.hexdigest()[:12]


@contextlib.contextmanager
def _alone(venv: Path) -> Iterator[None]:
    """Nobody else makes `venv` at the same time: clones share those in the cache."""
    cache_dir().mkdir(parents=True, exist_ok=True)
    with (cache_dir() / f"venv-{digest(str(venv))}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure(venv: Path, title: str, *arguments: str) -> Path:
    """The interpreter of `venv`, installed with `uv pip install <arguments>` when they, or a file
    that they name, have changed. One outside of the cache is made of links to the files of one in
    the cache, which all clones share."""
    python = venv / "bin" / "python"
    wanted = digest(*_INSTALL, *arguments)
    stamp = venv / ".slipway-stamp"

    def made() -> bool:
        return python.is_file() and stamp.is_file() and stamp.read_text() == wanted

    if made():
        return python
    shared = None if venv.is_relative_to(cache_dir()) else cache_dir() / f"venv-{wanted}"
    if shared:
        ensure(shared, title, *arguments)
    with step(f"Python environment: {title}"), _alone(venv):
        if made():  # by another clone, meanwhile
            return python
        stamp.unlink(missing_ok=True)
        # Anew: what is there already would neither be compiled nor taken out.
        if shared:
            shutil.rmtree(venv, ignore_errors=True)
            shutil.copytree(shared, venv, symlinks=True, copy_function=_link)
        else:
            _run([uv(), *_VENV, "--python", sys.executable, str(venv)])
            _run([uv(), *_INSTALL, "--python", str(python), *arguments])
        stamp.write_text(wanted)
    return python


def _link(source: str, target: str) -> None:
    """Of a package the same file, where both are on one file system: an installer puts a new one in
    its place and changes none. What `python -m venv` writes over is copied."""
    if "site-packages" in source:
        with contextlib.suppress(OSError):
            os.link(source, target)
            return
    shutil.copy2(source, target)


def local_python() -> Path:
    """The environment of `local` and the plugin stand-ins, one in the cache for each set of pins."""
    requirements = str(Path(__file__).parent / "plugins" / "requirements.txt")
    venv = cache_dir() / f"venv-{digest(*_INSTALL, requirements)}"
    return ensure(venv, "local tools", "--no-deps", "-r", requirements)


def program_python(clone: Clone) -> Path:
    """The program's environment, with the tools that check and test it, without clouds."""
    lines = (clone.root / "requirements.txt").read_text().splitlines()
    wanted = [each for each in lines if each.partition("==")[0] not in ("", *_CLOUD_SDKS)]
    pins = [each for each in wanted if not each.startswith("#")]
    files = ["-r", str(clone.root / "requirements-dev.txt")]
    files += ["-c", str(clone.root / "constraints.txt")]
    return ensure(clone.venv, "program", *pins, *files)


def clouds_python(clone: Clone) -> Path:
    """The program's environment with every cloud's SDK, in the cache: for the tests, and for
    mypy."""
    names = ("requirements.txt", "requirements-ack.txt", "requirements-dev.txt")
    files = [part for name in names for part in ("-r", str(clone.root / name))]
    files += ["-c", str(clone.root / "constraints.txt")]
    venv = cache_dir() / f"venv-clouds-{digest(*_INSTALL, *files)}"
    return ensure(venv, "program, with the clouds", *files)


def client_python(clone: Clone) -> Path:
    """The client's environment: a full closure, installed without looking for dependencies."""
    requirements = str(clone.root / "client" / "requirements.txt")
    return ensure(clone.client_venv, "client", "--no-deps", "-r", requirements)


def policy_python(clone: Clone) -> Path:
    """The policy pack's environment, where its PulumiPolicy.yaml says: a full closure."""
    requirements = str(clone.root / "policy" / "requirements.txt")
    return ensure(clone.policy_venv, "policies", "--no-deps", "-r", requirements)


def enter(arguments: list[str]) -> None:
    """Go on in `local_python()`, unless that is where this process runs already."""
    if sys.version_info < MINIMUM:
        raise BootstrapError(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    python = local_python()
    if Path(sys.prefix) != python.parent.parent:
        os.execv(python, [str(python), "-m", "local", *arguments])
