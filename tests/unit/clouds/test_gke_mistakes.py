"""Each mistake in a cluster on GKE is reported with its key and its fix, without Google's SDK."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from components.config.load import validate
from tests.unit.clouds.gke import gpu, vpc, without_gpus
from tests.unit.clouds.mistaken import Case, assert_reported
from tests.unit.components.environment import stack_file

KEY = "projects/p/locations/{}/keyRings/r/cryptoKeys/k"
EXISTING = {
    "kind": "existing",
    "network": "n",
    "subnetwork": "s",
    "pods": "p",
    "services": "v",
}


MISTAKES: dict[str, Case] = {
    "no project": ({**without_gpus(), "project": None}, "project", "text"),
    "a project's name": (
        without_gpus(project="My Project"),
        "project",
        "neither the name nor the number",
    ),
    "a zone for a region": (
        without_gpus(region="us-central1-a"),
        "region",
        "did you mean `us-central1`",
    ),
    "no region at all": (without_gpus(region="iowa"), "region", "`gcloud compute regions list`"),
    "an unknown minor": (
        without_gpus(version="1.20"),
        "version",
        'write the newest, in quotes: `version: "1.36"`',
    ),
    "a patch for a minor": (
        without_gpus(version="1.35.8-gke.1"),
        "version",
        "`1.34`, `1.35` or `1.36`",
    ),
    "a number for a version": (without_gpus(version=1.35), "version", "put the value in quotes"),
    "no such access": (
        without_gpus(access={"kind": "public"}),
        "access",
        "`cidrs`, `dns` or `private`",
    ),
    "a public endpoint without ranges": (
        without_gpus(access={"kind": "cidrs", "cidrs": []}),
        "access.cidrs",
        "name at least one",
    ),
    "a public endpoint for everybody": (
        without_gpus(access={"kind": "cidrs", "cidrs": ["0.0.0.0/0"]}),
        "access.cidrs[0]",
        "not `0.0.0.0/0`",
    ),
    "a private endpoint without a way in": (
        without_gpus(access={"kind": "private"}),
        "access.from",
        "add the key `from`",
    ),
    "ranges of a DNS endpoint": (
        without_gpus(access={"kind": "dns", "cidrs": ["10.0.0.0/8"]}),
        "access.cidrs",
        "take `cidrs` out",
    ),
    "a public range for nodes": (vpc(cidr="8.8.0.0/16"), "vpc.cidr", "a private IPv4 range"),
    "a range too small for nodes": (vpc(cidr="10.0.0.0/24"), "vpc.cidr", "write `10.0.0.0/16`"),
    "a range too small for pods": (vpc(pods="10.4.0.0/24"), "vpc.pods", "from /9 to /21"),
    "pods among nodes": (
        vpc(pods="10.0.0.0/14"),
        "",
        "`vpc.pods` (10.0.0.0/14) outside `vpc.cidr`",
    ),
    "pods among Services": (
        without_gpus(service_cidr="10.5.0.0/20"),
        "",
        "`vpc.pods` (10.4.0.0/14) outside `service_cidr`",
    ),
    "nodes among Services": (
        without_gpus(service_cidr="10.0.0.0/20"),
        "",
        "`service_cidr` (10.0.0.0/20)",
    ),
    "a Service range with an existing network": (
        without_gpus(vpc=EXISTING, service_cidr="10.9.0.0/20"),
        "",
        "take `service_cidr` out",
    ),
    "an existing network without a subnet": (
        without_gpus(vpc={key: EXISTING[key] for key in EXISTING if key != "subnetwork"}),
        "vpc.subnetwork",
        "add the key `subnetwork`",
    ),
    "a zone of another region": (vpc(zones=["us-east1-b"]), "vpc", "such as `us-central1-a`"),
    "a key of another region": (
        without_gpus(encryption_key=KEY.format("europe-west4")),
        "encryption_key",
        "leave it out to make one, or choose a key in that region",
    ),
    "a key by its short name": (
        without_gpus(encryption_key="ring/key"),
        "encryption_key",
        "run `gcloud kms keys list` for its whole name",
    ),
    "too little time for upgrades": (
        without_gpus(maintenance={"days": ["SU"], "hours": 6}),
        "maintenance",
        "48 hours of maintenance",
    ),
    "an unknown day": (
        without_gpus(maintenance={"days": ["Sunday"]}),
        "maintenance.days[0]",
        "'SU'",
    ),
    "a zone without its name at Google": (
        without_gpus(dns={"zone": "example.com"}),
        "dns.managed_zone",
        "add the key `managed_zone`",
    ),
    "a window with an invalid start": (
        without_gpus(maintenance={"start": "2:00"}),
        "maintenance.start",
        "did you mean `02:00`?",
    ),
    "a group that GKE does not know": (
        without_gpus(security_group="admins@example.com"),
        "security_group",
        "`gke-security-groups@<your domain>`",
    ),
    "an unknown channel": (without_gpus(channel="nightly"), "channel", "'regular'"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_with_its_key_and_its_fix(name: str) -> None:
    assert_reported(MISTAKES[name])


def test_a_correct_cluster_is_accepted() -> None:
    config, mistakes = validate({**stack_file(), "cluster": gpu()})
    assert config and not mistakes


@pytest.mark.parametrize("host", [None, "models.example.org", "badexample.com"])
def test_a_dns_zone_needs_a_host_in_it(host: str | None) -> None:
    dns = {"zone": "example.com", "managed_zone": "example-com"}
    gateway = {**stack_file()["gateway"], "host": host}
    if host is None:
        del gateway["host"]
    whole = {**stack_file(models={}, gateway=gateway), "cluster": without_gpus(dns=dns)}
    _, (mistake,) = validate(whole)
    assert mistake.path == "slipway:gateway.host"
    assert "write `host: models.example.com`" in str(mistake)
    for good in ("models.example.com", "example.com"):
        config, mistakes = validate({**whole, "gateway": {**gateway, "host": good}})
        assert config and not mistakes


def test_a_gke_stack_file_is_read_without_the_sdk_of_any_cloud() -> None:
    program = (
        "import json, sys\n"
        "from components.config.load import validate\n"
        "config, mistakes = validate(json.loads(sys.stdin.read()))\n"
        "assert config and not mistakes\n"
        "clouds = ('pulumi_aws', 'pulumi_gcp', 'pulumi_alicloud', 'pulumi_kubernetes')\n"
        "print([name for name in sys.modules if name in clouds])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        input=json.dumps({**stack_file(), "cluster": gpu()}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
