"""`make lint`: ruff, mypy, and the linters of GitHub workflows."""

from __future__ import annotations

import subprocess
from pathlib import Path

from local import bootstrap, paths, prepare
from local.errors import LocalError
from local.paths import Clone
from local.progress import say
from local.suites import CLIENT, IMAGES, LOCAL

_PROGRAM = ("components", "why", "__main__.py")
_POLICY = ("policy/__main__.py", "policy/rules")


class LintError(LocalError):
    """A linter found something; its output is printed above."""


def lint(clone: Clone) -> None:
    """ruff over everything, mypy --strict over the program, the client and `local`, actionlint and
    zizmor over the GitHub workflows."""
    program = bootstrap.clouds_python(clone)
    actionlint = prepare.toolbox().ensure(["actionlint"])["actionlint"].path
    failed = False
    # `local/images` has an environment of its own: mypy follows imports of it here, and checks it
    # there.
    everything_but_images = [
        f"local/{part}" for part in ("clouds", "cluster", "plugins", "toolchain")
    ] + ["local/__main__.py"]
    for command in (
        ["ruff", "format", "--check", "."],
        ["ruff", "check", "."],
        ["mypy", "--python-executable", str(program), *_PROGRAM, _contracts(clone, program)],
        ["mypy", "--python-executable", str(bootstrap.policy_python(clone)), *_POLICY],
        ["mypy", "--python-executable", str(CLIENT(clone)), "client"],
        ["mypy", "--python-executable", str(LOCAL(clone)), *everything_but_images],
        ["mypy", "--python-executable", str(IMAGES(clone)), "local/images"],
        # Neither asks shellcheck nor GitHub, so that the answer is the same on every machine.
        ["actionlint", "-shellcheck=", "-pyflakes="],
        ["zizmor", "--offline", "--quiet", "--persona=pedantic", ".github"],
    ):
        say(f"── {' '.join(part for part in command if not part.startswith('/'))}")
        directory = actionlint.parent if command[0] == "actionlint" else program.parent
        path = [str(directory / command[0]), *command[1:]]
        if command[0] == "mypy":
            # One cache an environment, since mypy takes stale results from another's; shared by
            # all clones, since reading the clouds' SDKs takes minutes.
            cache = paths.cache_dir() / "mypy" / Path(command[2]).parts[-3]
            path.append(f"--cache-dir={cache}")
        failed |= bool(subprocess.run(path, cwd=clone.root, check=False).returncode)
    if failed:
        raise LintError("lint found something")


def _contracts(clone: Clone, program: Path) -> str:
    """A file that type-checks where every registered class keeps its contract."""
    printed = subprocess.run(
        [str(program), "-m", "components.registry"],
        cwd=clone.root,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    path = clone.root / ".slipway" / "registry_contracts.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(printed)
    return str(path.relative_to(clone.root))
