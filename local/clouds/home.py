"""An engine home in which the clouds are simulated, and the environment to use it by."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from local.clouds import ACCOUNT, SIMULATED
from local.clouds.clouds import CLOUDS
from local.clouds.credentials import PROGRAMS
from local.clouds.sdk import Sdk
from local.plugins.install import write_wrapper

#: What the clouds' own SDKs and programs take credentials from: none of it belongs here.
_CREDENTIALS = ("AWS_", "GOOGLE_", "CLOUDSDK_", "GCLOUD_", "ALICLOUD_", "ALIBABA_", "ALIYUN_")


def make(home: Path, python: Path, packages: Path, others: Iterable[Path]) -> None:
    """Makes `home` anew: a simulated plugin for each cloud whose SDK is in `packages`, run by
    `python`, links to the plugins `others` (their directories), and the programs that clusters'
    credentials come from in `home/bin`."""
    shutil.rmtree(home, ignore_errors=True)
    plugins = home / "plugins"
    plugins.mkdir(parents=True)
    for other in others:
        (plugins / other.name).symlink_to(other.resolve())
    for name in CLOUDS:
        try:
            version = Sdk(packages, name).version
        except FileNotFoundError:  # nor can a program ask for this cloud
            continue
        directory = plugins / f"resource-{name}-v{version}"
        directory.mkdir()
        write_wrapper(
            directory / f"pulumi-resource-{name}",
            python,
            "local.clouds",
            f"--cloud={name}",
            f"--sdk={packages}",
        )
    (home / "bin").mkdir()
    for program in PROGRAMS:
        write_wrapper(home / "bin" / program, python, "local.clouds.credentials", program)


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
