"""A cluster on GKE has what the checklist says, and nobody in it may do more than he needs to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.clouds.checklist import Property, assert_missed
from tests.unit.clouds.gke import CLUSTER, KEY, NUMBER, POOL, stack, up
from tests.unit.components.engine import Recording
from tests.unit.components.environment import model

ENCRYPTER = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
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


@pytest.mark.parametrize("wanted", CHECKLIST, ids=str)
def test_a_cluster_has_every_property_of_the_checklist(
    made_on_gke: Recording, wanted: Property
) -> None:
    assert wanted.holds(made_on_gke.resources)


@pytest.mark.parametrize("wanted", CHECKLIST, ids=str)
def test_a_property_of_the_checklist_that_is_taken_away_is_missed(
    made_on_gke: Recording, wanted: Property
) -> None:
    assert_missed(wanted, made_on_gke.resources)


def login(recording: Recording) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(recording.outputs["kubeconfig"])
    return found


def test_nobody_logs_in_with_a_key_or_a_certificate(made_on_gke: Recording) -> None:
    (user,) = login(made_on_gke)["users"]
    assert user["user"].keys() == {"exec"}
    assert user["user"]["exec"]["command"] == "gke-gcloud-auth-plugin"
    assert "kubeconfig" in made_on_gke.secret_outputs
    assert made_on_gke.one("kubernetes", "cluster-provider").inputs["kubeconfig"]
    kinds = {each.kind for each in made_on_gke.of_package("gcp")}
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


def test_google_s_agents_use_the_key_and_nobody_else(made_on_gke: Recording) -> None:
    members = {each.inputs["member"] for each in made_on_gke.of("CryptoKeyIAMMember")}
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
    made_on_gke: Recording,
) -> None:
    granted = [each for each in made_on_gke.resources if each.inputs.get("member") == NODES]
    assert sorted((each.kind, each.inputs["role"]) for each in granted) == [
        ("IAMMember", "roles/container.defaultNodeServiceAccount"),
        ("RepositoryIamMember", "roles/artifactregistry.reader"),
    ]
    assert made_on_gke.one("RepositoryIamMember").inputs["repository"] == "slipway-dev"


def test_a_model_s_pods_read_its_directory_and_nothing_else(made_on_gke: Recording) -> None:
    leave = made_on_gke.one("BucketIAMMember")
    assert leave.inputs["bucket"] == "my-models"
    namespace = made_on_gke.one("Deployment", "half-plus-two-server").inputs["metadata"][
        "namespace"
    ]
    assert leave.inputs["member"] == (
        f"principal://iam.googleapis.com/projects/{NUMBER}/locations/global/workloadIdentityPools/"
        f"my-project.svc.id.goog/subject/ns/{namespace}/sa/half-plus-two"
    )
    assert leave.inputs["condition"]["expression"] == (
        'resource.name.startsWith("projects/_/buckets/my-models/objects/half_plus_two/") || '
        'api.getAttribute("storage.googleapis.com/objectListPrefix", "")'
        '.startsWith("half_plus_two/")'
    )
    account = made_on_gke.one("ServiceAccount", "half-plus-two-reader")
    assert leave.name in made_on_gke.needs(account)


def test_a_bucket_of_another_cloud_is_asked_a_key_for() -> None:
    source = {"kind": "s3", "uri": "s3://bucket/half_plus_two", "version": 1}
    config = {**stack(), "models": {"half_plus_two": model(source=source)}}
    with pytest.raises(Exception, match="a cluster of kind `gke` gives its pods no cloud identity"):
        up(config)
