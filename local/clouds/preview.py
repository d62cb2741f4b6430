"""`make preview`: previews a stack with the real engine and a simulated cloud."""

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
    """The preview failed. The engine's output or the message has the reason."""


def preview(clone: Clone, stack: str, *arguments: str) -> None:
    """Previews `stack`, `Pulumi.<stack>.yaml`, with the policy pack. `arguments` are passed to
    `pulumi preview`. The preview goes to stdout. Everything else goes to stderr, first a line that
    it is simulated.

    Existing state is neither used nor changed: state, Pulumi home and program are copies that are
    made for each preview.
    """
    say(f"simulated: {stack} is previewed without its cloud, credentials or a cluster")
    file = clone.root / f"Pulumi.{stack}.yaml"
    if not file.exists():
        stacks = sorted(path.name.split(".")[1] for path in clone.root.glob("Pulumi.*.yaml"))
        raise PreviewError(f"there is no {file.name}: expected one of {', '.join(stacks)}")
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
    """The program in a directory of its own, since Pulumi writes to the stack file, and the program
    needs a virtual environment with the clouds' SDKs."""
    program = clone.simulated / "program"
    program.mkdir(parents=True)
    for name in _FILES:
        (program / name).symlink_to(clone.root / name)
    shutil.copyfile(file, program / file.name)
    (program / ".venv").symlink_to(python.parents[1])
    return program
