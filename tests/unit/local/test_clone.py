"""The names and the environment variables of a clone."""

from __future__ import annotations

import shlex
from pathlib import Path

from local.cluster.spec import Network, volume_directory
from local.environment import exports, record_substitutes, variables
from local.paths import Clone


def test_two_clones_never_share_a_cluster_a_state_or_an_engine_home(tmp_path: Path) -> None:
    one, two = Clone(tmp_path / "one"), Clone(tmp_path / "two")
    assert one.cluster_name != two.cluster_name
    for key in ("PULUMI_HOME", "PULUMI_BACKEND_URL", "KUBECONFIG", "PATH"):
        assert variables(one)[key] != variables(two)[key], key


def test_the_cluster_of_a_clone_keeps_its_name(tmp_path: Path) -> None:
    assert Clone(tmp_path).cluster_name == Clone(tmp_path).cluster_name
    assert len(Clone(tmp_path).cluster_name) <= 63


def test_exports_are_quoted_for_a_shell(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "it's a $HOME")
    line = next(line for line in exports(clone).splitlines() if "KUBECONFIG" in line)
    assert shlex.split(line)[1] == f"KUBECONFIG={clone.kubeconfig}"


def test_the_engine_looks_for_plugins_on_the_network_unless_a_stand_in_is_used(
    tmp_path: Path,
) -> None:
    clone = Clone(tmp_path)
    clone.pulumi_home.mkdir(parents=True)
    switch = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
    assert switch not in variables(clone)
    record_substitutes(clone, {"tls": "a stand-in"})
    assert variables(clone)[switch] == "true"
    record_substitutes(clone, {})
    assert switch not in variables(clone)


def test_the_addresses_of_load_balancers_are_neither_the_machines_nor_the_nodes() -> None:
    network = Network(7)
    addresses = network.load_balancer_ips
    assert len(addresses) == len(set(addresses)) == 127
    assert not {network.host_ip, network.node_ip} & set(addresses)
    assert all(address.startswith("10.213.7.") for address in addresses)


def test_a_new_claim_of_the_same_name_has_the_same_directory() -> None:
    assert volume_directory("dev-1", "models", "models") == volume_directory(
        "dev-1", "models", "models"
    )
