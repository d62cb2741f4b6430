"""The modules of programs that are built in one run have equal versions, so that each package is
compiled once. The README names the version of the Kubernetes plugin."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.plugins import install
from local.toolchain.gobuild import MODULES
from local.toolchain.pins import KUBERNETES, PULUMI_KUBERNETES

#: Module → packages of which it needs another version than `core`.
_EXCEPTIONS = {
    # The plugin does not compile with this engine's packages, which have another schema type. It
    # does not use the clipboard, which the engine replaces.
    "pulumi-kubernetes": {
        "github.com/pulumi/pulumi/pkg/v3",
        "github.com/pulumi/pulumi/sdk/v3",
        "github.com/atotto/clipboard",
    },
    # containerd does not compile with this Kubernetes' CRI, nor the kubelet with a later one.
    "containerd": {"k8s.io/cri-api", "k8s.io/cri-streaming", "k8s.io/streaming"},
}


def versions(module: str) -> dict[str, str]:
    """Package → version, of everything that the module under `go/<module>` requires."""
    text = (MODULES / module / "go.mod").read_text()
    required = re.findall(r"(?m)^(?:require|\t)\s*([\w./~-]+) (v\S+)", text)
    replaced = re.findall(r"(?m)^\t?(?:replace )?(\S+) => \S+ (v\S+)$", text)
    return dict(required) | dict(replaced)


@pytest.mark.parametrize(("module", "least"), [("pulumi-kubernetes", 150), ("containerd", 50)])
def test_modules_that_up_builds_have_the_versions_of_the_engine_and_kubernetes(
    module: str, least: int
) -> None:
    other, core = versions(module), versions("core")
    shared = other.keys() & core.keys() - _EXCEPTIONS[module]
    assert len(shared) > least
    assert {name: (other[name], core[name]) for name in shared if other[name] != core[name]} == {}


def test_the_kubelet_has_the_cri_of_its_own_kubernetes() -> None:
    staging = KUBERNETES.replace("v1.", "v0.")
    core = versions("core")
    assert {name: core[name] for name in core if name.startswith("k8s.io/cri-")} == {
        f"k8s.io/cri-{part}": staging for part in ("api", "client", "streaming")
    }


def test_the_readme_names_the_plugins_built_version_and_the_one_that_the_sdk_requires() -> None:
    text = Path("README.md").read_text()
    for version in (PULUMI_KUBERNETES, f"v{install.version('kubernetes')}"):
        assert version in text
    assert f"but has {PULUMI_KUBERNETES.removeprefix('v')}`" in text
