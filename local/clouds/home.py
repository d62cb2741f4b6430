"""A Pulumi home with the plugins of the simulated clouds, and the environment that selects it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from local.clouds import ACCOUNT, SIMULATED
from local.clouds.clouds import CLOUDS
from local.clouds.credentials import PROGRAMS
from local.clouds.sdk import Sdk
from local.plugins import install as stand_in
from local.toolchain.plugins import NAMES, installed

#: The prefixes of variables from which the clouds' SDKs and programs take credentials. Simulations
#: get none of them.
_CREDENTIALS = ("AWS_", "GOOGLE_", "CLOUDSDK_", "GCLOUD_", "ALICLOUD_", "ALIBABA_", "ALIYUN_")


def make(home: Path, python: Path, packages: Path, others: Path) -> None:
    """Replaces `home` with a new Pulumi home: a simulated plugin, run by `python`, for each cloud
    whose SDK is in `packages`; the plugins for Kubernetes and TLS, from the Pulumi home `others` or
    from PATH; and in `home/bin` the stand-ins for the clouds' login programs."""
    shutil.rmtree(home, ignore_errors=True)
    plugins = home / "plugins"
    plugins.mkdir(parents=True)
    for name in NAMES:
        if directory := installed(others, name):
            plugin, files = directory.name, [*directory.iterdir()]
        else:
            on_path = shutil.which(f"pulumi-resource-{name}")
            plugin = f"resource-{name}-v{stand_in.version(name)}"
            files = [Path(on_path)] if on_path else []
        (plugins / plugin).mkdir()  # not a link to the directory: the engine ignores links
        for file in files:
            (plugins / plugin / file.name).symlink_to(file.resolve())
    for name in CLOUDS:
        try:
            version = Sdk(packages, name).version
        except FileNotFoundError:  # without the SDK no program can use this cloud
            continue
        directory = plugins / f"resource-{name}-v{version}"
        directory.mkdir()
        stand_in.write_wrapper(
            directory / f"pulumi-resource-{name}",
            python,
            "local.clouds",
            f"--cloud={name}",
            f"--sdk={packages}",
        )
    (home / "bin").mkdir()
    for program in PROGRAMS:
        stand_in.write_wrapper(home / "bin" / program, python, "local.clouds.credentials", program)


def variables(home: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The variables `given` without credentials, and those that make the engine use only `home`."""
    kept = {
        key: value
        for key, value in given.items()
        if not key.startswith(_CREDENTIALS) and key != ACCOUNT
    }
    return {
        **kept,
        SIMULATED: "1",
        "PULUMI_HOME": str(home),
        # Otherwise a cloud's plugin on PATH would have precedence.
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PATH": f"{home / 'bin'}{os.pathsep}{given.get('PATH', os.defpath)}",
    }
