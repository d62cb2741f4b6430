"""The security properties of a cluster on GKE, and its least privileges."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.clouds.checklist import Property, assert_removal_detected
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
    plain_gke: Recording, wanted: Property
) -> None:
    assert wanted.holds(plain_gke.resources)


@pytest.mark.parametrize("wanted", CHECKLIST, ids=str)
def test_the_removal_of_a_property_of_the_checklist_is_detected(
    plain_gke: Recording, wanted: Property
) -> None:
    assert_removal_detected(wanted, plain_gke.resources)


def kubeconfig(recording: Recording) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(recording.outputs["kubeconfig"])
    return document


def test_the_kubeconfig_contains_no_key_and_no_certificate(plain_gke: Recording) -> None:
    (user,) = kubeconfig(plain_gke)["users"]
    assert user["user"].keys() == {"exec"}
    assert user["user"]["exec"]["command"] == "gke-gcloud-auth-plugin"
    assert "kubeconfig" in plain_gke.secret_outputs
    assert plain_gke.one("kubernetes", "cluster-provider").inputs["kubeconfig"]
    kinds = {each.kind for each in plain_gke.of_package("gcp")}
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
def test_the_kubeconfig_has_the_endpoint_of_the_access_kind(
    access: dict[str, Any], server: str, certificate: str | None
) -> None:
    (cluster,) = kubeconfig(up(access=access))["clusters"]
    assert cluster["cluster"]["server"] == server
    assert cluster["cluster"].get("certificate-authority-data") == certificate


def test_an_ip_endpoint_admits_only_the_named_ranges() -> None:
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


def test_only_google_s_service_agents_may_use_the_key(plain_gke: Recording) -> None:
    members = {each.inputs["member"] for each in plain_gke.of("CryptoKeyIAMMember")}
    assert members == {
        f"serviceAccount:service-{NUMBER}@container-engine-robot.iam.gserviceaccount.com",
        f"serviceAccount:service-{NUMBER}@compute-system.iam.gserviceaccount.com",
        "serviceAccount:agent-of-file.googleapis.com",
        "serviceAccount:agent-of-artifactregistry.googleapis.com",
    }


def test_a_key_that_the_stack_names_is_used_and_none_is_made() -> None:
    key = "projects/keys/locations/us-central1/keyRings/ring/cryptoKeys/key"
    recording = up(encryption_key=key)
    assert recording.one("Cluster").inputs["databaseEncryption"]["keyName"] == key
    assert recording.one("NodePool", "cluster-gpu").inputs["nodeConfig"]["bootDiskKmsKey"] == key
    assert not [each for each in recording.of_package("gcp") if each.type.startswith("gcp:kms")]


def test_nodes_may_only_write_logs_and_metrics_and_pull_from_the_stack_s_registry(
    plain_gke: Recording,
) -> None:
    granted = [each for each in plain_gke.resources if each.inputs.get("member") == NODES]
    assert sorted((each.kind, each.inputs["role"]) for each in granted) == [
        ("IAMMember", "roles/container.defaultNodeServiceAccount"),
        ("RepositoryIamMember", "roles/artifactregistry.reader"),
    ]
    assert plain_gke.one("RepositoryIamMember").inputs["repository"] == "slipway-dev"


def test_a_model_s_pods_may_only_read_its_directory(plain_gke: Recording) -> None:
    permission = plain_gke.one("BucketIAMMember")
    assert permission.inputs["bucket"] == "my-models"
    namespace = plain_gke.one("Deployment", "half-plus-two-server").inputs["metadata"]["namespace"]
    assert permission.inputs["member"] == (
        f"principal://iam.googleapis.com/projects/{NUMBER}/locations/global/workloadIdentityPools/"
        f"my-project.svc.id.goog/subject/ns/{namespace}/sa/half-plus-two"
    )
    assert permission.inputs["condition"]["expression"] == (
        'resource.name.startsWith("projects/_/buckets/my-models/objects/half_plus_two/") || '
        'api.getAttribute("storage.googleapis.com/objectListPrefix", "")'
        '.startsWith("half_plus_two/")'
    )
    account = plain_gke.one("ServiceAccount", "half-plus-two-reader")
    assert permission.name in plain_gke.needs(account)


def test_a_bucket_of_another_cloud_needs_credentials() -> None:
    source = {"kind": "s3", "uri": "s3://bucket/half_plus_two", "version": 1}
    config = {**stack(), "models": {"half_plus_two": model(source=source)}}
    with pytest.raises(Exception, match="a cluster of kind `gke` gives its pods no cloud identity"):
        up(config)
