"""The directories of the clouds have the same files, with the same classes and functions by role."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3] / "components" / "clusters"
#: Each cloud's prefix of class names, and its Pulumi package.
CLOUDS = {"ack": ("Ack", "alicloud"), "eks": ("Eks", "aws"), "gke": ("Gke", "gcp")}
#: What each file of a cloud defines: classes, functions, constants, and attributes of classes.
ROLES = {
    "cluster.py": ("{Kind}Cluster", "{Kind}Cluster.identity", "{Kind}Cluster.publish"),
    "control_plane.py": ("ControlPlane", "ControlPlane.cluster", "ControlPlane.name"),
    "dns.py": ("Record",),
    "encryption.py": ("Encryption", "Encryption.key"),
    "identifiers.py": (),
    "identity.py": ("bucket_identity",),
    "kubeconfig.py": ("kubeconfig",),
    "logs.py": (),
    "machines.py": ("gpus",),
    "network.py": ("Network",),
    "node_pool_options.py": ("{Kind}NodePool",),
    "node_pools.py": ("NodePools", "NodePools.ready"),
    "options.py": ("{Kind}Options",),
    "provider.py": ("{package}_provider",),
    "provider_keys.py": ("{PACKAGE}", "{PACKAGE}_REMOTE", "login_arguments"),
    "registry.py": ("Registry",),
    "remote_identity.py": ("{Kind}RemoteIdentity", "{Kind}RemoteIdentity.identity"),
    "storage.py": ("Storage", "Storage.disk_class", "Storage.shared_class"),
    "versions.py": ("MINORS", "DEFAULT_MINOR"),
    "vpc_options.py": ("{Kind}CreateVpc", "{Kind}ExistingVpc"),
}


def _definitions(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    """The names that statements define, with those in classes as `Class.name`."""
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield f"{prefix}{node.name}"
        if isinstance(node, ast.ClassDef):
            yield from _definitions(node.body, f"{node.name}.")
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (f"{prefix}{ast.unparse(each)}" for each in targets)


@pytest.mark.parametrize("file", ROLES)
@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_file_of_a_cloud_defines_what_it_does_in_the_others(cloud: str, file: str) -> None:
    kind, package = CLOUDS[cloud]
    defined = set(_definitions(ast.parse((ROOT / cloud / file).read_text()).body))
    names = {
        each.format(Kind=kind, package=package, PACKAGE=package.upper()) for each in ROLES[file]
    }
    assert names - defined == set()


def test_a_file_that_all_clouds_have_is_a_role() -> None:
    files = [{path.name for path in (ROOT / cloud).glob("*.py")} for cloud in CLOUDS]
    assert set.intersection(*files) - {"__init__.py"} == ROLES.keys()
