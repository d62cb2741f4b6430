"""Rules for GKE: clusters and node pools."""

from __future__ import annotations

from .rule import Properties, Rule, at, every, open_to_all, present

CLUSTER = "gcp:container/cluster:Cluster"
POOL = "gcp:container/nodePool:NodePool"

#: https://cloud.google.com/kubernetes-engine/docs/how-to/config-logging#available-logs
_LOGS = {"SYSTEM_COMPONENTS", "APISERVER", "SCHEDULER", "CONTROLLER_MANAGER"}
#: https://cloud.google.com/compute/docs/access/service-accounts#default_service_account
_DEFAULT_ACCOUNT = "-compute@developer.gserviceaccount.com"


def _has_no_nodes(properties: Properties) -> bool:
    """Whether this is a cluster all of whose nodes are in separate pools; false for a pool."""
    return at(properties, "removeDefaultNodePool") is True


def _dns_only(cluster: Properties) -> bool:
    """Whether the API has only a DNS endpoint, to which IAM controls access."""
    return at(cluster, "controlPlaneEndpointsConfig.ipEndpointsConfig.enabled") is False


def _not_open(cluster: Properties) -> bool:
    blocks = every(cluster, "masterAuthorizedNetworksConfig.cidrBlocks")
    return _dns_only(cluster) or not open_to_all([at(each, "cidrBlock") for each in blocks])


def _limited(cluster: Properties) -> bool:
    # A configuration without blocks admits nobody from outside the VPC.
    return _dns_only(cluster) or at(cluster, "masterAuthorizedNetworksConfig") is not None


def _metadata_server(properties: Properties) -> bool:
    mode = at(properties, "nodeConfig.workloadMetadataConfig.mode")
    return _has_no_nodes(properties) or mode == "GKE_METADATA"


def _secure_boot(properties: Properties) -> bool:
    boot = at(properties, "nodeConfig.shieldedInstanceConfig.enableSecureBoot")
    return _has_no_nodes(properties) or boot is True


def _integrity(properties: Properties) -> bool:
    if _has_no_nodes(properties) or not present(properties, "nodeConfig.shieldedInstanceConfig"):
        return True  # it is on by default
    return at(properties, "nodeConfig.shieldedInstanceConfig.enableIntegrityMonitoring") is True


def _own_account(properties: Properties) -> bool:
    if _has_no_nodes(properties):
        return True
    account = str(at(properties, "nodeConfig.serviceAccount") or "default")
    return account != "default" and not account.endswith(_DEFAULT_ACCOUNT)


def _database_encrypted(cluster: Properties) -> bool:
    return at(cluster, "databaseEncryption.state") == "ENCRYPTED" and present(
        cluster, "databaseEncryption.keyName"
    )


