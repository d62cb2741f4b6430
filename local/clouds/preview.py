"""`make preview`: what a stack would make in its cloud, by the real engine and a simulated cloud."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from local import bootstrap, prepare
from local.clouds import home
from local.errors import LocalError
from local.paths import PASSPHRASE, Clone
from local.progress import say

_FILES = ("Pulumi.yaml", "__main__.py", "components", "why")


class PreviewError(LocalError):
    """There is no preview; what the engine printed stands above, or the message says why."""


def preview(clone: Clone, stack: str, *arguments: str) -> None:
    """Preview `stack`, `Pulumi.<stack>.yaml`, and ask the policy pack; `arguments` go to
    `pulumi preview`. The preview is on stdout and everything else on stderr, the first line that
    it is simulated.

    Nothing that is here is used or changed: the state, the engine home and the copy of the program
    are made anew each time.
    """
    say(f"simulated: {stack} is previewed without its cloud, credentials or a cluster")
    file = clone.root / f"Pulumi.{stack}.yaml"
    if not file.exists():
        there = sorted(path.name.split(".")[1] for path in clone.root.glob("Pulumi.*.yaml"))
        raise PreviewError(f"there is no {file.name}: expected one of {', '.join(there)}")
    with prepare.only_run(clone):
        box = prepare.toolbox()
        prepare.programs(clone, box, ("pulumi",))
        prepare.plugin_set(clone, box)
        python = bootstrap.clouds_python(clone)
        bootstrap.policy_python(clone)
        policies = ("--policy-pack", str(clone.root / "policy"))
        shutil.rmtree(clone.simulated, ignore_errors=True)
        program = _copy(clone, file, python)
        (packages,) = (python.parents[1] / "lib").glob("python3.*/site-packages")
        home.make(clone.simulated / "home", Path(sys.executable), packages, clone.pulumi_home)
        state = clone.simulated / "state"
        state.mkdir()
        environment = {
            **home.variables(clone.simulated / "home", prepare.engine_environment(clone)),
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "KUBECONFIG": str(clone.simulated / "no-kubeconfig"),
        }
        for command in (("stack", "init"), ("preview", *policies, *arguments)):
            done = subprocess.run(
                ["pulumi", *command, "--stack", stack, "--non-interactive"],
                cwd=program,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=None if command[0] == "preview" else 2,
                check=False,
            )
            if done.returncode:
                raise PreviewError(f"`pulumi {command[0]}` failed ({done.returncode})")


def _copy(clone: Clone, file: Path, python: Path) -> Path:
    """The program in a directory of its own: Pulumi writes into the stack's file, and the
    environment is one that has the clouds' SDKs."""
    program = clone.simulated / "program"
    program.mkdir(parents=True)
    for name in _FILES:
        (program / name).symlink_to(clone.root / name)
    shutil.copyfile(file, program / file.name)
    (program / ".venv").symlink_to(python.parents[1])
    return program
