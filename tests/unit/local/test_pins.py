"""Programs that are built in one run share what is compiled: their modules have the same versions.
The README names the version of the Kubernetes plugin."""

from __future__ import annotations

import re
from pathlib import Path

from local.plugins import install
from local.toolchain.gobuild import MODULES
from local.toolchain.pins import PULUMI_KUBERNETES

#: The plugin does not compile with this engine's packages, which have another schema type; and it
#: does not use the clipboard, which the engine replaces.
_ITS_OWN = {
    "github.com/pulumi/pulumi/pkg/v3",
    "github.com/pulumi/pulumi/sdk/v3",
    "github.com/atotto/clipboard",
}


def versions(module: str) -> dict[str, str]:
    """Module → version, of everything that the one under `go/<module>` requires."""
    text = (MODULES / module / "go.mod").read_text()
    lines = re.findall(r"(?m)^(?:require|\t)\s*([\w./~-]+) (v\S+)", text)
    replaced = re.findall(r"(?m)^\t?(?:replace )?(\S+) => \S+ (v\S+)$", text)
    return dict(lines) | dict(replaced)


def test_the_kubernetes_plugin_is_built_of_the_versions_of_the_engine_and_kubernetes() -> None:
    plugin, core = versions("pulumi-kubernetes"), versions("core")
    shared = plugin.keys() & core.keys() - _ITS_OWN
    assert len(shared) > 150
    assert {name: (plugin[name], core[name]) for name in shared if plugin[name] != core[name]} == {}


def test_the_readme_names_the_plugin_s_version_here_and_the_one_that_the_sdk_asks_for() -> None:
    text = Path("README.md").read_text()
    for version in (PULUMI_KUBERNETES, f"v{install.version('kubernetes')}"):
        assert version in text
    assert f"but has {PULUMI_KUBERNETES.removeprefix('v')}`" in text
