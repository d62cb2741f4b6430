"""`make up` and `make down`: from a bare machine to a prediction, and back to a bare machine."""

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
from local.toolchain.pins import FOR_UP

#: What `make up` asks the model in the end.
MODEL, VALUES = "half_plus_two", ("1", "2", "5")
#: The extension of the kubeconfig's cluster that says which images pods can run.
NODE_IMAGES = "slipway/node-images"
#: Seconds that a gateway may take to serve a route that it has accepted.
ROUTE_TIMEOUT = 20.0
#: The claim of the dev stack that `models/` is put behind (namespace, name).
CLAIM = ("models", "models")


class UpError(LocalError):
    """A step failed; what it printed stands above, the message says which it was."""


def up(clone: Clone) -> None:
    """Tools, images, a cluster, the stack, and a prediction on stdout. Each step that is done
    already takes no time, and an interrupted one goes on where it was."""
    with prepare.only_run(clone):
        cluster.require_abilities()
        box = prepare.toolbox()
        tools = prepare.programs(clone, box, FOR_UP)
        prepare.environments(clone)
        prepare.plugin_set(clone, box.downloads)
        archives = prepare.image_archives(box, prepare.stack_images(clone))
        environment = prepare.engine_environment(clone)
        if not cluster.is_running(clone.cluster_name) or stack.broken(clone):
            # The objects in an older cluster's state went with that cluster.
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
        put_models(clone)
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
    """Remove what this clone keeps: its environments and its state."""
    with prepare.only_run(clone):
        if cluster.is_running(clone.cluster_name):
            raise UpError("the dev stack is up: `make down` first")
        cluster.stop(clone.cluster_name)
        for directory in (clone.state, clone.venv, clone.client_venv, clone.policy_venv):
            shutil.rmtree(directory, ignore_errors=True)
    say(f"✓ removed; tools and images stay in {paths.cache_dir()}")


def ready(clone: Clone) -> dict[str, str]:
    """The environment to work on the dev stack in. Raises `UpError` before the first `make up`."""
    if not (clone.bin / "pulumi").exists() or not clone.client_venv.exists():
        raise UpError("nothing is set up yet: run `make up` (or `make tools`) first")
    return prepare.engine_environment(clone)


def run_client(clone: Clone, environment: Mapping[str, str], *arguments: str) -> None:
    python = str(clone.client_venv / "bin" / "python")
    command = [python, "-m", "client", *arguments]
    if subprocess.run(command, cwd=clone.root, env=environment, check=False).returncode:
        raise UpError(f"`python -m client {' '.join(arguments)}` failed")


def images(clone: Clone, names: Sequence[str]) -> list[str]:
    """Pull or build the images named, put them on the node if a cluster is running, and return
    the names that pods call them by."""
    wanted = [recipes.named(name) for name in names]
    with prepare.only_run(clone):
        archives = prepare.image_archives(prepare.toolbox(), wanted)
        if cluster.is_running(clone.cluster_name):
            cluster.import_new_images(clone.cluster_name, archives)
            _write_kubeconfig(clone)
    return [recipe.name for recipe in wanted]


def _first_answer(clone: Clone, environment: Mapping[str, str], protocol: str) -> str:
    """What the model answers, asked again for as long as the gateway may take to load the route:
    an Ingress counts as ready when it has an address, which is a moment before it serves."""
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
            raise UpError(
                f"no answer over {protocol} within {ROUTE_TIMEOUT:.0f} s; the last one was:\n"
                + done.stderr.strip()
            )


def put_models(clone: Clone) -> None:
    """Copy `models/` into the volume of the dev stack's claim. Files that differ are replaced
    and none is removed, so that versions added by hand stay."""
    volume = volume_directory(clone.cluster_name, *CLAIM)
    volume.mkdir(parents=True, exist_ok=True)
    coming = volume / ".coming"
    shutil.rmtree(coming, ignore_errors=True)  # of a run that was killed
    coming.unlink(missing_ok=True)
    _put(clone.models, volume, coming)


def _put(source: Path, target: Path, coming: Path) -> None:
    """A model server may be looking: a file that is new appears whole, and so does a directory.
    `coming` is in the same file system, where no server looks."""
    if source.is_dir() and target.is_dir():
        for inside in sorted(source.iterdir()):
            _put(inside, target / inside.name, coming)
        return
    if source.is_dir():
        shutil.copytree(source, coming)
    elif target.exists() and target.read_bytes() == source.read_bytes():
        return
    else:
        shutil.copyfile(source, coming)
    coming.replace(target)


def _write_kubeconfig(clone: Clone) -> None:
    """With the images of the node: it reaches no registry, so a stack that needs others is refused
    by the program."""
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
