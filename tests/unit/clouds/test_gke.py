"""The resources of a cluster on GKE, their order and their permissions."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.kubernetes.object import UNTIL_ADDRESSED
from tests.unit.clouds.gke import pool, stack, up
from tests.unit.components.engine import ADDRESS, Recording, Resource
from tests.unit.components.environment import stack_file

ROOT = Path(__file__).parents[3]


def test_each_resource_is_made_after_those_that_it_needs(plain_gke: Recording) -> None:
    provider = plain_gke.one("kubernetes", "cluster-provider")
    pools = {"cluster-default", "cluster-gpu"}
    assert {*pools, "cluster-images-pull"} <= plain_gke.needs(provider)
    before = {"cluster-nat", "cluster-subnet", "cluster-key-secrets", "cluster-key-disks"}
    assert before <= plain_gke.needs(plain_gke.one("Cluster"))
    for each in pools:
        needed = {"cluster-control-plane", "cluster-nodes-role", *before}
        assert needed <= plain_gke.needs(plain_gke.one("NodePool", each))
    assert {"cluster-key-images", "cluster-control-plane"} <= plain_gke.needs(
        plain_gke.one("Repository")
    )


def test_a_network_is_made_or_an_existing_one_is_used(plain_gke: Recording) -> None:
    ranges = plain_gke.one("Subnetwork").inputs["secondaryIpRanges"]
    assert [each["ipCidrRange"] for each in ranges] == ["10.4.0.0/14", "172.20.0.0/16"]
    adopted = up(vpc=ADOPTED)
    assert not [each for each in adopted.resources if each.type.startswith("gcp:compute")]
    plane = adopted.one("Cluster").inputs
    assert (plane["network"], plane["subnetwork"]) == ("shared", "nodes")
    assert plane["ipAllocationPolicy"] == {
        "clusterSecondaryRangeName": "pod-range",
        "servicesSecondaryRangeName": "service-range",
    }


ADOPTED = {
    "kind": "existing",
    "network": "shared",
    "subnetwork": "nodes",
    "pods": "pod-range",
    "services": "service-range",
}


@pytest.mark.parametrize(("vpc", "loaded"), [({"kind": "create"}, True), (ADOPTED, False)])
def test_the_largest_part_of_the_sdk_is_loaded_only_to_make_a_network(
    vpc: dict[str, Any], loaded: bool
) -> None:
    program = (
        "import json, sys\n"
        "from tests.unit.clouds.gke import up\n"
        "up(vpc=json.loads(sys.argv[1]))\n"
        "print('pulumi_gcp.compute.network' in sys.modules)\n"
        "assert not {'pulumi_aws', 'pulumi_alicloud'} & sys.modules.keys()"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, json.dumps(vpc)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-1] == str(loaded)


def gateway_service(recording: Recording) -> Resource:
    (service,) = [
        each
        for each in recording.of("Service")
        if each.inputs["spec"].get("type") == "LoadBalancer"
    ]
    return service


def test_the_gateway_s_load_balancer_is_regional_and_keeps_the_caller_s_address(
    plain_gke: Recording,
) -> None:
    service = gateway_service(plain_gke).inputs
    annotations = {"cloud.google.com/l4-rbs": "enabled", **UNTIL_ADDRESSED}
    assert service["metadata"]["annotations"] == annotations
    assert service["spec"]["externalTrafficPolicy"] == "Local"


def test_the_outputs_have_the_registry_s_address(plain_gke: Recording) -> None:
    address = "us-central1-docker.pkg.dev/my-project/slipway-dev"
    assert plain_gke.outputs["cluster"]["registry"] == address


def test_the_gateway_s_host_gets_a_record_in_the_zone() -> None:
    dns = {"zone": "example.com", "managed_zone": "example-com"}
    gateway = {**stack_file()["gateway"], "host": "models.example.com"}
    recording = up({**stack(dns=dns), "gateway": gateway})
    record = recording.one("RecordSet")
    assert record.inputs["name"] == "models.example.com."
    assert record.inputs["managedZone"] == "example-com"
    assert record.inputs["rrdatas"] == [ADDRESS]
    assert gateway_service(recording).name in recording.needs(record)
    assert not up().of("RecordSet")


def test_a_version_out_of_support_causes_a_warning() -> None:
    (warning,) = [line for line in up(version="1.33").warnings if "out of support" in line]
    assert "slipway:cluster.version: Kubernetes 1.33 is out of support since 2026-08-03" in warning
    assert up(version="1.33").one("Cluster").inputs["minMasterVersion"] == "1.33"


def test_rbac_can_name_groups_if_the_stack_names_a_security_group() -> None:
    group = "gke-security-groups@example.com"
    plane = up(security_group=group).one("Cluster").inputs
    assert plane["authenticatorGroupsConfig"] == {"securityGroup": group}
    assert "authenticatorGroupsConfig" not in up().one("Cluster").inputs


def test_a_maintenance_window_can_end_on_the_next_day() -> None:
    late = {"days": ["SA", "SU"], "start": "22:30", "hours": 8}
    window = up(maintenance=late).one("Cluster").inputs["maintenancePolicy"]["recurringWindow"]
    assert window["startTime"] == "2026-01-01T22:30:00Z"
    assert window["endTime"] == "2026-01-02T06:30:00Z"


def test_all_resources_of_google_cloud_have_the_stack_s_explicit_provider(
    plain_gke: Recording,
) -> None:
    others = {
        each.name
        for each in plain_gke.of_package("gcp")
        if each.custom and "cluster-google" not in each.provider
    }
    assert others == set()


FILES = (ROOT / "Pulumi.gke.yaml", ROOT / "examples/kfserving-on-gke/gke.yaml")


def written(path: Path) -> dict[str, Any]:
    config = yaml.safe_load(path.read_text())["config"]
    return {key.removeprefix("slipway:"): value for key, value in config.items()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_stack_files_of_the_repository_are_deployed_without_a_warning(path: Path) -> None:
    config = written(path)
    recording = up(config)
    assert recording.outputs["endpoints"].keys() == config["models"].keys()
    # Whether the default minor is out of support depends on the day of the test.
    assert [line for line in recording.warnings if "out of support" not in line] == []


def test_the_pools_of_the_example_have_their_machine_types_and_taints() -> None:
    recording = up(written(FILES[1]))
    nodes = {
        name: pool(recording, name)["nodeConfig"] for name in ("default", "webapp", "kfserving")
    }
    assert {name: len(each["taints"]) for name, each in nodes.items()} == {
        "default": 0,
        "webapp": 1,
        "kfserving": 1,
    }
    series = {name: each["machineType"].partition("-")[0] for name, each in nodes.items()}
    assert series == {"default": "n2", "webapp": "e2", "kfserving": "n2"}
    spec = recording.one("Deployment", "rpm-server").inputs["spec"]["template"]["spec"]
    assert [each["value"] for each in spec["tolerations"]] == ["kfserving"]
    # The other bucket is public, so its model needs no permission.
    assert [each.inputs["bucket"] for each in recording.of("BucketIAMMember")] == ["my-models"]
