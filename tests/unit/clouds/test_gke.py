"""GKE: what is made, in which order, and who may do what there."""

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


def test_nothing_is_made_before_what_it_needs(made_on_gke: Recording) -> None:
    provider = made_on_gke.one("kubernetes", "cluster-provider")
    pools = {"cluster-default", "cluster-gpu"}
    assert {*pools, "cluster-images-pull"} <= made_on_gke.needs(provider)
    before = {"cluster-nat", "cluster-subnet", "cluster-key-secrets", "cluster-key-disks"}
    assert before <= made_on_gke.needs(made_on_gke.one("Cluster"))
    for each in pools:
        needed = {"cluster-control-plane", "cluster-nodes-role", *before}
        assert needed <= made_on_gke.needs(made_on_gke.one("NodePool", each))
    assert {"cluster-key-images", "cluster-control-plane"} <= made_on_gke.needs(
        made_on_gke.one("Repository")
    )


def test_a_network_is_made_or_one_that_is_there_is_used(made_on_gke: Recording) -> None:
    ranges = made_on_gke.one("Subnetwork").inputs["secondaryIpRanges"]
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
def test_what_costs_most_of_the_sdk_is_loaded_where_a_network_is_made(
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
    (found,) = [
        each
        for each in recording.of("Service")
        if each.inputs["spec"].get("type") == "LoadBalancer"
    ]
    return found


def test_the_gateway_s_load_balancer_is_regional_and_tells_who_calls(
    made_on_gke: Recording,
) -> None:
    service = gateway_service(made_on_gke).inputs
    annotations = {"cloud.google.com/l4-rbs": "enabled", **UNTIL_ADDRESSED}
    assert service["metadata"]["annotations"] == annotations
    assert service["spec"]["externalTrafficPolicy"] == "Local"


def test_the_stack_tells_where_images_are_pushed(made_on_gke: Recording) -> None:
    address = "us-central1-docker.pkg.dev/my-project/slipway-dev"
    assert made_on_gke.outputs["cluster"]["registry"] == address


def test_the_gateway_s_host_gets_a_record_where_a_zone_is_given() -> None:
    dns = {"zone": "example.com", "managed_zone": "example-com"}
    gateway = {**stack_file()["gateway"], "host": "models.example.com"}
    recording = up({**stack(dns=dns), "gateway": gateway})
    record = recording.one("RecordSet")
    assert record.inputs["name"] == "models.example.com."
    assert record.inputs["managedZone"] == "example-com"
    assert record.inputs["rrdatas"] == [ADDRESS]
    assert gateway_service(recording).name in recording.needs(record)
    assert not up().of("RecordSet")


def test_a_version_out_of_support_is_told_of() -> None:
    (told,) = [line for line in up(version="1.33").warnings if "out of support" in line]
    assert "slipway:cluster.version: Kubernetes 1.33 is out of support since 2026-08-03" in told
    assert up(version="1.33").one("Cluster").inputs["minMasterVersion"] == "1.33"


def test_groups_are_known_where_there_is_one_for_them() -> None:
    group = "gke-security-groups@example.com"
    plane = up(security_group=group).one("Cluster").inputs
    assert plane["authenticatorGroupsConfig"] == {"securityGroup": group}
    assert "authenticatorGroupsConfig" not in up().one("Cluster").inputs


def test_a_window_may_end_on_the_next_day() -> None:
    late = {"days": ["SA", "SU"], "start": "22:30", "hours": 8}
    window = up(maintenance=late).one("Cluster").inputs["maintenancePolicy"]["recurringWindow"]
    assert window["startTime"] == "2026-01-01T22:30:00Z"
    assert window["endTime"] == "2026-01-02T06:30:00Z"


def test_everything_of_google_s_is_made_by_the_stack_s_own_provider(made_on_gke: Recording) -> None:
    others = {
        each.name
        for each in made_on_gke.of_package("gcp")
        if each.custom and "cluster-google" not in each.provider
    }
    assert others == set()


FILES = (ROOT / "Pulumi.gke.yaml", ROOT / "examples/kfserving-on-gke/gke.yaml")


def written(path: Path) -> dict[str, Any]:
    config = yaml.safe_load(path.read_text())["config"]
    return {key.removeprefix("slipway:"): value for key, value in config.items()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_stack_files_that_are_here_are_deployed_without_a_warning(path: Path) -> None:
    config = written(path)
    recording = up(config)
    assert recording.outputs["endpoints"].keys() == config["models"].keys()
    # The default minor is not past its support on the day that this was written.
    assert [line for line in recording.warnings if "out of support" not in line] == []


def test_the_three_pools_of_the_example_are_pinned_tainted_and_open() -> None:
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
    # A bucket that is public is read without anybody's leave.
    assert [each.inputs["bucket"] for each in recording.of("BucketIAMMember")] == ["my-models"]