RULES = (
    Rule(
        id="CKV_GCP_1",
        types=(CLUSTER,),
        demands="logs in Cloud Logging",
        holds=lambda cluster: at(cluster, "loggingService") != "none",
    ),
    Rule(
        id="CKV_GCP_7",
        types=(CLUSTER,),
        demands="no attribute-based access control",
        holds=lambda cluster: at(cluster, "enableLegacyAbac") is not True,
    ),
    Rule(
        id="CKV_GCP_8",
        types=(CLUSTER,),
        demands="metrics in Cloud Monitoring",
        holds=lambda cluster: at(cluster, "monitoringService") != "none",
    ),
    Rule(
        id="CKV_GCP_9",
        types=(POOL,),
        demands="broken nodes are repaired",
        holds=lambda pool: at(pool, "management.autoRepair") is True,
    ),
    Rule(
        id="CKV_GCP_10",
        types=(POOL,),
        demands="nodes follow the control plane's version",
        holds=lambda pool: at(pool, "management.autoUpgrade") is True,
    ),
    Rule(
        id="CKV_GCP_12",
        types=(CLUSTER,),
        demands="network policies are enforced, by Dataplane V2 or by Calico",
        holds=lambda cluster: (
            at(cluster, "datapathProvider") == "ADVANCED_DATAPATH"
            or at(cluster, "networkPolicy.enabled") is True
        ),
    ),
    Rule(
        id="CKV_GCP_13",
        types=(CLUSTER,),
        demands="no client certificate is issued",
        holds=lambda cluster: (
            at(cluster, "masterAuth.clientCertificateConfig.issueClientCertificate") is False
        ),
    ),
    Rule(
        id="CKV_GCP_18",
        types=(CLUSTER,),
        demands="an API endpoint that is not open to all",
        holds=_not_open,
    ),
    Rule(
        id="CKV_GCP_20",
        types=(CLUSTER,),
        demands="an API endpoint for authorized networks only, or without an address",
        holds=_limited,
    ),
    Rule(
        id="CKV_GCP_21",
        types=(CLUSTER,),
        demands="labels on the cluster, by which its cost is found",
        holds=lambda cluster: present(cluster, "resourceLabels"),
    ),
    Rule(
        id="CKV_GCP_23",
        types=(CLUSTER,),
        demands="alias IP ranges for pods and Services",
        holds=lambda cluster: at(cluster, "ipAllocationPolicy") is not None,
    ),
    Rule(
        id="CKV_GCP_25",
        types=(CLUSTER,),
        demands="a private cluster",
        holds=lambda cluster: present(cluster, "privateClusterConfig"),
    ),
    Rule(
        id="CKV_GCP_61",
        types=(CLUSTER,),
        demands="traffic between pods of a node is seen by the VPC's flow logs",
        holds=lambda cluster: at(cluster, "enableIntranodeVisibility") is True,
    ),
    Rule(
        id="CKV_GCP_64",
        types=(CLUSTER,),
        demands="nodes without a public address",
        holds=lambda cluster: at(cluster, "privateClusterConfig.enablePrivateNodes") is True,
    ),
    Rule(
        id="CKV_GCP_65",
        types=(CLUSTER,),
        demands="RBAC subjects may be Google Groups",
        holds=lambda cluster: present(cluster, "authenticatorGroupsConfig.securityGroup"),
        opt_in="it needs a Google Workspace with the group `gke-security-groups@<domain>`",
    ),
    Rule(
        id="CKV_GCP_66",
        types=(CLUSTER,),
        demands="Binary Authorization decides, by the project's policy, which images run",
        holds=lambda cluster: (
            at(cluster, "binaryAuthorization.evaluationMode") == "PROJECT_SINGLETON_POLICY_ENFORCE"
        ),
    ),
    Rule(
        id="CKV_GCP_68",
        types=(CLUSTER, POOL),
        demands="nodes that boot signed software only",
        holds=_secure_boot,
    ),
    Rule(
        id="CKV_GCP_69",
        types=(CLUSTER, POOL),
        demands="GKE's metadata server in front of the node's, so that no pod reaches its account",
        holds=_metadata_server,
    ),
    Rule(
        id="CKV_GCP_70",
        types=(CLUSTER,),
        demands="a release channel",
        holds=lambda cluster: at(cluster, "releaseChannel.channel") not in (None, "UNSPECIFIED"),
    ),
    Rule(
        id="CKV_GCP_71",
        types=(CLUSTER,),
        demands="shielded nodes",
        holds=lambda cluster: at(cluster, "enableShieldedNodes") is not False,
    ),
    Rule(
        id="CKV_GCP_72",
        types=(CLUSTER, POOL),
        demands="integrity monitoring of shielded nodes",
        holds=_integrity,
    ),
    Rule(
        id="CKV_GCP_123",
        types=(CLUSTER,),
        demands="node pools are resources of their own, which can be deleted without the cluster",
        holds=lambda cluster: not present(cluster, "nodePools"),
    ),
    Rule(
        id="CKV2_GCP_1",
        types=(CLUSTER, POOL),
        demands="nodes that run as an account of their own, not as Compute Engine's default",
        holds=_own_account,
    ),
    Rule(
        id="CKV2_GCP_19",
        types=(CLUSTER,),
        demands="no alpha cluster, which ends after 30 days",
        holds=lambda cluster: at(cluster, "enableKubernetesAlpha") is not True,
    ),
    Rule(
        id="SLIPWAY_GKE_1",
        types=(CLUSTER,),
        demands="deletion protection",
        holds=lambda cluster: at(cluster, "deletionProtection") is not False,
    ),
    Rule(
        id="SLIPWAY_GKE_2",
        types=(CLUSTER,),
        demands="secrets encrypted by a KMS key",
        holds=_database_encrypted,
    ),
    Rule(
        id="SLIPWAY_GKE_3",
        types=(CLUSTER,),
        demands="Workload Identity",
        holds=lambda cluster: present(cluster, "workloadIdentityConfig.workloadPool"),
    ),
    Rule(
        id="SLIPWAY_GKE_4",
        types=(CLUSTER,),
        demands="logs of the API server, the scheduler and the controller manager",
        holds=lambda cluster: set(every(cluster, "loggingConfig.enableComponents")) >= _LOGS,
    ),
    Rule(
        id="SLIPWAY_GKE_5",
        types=(POOL,),
        demands="disks encrypted by a KMS key",
        holds=lambda pool: present(pool, "nodeConfig.bootDiskKmsKey"),
    ),
    Rule(
        id="SLIPWAY_GKE_6",
        types=(POOL,),
        demands="nodes without a public address, whatever the cluster's setting is",
        holds=lambda pool: at(pool, "networkConfig.enablePrivateNodes") is not False,
    ),
)
