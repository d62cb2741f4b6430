"""GKE: what is made, in which order, and who may do what there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.clouds.checklist import Property, without
from tests.unit.clouds.gke import CLUSTER, DEFAULT, GPU, NUMBER, POOL, cluster, stack, up
from tests.unit.components.engine import ADDRESS, Recording, Resource
from tests.unit.components.environment import model, stack_file

ROOT = Path(__file__).parents[3]
ENCRYPTER = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
KEY = "cluster-key-id"
NODES = "serviceAccount:nodes@my-project.iam.gserviceaccount.com"

CHECKLIST = (
    [
        Property(CLUSTER, path, value)
        for path, value in {
            "privateClusterConfig.enablePrivateNodes": True,
            "privateClusterConfig.enablePrivateEndpoint": True,
            "controlPlaneEndpointsConfig.ipEndpointsConfig.enabled": False,
            "controlPlaneEndpointsConfig.dnsEndpointConfig.enableK8sCertsViaDns": False,
            "controlPlaneEndpointsConfig.dnsEndpointConfig.enableK8sTokensViaDns": False,
            "datapathProvider": "ADVANCED_DATAPATH",
            "enableIntranodeVisibility": True,
            "networkingMode": "VPC_NATIVE",
            "databaseEncryption.state": "ENCRYPTED",
            "databaseEncryption.keyName": KEY,
            "workloadIdentityConfig.workloadPool": "my-project.svc.id.goog",
            "enableShieldedNodes": True,
            "enableLegacyAbac": False,
            "masterAuth.clientCertificateConfig.issueClientCertificate": False,
            "anonymousAuthenticationConfig.mode": "LIMITED",
            "rbacBindingConfig.enableInsecureBindingSystemAuthenticated": False,
            "rbacBindingConfig.enableInsecureBindingSystemUnauthenticated": False,
            "binaryAuthorization.evaluationMode": "PROJECT_SINGLETON_POLICY_ENFORCE",
            "securityPostureConfig.mode": "BASIC",
            "serviceExternalIpsConfig.enabled": False,
            "nodePoolDefaults.nodeConfigDefaults.insecureKubeletReadonlyPortEnabled": "FALSE",
            "nodeConfig.shieldedInstanceConfig.enableSecureBoot": True,
            "nodeConfig.bootDiskKmsKey": KEY,
            "removeDefaultNodePool": True,
            "loggingConfig.enableComponents": [
                "SYSTEM_COMPONENTS",
                "WORKLOADS",
                "APISERVER",
                "CONTROLLER_MANAGER",
                "SCHEDULER",
            ],
            "monitoringConfig.enableComponents.0": "SYSTEM_COMPONENTS",
            "monitoringConfig.managedPrometheus.enabled": True,
            "deletionProtection": True,
            "releaseChannel.channel": "REGULAR",
            "minMasterVersion": "1.35",
            "maintenancePolicy.maintenanceExclusions.0.exclusionOptions.scope": "NO_MINOR_UPGRADES",
            "maintenancePolicy.recurringWindow.recurrence": "FREQ=WEEKLY;BYDAY=SA,SU",
            "addonsConfig.gcePersistentDiskCsiDriverConfig.enabled": True,
            "addonsConfig.gcpFilestoreCsiDriverConfig.enabled": True,
            "resourceLabels.managed-by": "slipway",
        }.items()
    ]
    + [
        Property(POOL, path, value)
        for path, value in {
            "networkConfig.enablePrivateNodes": True,
            "nodeConfig.serviceAccount": "nodes@my-project.iam.gserviceaccount.com",
            "nodeConfig.bootDiskKmsKey": KEY,
            "nodeConfig.shieldedInstanceConfig.enableSecureBoot": True,
            "nodeConfig.shieldedInstanceConfig.enableIntegrityMonitoring": True,
            "nodeConfig.workloadMetadataConfig.mode": "GKE_METADATA",
            "nodeConfig.metadata.disable-legacy-endpoints": "true",
            "nodeConfig.kubeletConfig.insecureKubeletReadonlyPortEnabled": "FALSE",
            "nodeConfig.imageType": "COS_CONTAINERD",
            "management.autoRepair": True,
            "management.autoUpgrade": True,
            "upgradeSettings.maxSurge": 1,
            "upgradeSettings.maxUnavailable": 0,
            "version": "1.35.8-gke.1036000",
        }.items()
    ]
    + [
        Property("gcp:compute/subnetwork:Subnetwork", "logConfig.metadata", "INCLUDE_ALL_METADATA"),
        Property("gcp:compute/subnetwork:Subnetwork", "logConfig.flowSampling", 0.5),
        Property("gcp:compute/subnetwork:Subnetwork", "privateIpGoogleAccess", True),
        Property("gcp:compute/network:Network", "autoCreateSubnetworks", False),
        Property("gcp:compute/routerNat:RouterNat", "natIpAllocateOption", "AUTO_ONLY"),
        Property("gcp:compute/routerNat:RouterNat", "logConfig.enable", True),
        Property("gcp:kms/cryptoKey:CryptoKey", "rotationPeriod", "7776000s"),
        Property("gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember", "role", ENCRYPTER),
        Property("gcp:artifactregistry/repository:Repository", "kmsKeyName", KEY),
        Property("gcp:artifactregistry/repository:Repository", "dockerConfig.immutableTags", True),
        Property(
            "gcp:projects/iAMMember:IAMMember", "role", "roles/container.defaultNodeServiceAccount"
        ),
        Property(
            "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
            "role",
            "roles/artifactregistry.reader",
        ),
        Property(
            "gcp:storage/bucketIAMMember:BucketIAMMember", "role", "roles/storage.objectViewer"
        ),
    ]
)


@pytest.fixture(scope="module")
def made() -> Recording:
    return up()


@pytest.mark.parametrize("wanted", CHECKLIST, ids=str)
def test_a_cluster_has_every_property_of_the_checklist(made: Recording, wanted: Property) -> None:
    assert wanted.holds(made)


@pytest.mark.parametrize("wanted", CHECKLIST, ids=str)
def test_a_property_of_the_checklist_that_is_taken_away_is_missed(
    made: Recording, wanted: Property
) -> None:
    assert not wanted.holds(without(made, wanted))


def pool(recording: Recording, name: str) -> dict[str, Any]:
    return recording.one("NodePool", f"cluster-{name}").inputs


def login(recording: Recording) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(recording.outputs["kubeconfig"])
    return found


def test_nothing_is_made_before_what_it_needs(made: Recording) -> None:
    provider = made.one("kubernetes", "cluster-provider")
    pools = {"cluster-default", "cluster-gpu"}
    assert {*pools, "cluster-images-pull"} <= made.needs(provider)
    before = {"cluster-nat", "cluster-subnet", "cluster-key-secrets", "cluster-key-disks"}
    assert before <= made.needs(made.one("Cluster"))
    for each in pools:
        needed = {"cluster-control-plane", "cluster-nodes-role", *before}
        assert needed <= made.needs(made.one("NodePool", each))
    assert {"cluster-key-images", "cluster-control-plane"} <= made.needs(made.one("Repository"))


def test_nobody_logs_in_with_a_key_or_a_certificate(made: Recording) -> None:
    (user,) = login(made)["users"]
    assert user["user"].keys() == {"exec"}
    assert user["user"]["exec"]["command"] == "gke-gcloud-auth-plugin"
    assert "kubeconfig" in made.secret_outputs
    assert made.one("kubernetes", "cluster-provider").inputs["kubeconfig"]
    kinds = {each.kind for each in made.of_package("gcp")}
    assert not kinds & {"Key", "HmacKey", "WorkloadIdentityPoolProvider"}


@pytest.mark.parametrize(
    ("access", "server", "certificate"),
    [
        ({"kind": "dns"}, "https://gke-1a2b.us-central1.gke.goog", None),
        ({"kind": "cidrs", "cidrs": ["198.51.100.0/24"]}, "https://203.0.113.20", "Q0E="),
        ({"kind": "private", "from": ["10.9.0.0/24"]}, "https://10.0.0.2", "Q0E="),
    ],
    ids=lambda it: it["kind"] if isinstance(it, dict) else "",
)
def test_the_api_is_called_where_the_stack_says(
    access: dict[str, Any], server: str, certificate: str | None
) -> None:
    (reached,) = login(up(access=access))["clusters"]
    assert reached["cluster"]["server"] == server
    assert reached["cluster"].get("certificate-authority-data") == certificate


def test_an_endpoint_with_an_address_takes_calls_from_the_stack_s_ranges_only() -> None:
    for kind, key in (("cidrs", "cidrs"), ("private", "from")):
        plane = up(access={"kind": kind, key: ["198.51.100.0/24"]}).one("Cluster").inputs
        assert plane["masterAuthorizedNetworksConfig"] == {
            "cidrBlocks": [{"cidrBlock": "198.51.100.0/24"}],
            "gcpPublicCidrsAccessEnabled": False,
            "privateEndpointEnforcementEnabled": True,
        }
        assert plane["privateClusterConfig"]["enablePrivateEndpoint"] is (kind == "private")
        endpoints = plane["controlPlaneEndpointsConfig"]
        assert endpoints["dnsEndpointConfig"]["allowExternalTraffic"] is False
        assert endpoints["ipEndpointsConfig"]["enabled"] is True


def test_destroy_is_refused_until_the_stack_allows_it() -> None:
    guarded = {"cluster-control-plane", "cluster-key"}
    assert {each.name for each in up().resources if each.protect} == guarded
    free = up(deletion_protection=False)
    assert not [each for each in free.resources if each.protect]
    assert free.one("Cluster").inputs["deletionProtection"] is False


def test_google_s_agents_use_the_key_and_nobody_else(made: Recording) -> None:
    members = {each.inputs["member"] for each in made.of("CryptoKeyIAMMember")}
    assert members == {
        f"serviceAccount:service-{NUMBER}@container-engine-robot.iam.gserviceaccount.com",
        f"serviceAccount:service-{NUMBER}@compute-system.iam.gserviceaccount.com",
        "serviceAccount:agent-of-file.googleapis.com",
        "serviceAccount:agent-of-artifactregistry.googleapis.com",
    }


def test_a_key_of_one_s_own_is_used_and_none_is_made() -> None:
    key = "projects/keys/locations/us-central1/keyRings/ring/cryptoKeys/key"
    recording = up(encryption_key=key)
    assert recording.one("Cluster").inputs["databaseEncryption"]["keyName"] == key
    assert recording.one("NodePool", "cluster-gpu").inputs["nodeConfig"]["bootDiskKmsKey"] == key
    assert not [each for each in recording.of_package("gcp") if each.type.startswith("gcp:kms")]


def test_nodes_may_log_and_pull_from_the_stack_s_registry_and_nothing_else(
    made: Recording,
) -> None:
    granted = [each for each in made.resources if each.inputs.get("member") == NODES]
    assert sorted((each.kind, each.inputs["role"]) for each in granted) == [
        ("IAMMember", "roles/container.defaultNodeServiceAccount"),
        ("RepositoryIamMember", "roles/artifactregistry.reader"),
    ]
    assert made.one("RepositoryIamMember").inputs["repository"] == "slipway-dev"


def test_a_model_s_pods_read_its_directory_and_nothing_else(made: Recording) -> None:
    leave = made.one("BucketIAMMember")
    assert leave.inputs["bucket"] == "my-models"
    namespace = made.one("Deployment", "half-plus-two-server").inputs["metadata"]["namespace"]
    assert leave.inputs["member"] == (
        f"principal://iam.googleapis.com/projects/{NUMBER}/locations/global/workloadIdentityPools/"
        f"my-project.svc.id.goog/subject/ns/{namespace}/sa/half-plus-two"
    )
    assert leave.inputs["condition"]["expression"] == (
        'resource.name.startsWith("projects/_/buckets/my-models/objects/half_plus_two/") || '
        'api.getAttribute("storage.googleapis.com/objectListPrefix", "")'
        '.startsWith("half_plus_two/")'
    )
    account = made.one("ServiceAccount", "half-plus-two-reader")
    assert leave.name in made.needs(account)


def test_a_bucket_of_another_cloud_is_asked_a_key_for() -> None:
    source = {"kind": "s3", "uri": "s3://bucket/half_plus_two", "version": 1}
    config = {**stack(), "models": {"half_plus_two": model(source=source)}}
    with pytest.raises(Exception, match="a cluster of kind `gke` gives its pods no cloud identity"):
        up(config)


def test_a_network_is_made_or_one_that_is_there_is_used(made: Recording) -> None:
    ranges = made.one("Subnetwork").inputs["secondaryIpRanges"]
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


def test_a_pool_is_as_large_as_it_says(made: Recording) -> None:
    assert pool(made, "default")["autoscaling"] == {
        "totalMinNodeCount": 1,
        "totalMaxNodeCount": 3,
        "locationPolicy": "BALANCED",
    }
    empty = pool(made, "gpu")
    assert empty["autoscaling"]["totalMinNodeCount"] == 0
    assert empty["initialNodeCount"] == 0
    # Another minimum is no other pool.
    assert made.one("NodePool", "cluster-gpu").ignore_changes == ["initialNodeCount"]


def test_a_gpu_pool_has_gpus_drivers_and_a_taint_where_there_are_any(made: Recording) -> None:
    nodes = pool(made, "gpu")["nodeConfig"]
    assert nodes["guestAccelerators"] == [
        {
            "type": "nvidia-l4",
            "count": 1,
            "gpuDriverInstallationConfig": {"gpuDriverVersion": "DEFAULT"},
        }
    ]
    taint = {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}
    assert nodes["taints"] == [taint]
    assert pool(made, "gpu")["nodeLocations"] == [f"us-central1-{zone}" for zone in "abc"]
    assert pool(made, "gpu")["autoscaling"]["locationPolicy"] == "ANY"
    assert "nodeLocations" not in pool(made, "default")
    some = up(vpc={"kind": "create", "zones": ["us-central1-b", "us-central1-f"]})
    assert pool(some, "gpu")["nodeLocations"] == ["us-central1-b"]
    assert some.one("Cluster").inputs["nodeLocations"] == ["us-central1-b", "us-central1-f"]


def test_a_gpu_model_runs_on_the_gpu_pool() -> None:
    models = {"half_plus_two": model(accelerator={"kind": "nvidia-l4"})}
    recording = up({**stack_file(), "cluster": cluster(), "models": models})
    spec = recording.one("Deployment", "half-plus-two-server").inputs["spec"]["template"]["spec"]
    (term,) = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    (wanted,) = term["matchExpressions"]
    labels = pool(recording, "gpu")["nodeConfig"]["labels"]
    assert labels[wanted["key"]] in wanted["values"]
    assert [each["key"] for each in spec["tolerations"]] == ["nvidia.com/gpu"]


def test_a_pool_for_dra_has_neither_driver_nor_device_plugin() -> None:
    recording = up(node_pools={"default": DEFAULT, "gpu": {**GPU, "gpu_driver": "dra"}})
    nodes = pool(recording, "gpu")["nodeConfig"]
    (device,) = nodes["guestAccelerators"]
    assert device["gpuDriverInstallationConfig"]["gpuDriverVersion"] == "INSTALLATION_DISABLED"
    assert nodes["labels"]["gke-no-default-nvidia-gpu-device-plugin"] == "true"


def test_spot_nodes_stand_beside_a_floor_that_stays() -> None:
    spot = {**DEFAULT, "min": 2, "max": 5, "spot": {"on_demand": 1}}
    recording = up(node_pools={"default": DEFAULT, "web": spot})
    sizes = {
        name: (each["autoscaling"]["totalMinNodeCount"], each["autoscaling"]["totalMaxNodeCount"])
        for name in ("web", "web-floor")
        for each in [pool(recording, name)]
    }
    assert sizes == {"web": (1, 4), "web-floor": (1, 1)}
    kinds = [pool(recording, name)["nodeConfig"] for name in ("web", "web-floor")]
    assert [each["spot"] for each in kinds] == [True, False]
    # Pods choose nodes by the pool, whatever they cost.
    assert kinds[0]["labels"] == kinds[1]["labels"]
    assert pool(recording, "web")["autoscaling"]["locationPolicy"] == "ANY"


def test_a_pool_whose_nodes_are_all_floor_has_no_spot_half() -> None:
    floor = {**DEFAULT, "max": 2, "spot": {"on_demand": 2}}
    recording = up(node_pools={"default": DEFAULT, "web": floor})
    assert {each.name for each in recording.of("NodePool")} == {
        "cluster-default",
        "cluster-web-floor",
    }


def test_another_machine_boots_from_the_disk_that_it_can_have() -> None:
    pools = {
        "default": {**DEFAULT, "disk": "50Gi"},
        "new": {**DEFAULT, "machine_type": "c4-standard-8"},
        "fast": {**DEFAULT, "disk_type": "pd-ssd"},
    }
    recording = up(node_pools=pools)
    types = [pool(recording, name)["nodeConfig"]["diskType"] for name in pools]
    assert types == ["pd-balanced", "hyperdisk-balanced", "pd-ssd"]
    assert pool(recording, "default")["nodeConfig"]["diskSizeGb"] == 50


def test_volumes_are_disks_that_the_nodes_can_have() -> None:
    new = {**DEFAULT, "machine_type": "n4-standard-4"}
    for pools, disk in (
        ({"default": new}, "hyperdisk-balanced"),
        ({"default": new, "old": DEFAULT}, "pd-balanced"),
    ):
        made = up(node_pools=pools).one("StorageClass", "cluster-disk")
        assert made.inputs["parameters"]["type"] == disk


def test_volumes_are_encrypted_disks_and_shared_ones_filestore() -> None:
    volumes = {"one": {"size": "1Gi"}, "many": {"size": "1Ti", "access_mode": "ReadWriteMany"}}
    recording = up({**stack(), "volumes": volumes})
    by_name = {
        name: each.inputs
        for each in recording.of("StorageClass")
        for name in [f"{each.name}-1a2b3c4d"]
    }
    chosen = {
        claim: by_name[
            recording.one("PersistentVolumeClaim", f"volumes-{claim}").inputs["spec"][
                "storageClassName"
            ]
        ]
        for claim in volumes
    }
    assert chosen["one"]["provisioner"] == "pd.csi.storage.gke.io"
    assert chosen["one"]["parameters"]["disk-encryption-kms-key"] == KEY
    default = "storageclass.kubernetes.io/is-default-class"
    assert chosen["one"]["metadata"]["annotations"] == {default: "true"}
    assert chosen["many"]["provisioner"] == "filestore.csi.storage.gke.io"
    assert chosen["many"]["parameters"]["instance-encryption-kms-key"] == KEY
    assert "metadata" not in chosen["many"] or not chosen["many"]["metadata"].get("annotations")


def gateway_service(recording: Recording) -> Resource:
    (found,) = [
        each
        for each in recording.of("Service")
        if each.inputs["spec"].get("type") == "LoadBalancer"
    ]
    return found


def test_the_gateway_s_load_balancer_is_regional_and_tells_who_calls(made: Recording) -> None:
    service = gateway_service(made).inputs
    assert service["metadata"]["annotations"] == {"cloud.google.com/l4-rbs": "enabled"}
    assert service["spec"]["externalTrafficPolicy"] == "Local"


def test_the_stack_tells_where_images_are_pushed(made: Recording) -> None:
    address = "us-central1-docker.pkg.dev/my-project/slipway-dev"
    assert made.outputs["cluster"]["registry"] == address


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


def test_everything_of_google_s_is_made_by_the_stack_s_own_provider(made: Recording) -> None:
    others = {
        each.name
        for each in made.of_package("gcp")
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
