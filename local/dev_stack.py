"""`make up` and `make down`: start the dev stack on a bare machine, and remove it again."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from local import paths, prepare, stack
from local.cluster import certificates, cluster
from local.cluster.spec import volume_directory
from local.errors import LocalError
from local.images import recipes
from local.images.workshop import MIRROR
from local.paths import STACK, Clone
from local.progress import say, step
from local.toolchain.programs import FOR_UP

#: The model that `make up` calls at its end, and the values that it sends.
MODEL, VALUES = "half_plus_two", ("1", "2", "5")
#: The extension of the kubeconfig's cluster entry that lists the images that pods can run.
NODE_IMAGES = "slipway.dev/node-images"
#: Seconds for the gateway to serve a route after it has accepted the Ingress.
ROUTE_TIMEOUT = 20.0
#: Namespace and name of the dev stack's PersistentVolumeClaim for models.
CLAIM = ("models", "models")


class DevStackError(LocalError):
    """A step failed; the message names it, and its output is printed above."""


def up(clone: Clone) -> None:
    """Provide tools and images, start the cluster, deploy the stack, and print a prediction to
    stdout. A step that is done already takes no time; an interrupted one continues."""
    with prepare.only_run(clone):
        cluster.require_abilities()
        box = prepare.toolbox()
        tools = prepare.programs(clone, box, FOR_UP)
        prepare.environments(clone)
        prepare.plugin_set(clone, box)
        archives = prepare.image_archives(box, prepare.stack_images(clone))
        environment = prepare.engine_environment(clone)
        if not cluster.is_running(clone.cluster_name) or stack.broken(clone):
            # The state describes objects of an older cluster, which are gone.
            stack.forget(clone)
            with step("Kubernetes") as current:
                spec = cluster.start(
                    lambda index: prepare.cluster_spec(
                        clone.cluster_name, index, box, tools, archives
                    ),
                    clone.cluster_name,
                    current.note,
                )
                current.note(f"{spec.api_url}, logs in {spec.logs}")
        else:
            cluster.import_new_images(clone.cluster_name, archives)
        _write_kubeconfig(clone)
        copy_models(clone)
        stack.select(clone, environment)
        stack.pulumi(clone, environment, "up", "--yes", "--skip-preview", "--stack", STACK)
        for protocol in ("grpc", "rest"):
            answer = _first_answer(clone, environment, protocol)
            say(f"{MODEL} of {' '.join(VALUES)} over {protocol} through the gateway:")
            print(answer, flush=True)


def down(clone: Clone) -> None:
    """Destroy the stack, stop the cluster, remove the stack's state and the kubeconfig."""
    with prepare.only_run(clone):
        environment = prepare.engine_environment(clone)
        if (
            cluster.is_running(clone.cluster_name)
            and not stack.broken(clone)
            and stack.exists(clone)
        ):
            try:
                stack.recover(clone, environment)
                arguments = ("destroy", "--yes", "--skip-preview", "--stack", STACK)
                stack.pulumi(clone, environment, *arguments, timeout=stack.TIMEOUT)
            except stack.StackError as error:
                say(f"  {error}; what is left goes with the cluster")
        with step("Kubernetes stopped"):
            cluster.stop(clone.cluster_name)
        stack.forget(clone)
        clone.kubeconfig.unlink(missing_ok=True)


def clean(clone: Clone) -> None:
    """Remove this clone's environments and state."""
    with prepare.only_run(clone):
        if cluster.is_running(clone.cluster_name):
            raise DevStackError("the dev stack is up: `make down` first")
        cluster.stop(clone.cluster_name)
        for directory in (clone.state, clone.venv, clone.client_venv, clone.policy_venv):
            shutil.rmtree(directory, ignore_errors=True)
    say(f"✓ removed; tools and images stay in {paths.cache_dir()}")


def working_environment(clone: Clone) -> dict[str, str]:
    """The environment variables for commands on the dev stack. Raises `DevStackError` before the
    first `make up`."""
    if not (clone.bin / "pulumi").exists() or not clone.client_venv.exists():
        raise DevStackError("nothing is set up yet: run `make up` (or `make tools`) first")
    return prepare.engine_environment(clone)


def run_client(clone: Clone, environment: Mapping[str, str], *arguments: str) -> None:
    python = str(clone.client_venv / "bin" / "python")
    command = [python, "-m", "client", *arguments]
    if subprocess.run(command, cwd=clone.root, env=environment, check=False).returncode:
        raise DevStackError(f"`python -m client {' '.join(arguments)}` failed")


def images(clone: Clone, names: Sequence[str]) -> list[str]:
    """Pull or build the images `names`, import them into the node if the cluster is running, and
    return the names that pods use for them."""
    wanted = [recipes.named(name) for name in names]
    with prepare.only_run(clone):
        archives = prepare.image_archives(prepare.toolbox(), wanted)
        if cluster.is_running(clone.cluster_name):
            cluster.import_new_images(clone.cluster_name, archives)
            _write_kubeconfig(clone)
    return [recipe.name for recipe in wanted]


def _first_answer(clone: Clone, environment: Mapping[str, str], protocol: str) -> str:
    """The model's prediction. Repeats the call for up to `ROUTE_TIMEOUT`: an Ingress counts as
    ready when it has an address, which is a moment before the gateway serves its route."""
    python = str(clone.client_venv / "bin" / "python")
    command = [python, "-m", "client", "predict", MODEL, *VALUES, "--protocol", protocol]
    deadline = time.monotonic() + ROUTE_TIMEOUT
    while True:
        done = subprocess.run(
            [*command, "--stack", STACK],
            cwd=clone.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return done.stdout.strip()
        if time.monotonic() > deadline:
            raise DevStackError(
                f"no answer over {protocol} within {ROUTE_TIMEOUT:.0f} s; the last one was:\n"
                + done.stderr.strip()
            )


def copy_models(clone: Clone) -> None:
    """Copy `models/` into the volume of the dev stack's claim. Replaces files that differ and
    removes none, so that versions added by hand stay."""
    volume = volume_directory(clone.cluster_name, *CLAIM)
    volume.mkdir(parents=True, exist_ok=True)
    staging = volume / ".coming"
    shutil.rmtree(staging, ignore_errors=True)  # of a run that was killed
    staging.unlink(missing_ok=True)
    _copy_whole(clone.models, volume, staging)


def _copy_whole(source: Path, target: Path, staging: Path) -> None:
    """Copy so that a new file or directory appears at `target` with its whole content, since a
    model server may read there. No server reads `staging`, a path on the same file system."""
    if source.is_dir() and target.is_dir():
        for inside in sorted(source.iterdir()):
            _copy_whole(inside, target / inside.name, staging)
        return
    if source.is_dir():
        shutil.copytree(source, staging)
    elif target.exists() and target.read_bytes() == source.read_bytes():
        return
    else:
        shutil.copyfile(source, staging)
    staging.replace(target)


def _write_kubeconfig(clone: Clone) -> None:
    """Write the clone's kubeconfig, with a list of the node's images: the node reaches no registry,
    so the program refuses a stack that needs other images."""
    spec = cluster.running_spec(clone.cluster_name)
    images = {
        "mirror": MIRROR,
        "present": cluster.node_images(spec),
        "obtainable": sorted(recipe.name for recipe in recipes.FOR_STACKS),
    }
    fresh = clone.kubeconfig.with_name(".kubeconfig.part")
    fresh.touch(mode=0o600)
    fresh.write_text(certificates.kubeconfig(spec, "admin", {NODE_IMAGES: images}))
    fresh.replace(clone.kubeconfig)
