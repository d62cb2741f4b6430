"""Provides what a cluster and `pulumi up` need: programs, environments, plugins and images."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from local import bootstrap, paths
from local.cluster.spec import ClusterSpec
from local.environment import variables
from local.images import build as images
from local.images import recipes
from local.images.workshop import Recipe
from local.paths import STACK, Clone
from local.plugins import install as stand_in
from local.progress import say
from local.toolchain import pins, plugins
from local.toolchain.tools import Tool, Toolbox

#: Images that the node itself runs; the program does not name them.
PAUSE_IMAGE = f"slipway.local/pause:{pins.PAUSE}"
DNS_IMAGE = f"slipway.local/coredns/coredns:{pins.COREDNS}"

NODE_PROGRAMS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "containerd",
    "containerd-shim-runc-v2",
    "ctr",
    "runc",
)


@contextlib.contextmanager
def only_run(clone: Clone) -> Iterator[None]:
    """Hold the clone's lock: one `make up` or `make down` at a time."""
    # The state's passphrase is public, so only the owner may read the directory.
    clone.state.mkdir(mode=0o700, exist_ok=True)
    clone.state.chmod(0o700)
    with (clone.state / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("  ... another command is at work in this clone, waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def toolbox() -> Toolbox:
    return Toolbox(paths.cache_dir())


def programs(clone: Clone, box: Toolbox, names: tuple[str, ...]) -> dict[str, Tool]:
    """Provide the programs `names`, and link those that a user calls into the clone's `bin`."""
    plugin = plugins.to_build(clone, box.downloads) if "pulumi" in names else ()
    tools = box.ensure((*names, *plugin))
    clone.bin.mkdir(parents=True, exist_ok=True)
    for name in ("pulumi", "kubectl", "helm"):
        if name in tools:
            _link(clone.bin / name, tools[name].path)
    host = clone.bin / "pulumi-language-python"
    if "pulumi" in tools and tools["pulumi"].origin != "build":
        host.unlink(missing_ok=True)
    elif "pulumi" in tools:
        # A downloaded engine has its language host beside it, a built one gets ours. The engine
        # looks beside its own file first, so that file is in the clone and not a symbolic link.
        _own_file(clone.bin / "pulumi", tools["pulumi"].path)
        stand_in.language_host(clone.bin, Path(sys.executable))
    # Without the plugin: Pulumi warns at each command of a plugin on PATH.
    return {name: tools[name] for name in names}


def _link(link: Path, target: Path) -> None:
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.symlink_to(target)
    fresh.replace(link)


def _own_file(path: Path, source: Path) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        os.link(source, fresh)
    except OSError:  # another file system
        shutil.copy2(source, fresh)
    fresh.replace(path)


def plugin_set(clone: Clone, box: Toolbox) -> None:
    """Provide the engine's plugins; print which ones are not the version that the SDK requires."""
    mode = os.environ.get("SLIPWAY_PLUGINS", "auto")
    for name, substitute in plugins.ensure(clone, Path(sys.executable), box, mode).items():
        say(
            f"✓ plugin {name}: {substitute}; the SDK asks for v{stand_in.version(name)}, which "
            "cannot be downloaded here"
        )


def environments(clone: Clone) -> None:
    bootstrap.program_python(clone)
    bootstrap.client_python(clone)


def stack_images(clone: Clone) -> list[Recipe]:
    """The images that the node and the dev stack's present file need."""
    try:
        stack = yaml.safe_load((clone.root / f"Pulumi.{STACK}.yaml").read_text())
        return recipes.needed_by(stack["config"])
    except (OSError, yaml.YAMLError, KeyError, TypeError):  # the engine reports it better
        return [*recipes.ALWAYS]


def image_archives(box: Toolbox, wanted: Sequence[Recipe]) -> list[str]:
    """The archives of the images `wanted`; first provides the programs that they contain."""
    programs = box.ensure(recipe.program for recipe in wanted if recipe.program)
    binaries = {name: tool.path for name, tool in programs.items()}
    archives = images.ensure(
        wanted, box.cache, Path(sys.executable), binaries=binaries, progress=say
    )
    return [str(path) for path in archives]


def cluster_spec(
    name: str, index: int, box: Toolbox, tools: dict[str, Tool], archives: list[str]
) -> ClusterSpec:
    """The description of a cluster made of these programs and images."""
    etcd, nft, cni = (box.debian(part) for part in ("etcd", "nft", "cni"))
    executables = {program: str(tools[program].path) for program in NODE_PROGRAMS}
    executables["etcd"] = str(etcd / "usr" / "bin" / "etcd")
    executables["nft"] = str(nft / "usr" / "sbin" / "nft")
    directories = sorted({str(path.parent) for path in nft.rglob("lib*.so.*")})
    return ClusterSpec(
        name=name,
        index=index,
        programs=executables,
        libraries={"nft": ":".join(directories)},
        cni_directory=str(cni / "usr" / "lib" / "cni"),
        images=archives,
        pause_image=PAUSE_IMAGE,
        dns_image=DNS_IMAGE,
    )


def engine_environment(clone: Clone) -> dict[str, str]:
    """This process's environment, overridden by the clone's variables."""
    return {**os.environ, **variables(clone)}
