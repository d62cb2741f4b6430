"""An engine home in which the clouds are simulated, and the environment to use it by."""

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

#: What the clouds' own SDKs and programs take credentials from: none of it belongs here.
_CREDENTIALS = ("AWS_", "GOOGLE_", "CLOUDSDK_", "GCLOUD_", "ALICLOUD_", "ALIBABA_", "ALIYUN_")


def make(home: Path, python: Path, packages: Path, others: Path) -> None:
    """Makes `home` anew: a simulated plugin for each cloud whose SDK is in `packages`, run by
    `python`, the plugins for Kubernetes and TLS out of the engine home `others` or from PATH, and
    the programs that clusters' credentials come from in `home/bin`."""
    shutil.rmtree(home, ignore_errors=True)
    plugins = home / "plugins"
    plugins.mkdir(parents=True)
    for name in NAMES:
        if directory := installed(others, name):
            called, found = directory.name, [*directory.iterdir()]
        else:
            on_path = shutil.which(f"pulumi-resource-{name}")
            called = f"resource-{name}-v{stand_in.version(name)}"
            found = [Path(on_path)] if on_path else []
        (plugins / called).mkdir()  # the engine overlooks a directory that is a link
        for file in found:
            (plugins / called / file.name).symlink_to(file.resolve())
    for name in CLOUDS:
        try:
            version = Sdk(packages, name).version
        except FileNotFoundError:  # nor can a program ask for this cloud
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
    """`given` without credentials, and with what makes the engine use `home` and nothing else."""
    kept = {
        key: value
        for key, value in given.items()
        if not key.startswith(_CREDENTIALS) and key != ACCOUNT
    }
    return {
        **kept,
        SIMULATED: "1",
        "PULUMI_HOME": str(home),
        # A cloud's plugin on PATH would be taken before the one in the home.
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PATH": f"{home / 'bin'}{os.pathsep}{given.get('PATH', os.defpath)}",
    }
