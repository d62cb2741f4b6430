"""Google Cloud: the identifiers, outputs, functions and rules that its simulation needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from local.clouds.account import Account, Record
from local.clouds.cloud import Cloud
from local.clouds.fake_values import Facts, Kind

#: The number of every project. The names of its service agents contain it.
NUMBER: Final = "123456789012"
_COMPUTE: Final = "https://www.googleapis.com/compute/v1/"
_REGIONAL: Final = "projects/{project}/regions/{region}"
_LOCATED: Final = "projects/{project}/locations/{location}"


def _compute(path: str, **outputs: Any) -> Kind:
    return Kind(path, {"selfLink": _COMPUTE + "{id}", **outputs})


def _member(of: str) -> Kind:
    return Kind(f"{{of[{of}]}}/{{of[role]}}/{{of[member]}}")


KINDS: Final[Mapping[str, Kind]] = {
    "gcp:compute/network:Network": _compute(
        "projects/{project}/global/networks/{name}", networkId="{number}", numericId="{number}"
    ),
    "gcp:compute/subnetwork:Subnetwork": _compute(
        _REGIONAL + "/subnetworks/{name}", gatewayAddress="10.0.0.1"
    ),
    "gcp:compute/router:Router": _compute(_REGIONAL + "/routers/{name}"),
    "gcp:compute/routerNat:RouterNat": Kind("{project}/{region}/{of[router]}/{name}"),
    "gcp:compute/address:Address": _compute(_REGIONAL + "/addresses/{name}", address="198.18.0.7"),
    "gcp:compute/globalAddress:GlobalAddress": _compute(
        "projects/{project}/global/addresses/{name}", address="198.18.0.8"
    ),
    "gcp:compute/firewall:Firewall": _compute("projects/{project}/global/firewalls/{name}"),
    "gcp:container/cluster:Cluster": Kind(
        _LOCATED + "/clusters/{name}",
        {
            "selfLink": "https://container.googleapis.com/v1/{id}",
            "endpoint": "{api_host}",
            "masterAuth": {"clusterCaCertificate": "{api_ca}"},
            "masterVersion": "{of[minMasterVersion]}",
            "controlPlaneEndpointsConfig": {"dnsEndpointConfig": {"endpoint": "{api_host}"}},
            "privateClusterConfig": {
                "privateEndpoint": "{api_host}",
                "publicEndpoint": "{api_host}",
                "peeringName": "gke-{hex8}-peer",
            },
        },
    ),
    "gcp:container/nodePool:NodePool": Kind(_LOCATED + "/clusters/{of[cluster]}/nodePools/{name}"),
    "gcp:serviceaccount/account:Account": Kind(
        "projects/{project}/serviceAccounts/{of[accountId]}@{project}.iam.gserviceaccount.com",
        {
            "email": "{of[accountId]}@{project}.iam.gserviceaccount.com",
            "member": "serviceAccount:{of[accountId]}@{project}.iam.gserviceaccount.com",
            "name": "{id}",
            "uniqueId": "{number}",
        },
    ),
    "gcp:serviceaccount/iAMMember:IAMMember": _member("serviceAccountId"),
    "gcp:projects/iAMMember:IAMMember": _member("project"),
    "gcp:storage/bucketIAMMember:BucketIAMMember": _member("bucket"),
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": _member("cryptoKeyId"),
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": _member("repository"),
    "gcp:kms/keyRing:KeyRing": Kind(_LOCATED + "/keyRings/{name}"),
    "gcp:kms/cryptoKey:CryptoKey": Kind("{of[keyRing]}/cryptoKeys/{name}"),
    "gcp:artifactregistry/repository:Repository": Kind(
        _LOCATED + "/repositories/{of[repositoryId]}",
        {
            "name": "{of[repositoryId]}",
            "registryUri": "{location}-docker.pkg.dev/{project}/{of[repositoryId]}",
        },
    ),
    "gcp:dns/managedZone:ManagedZone": Kind("projects/{project}/managedZones/{name}"),
    "gcp:dns/recordSet:RecordSet": Kind(
        "projects/{project}/managedZones/{of[managedZone]}/rrsets/{name}/{of[type]}"
    ),
    "gcp:filestore/instance:Instance": Kind(_LOCATED + "/instances/{name}"),
    "gcp:projects/serviceIdentity:ServiceIdentity": Kind(
        "projects/{project}/services/{of[service]}",
        {
            "email": "service-123456789012@{of[service]}",
            "member": "serviceAccount:service-123456789012@{of[service]}",
        },
    ),
    "gcp:projects/service:Service": Kind("{project}/{of[service]}"),
}


def _project(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    project = arguments.get("projectId") or facts.project
    return {"number": NUMBER, "projectId": project, "name": project, "id": f"projects/{project}"}


def _client(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    return {"project": facts.project, "region": facts.region, "zone": f"{facts.region}-a"}


def _zones(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    region = arguments.get("region") or facts.region
    return {"names": [f"{region}-{letter}" for letter in "abc"], "region": region, "id": region}


def _managed_zone(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    return {
        "dnsName": "example.com.",
        "id": f"projects/{facts.project}/managedZones/{arguments['name']}",
    }


def _network(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    path = (
        f"projects/{arguments.get('project') or facts.project}/global/networks/{arguments['name']}"
    )
    return {"id": path, "selfLink": _COMPUTE + path}


def _subnetwork(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    region, name = arguments.get("region") or facts.region, arguments.get("name")
    path = (
        f"projects/{arguments.get('project') or facts.project}/regions/{region}/subnetworks/{name}"
    )
    return {"id": path, "selfLink": _COMPUTE + path, "ipCidrRange": "10.0.0.0/20"}


FUNCTIONS: Final = {
    "gcp:organizations/getProject:getProject": _project,
    "gcp:organizations/getClientConfig:getClientConfig": _client,
    "gcp:compute/getZones:getZones": _zones,
    "gcp:compute/getNetwork:getNetwork": _network,
    "gcp:compute/getSubnetwork:getSubnetwork": _subnetwork,
    "gcp:dns/getManagedZone:getManagedZone": _managed_zone,
}


def _cluster_needs(record: Record, account: Account) -> str | None:
    """A cluster needs the permission of GKE's service agent to use the key."""
    key = (record.inputs.get("databaseEncryption") or {}).get("keyName")
    return _key_needs(account, key, "container-engine-robot")


def _node_pool_needs(record: Record, account: Account) -> str | None:
    """A node's disk needs the permission of Compute Engine's service agent to use the key."""
    key = (record.inputs.get("nodeConfig") or {}).get("bootDiskKmsKey")
    return _key_needs(account, key, "compute-system")


def _key_needs(account: Account, key: str | None, agent: str) -> str | None:
    crypto_key = account.find("gcp:kms/cryptoKey:CryptoKey", key) if key else None
    if crypto_key is None:
        return None
    bindings = [
        *account.of("gcp:kms/cryptoKeyIAM*"),
        *account.of("gcp:kms/keyRingIAM*"),
        *account.of("gcp:projects/iAM*"),
    ]
    for each in bindings:
        members = [each.inputs.get("member"), *(each.inputs.get("members") or [])]
        if any(agent in str(member) for member in members):
            return None
    return (
        f"Cloud KMS key {key}: service account service-{NUMBER}@{agent}.iam.gserviceaccount.com "
        "has no roles/cloudkms.cryptoKeyEncrypterDecrypter on it yet"
    )


CLOUD: Final = Cloud(
    name="gcp",
    account=NUMBER,
    place="project",
    clusters=("gcp:container/cluster:Cluster",),
    kinds=KINDS,
    functions=FUNCTIONS,
    by_name={
        "cluster": "gcp:container/cluster:*",
        "network": "gcp:compute/network:*",
        "subnetwork": "gcp:compute/subnetwork:*",
        "router": "gcp:compute/router:*",
        "managedZone": "gcp:dns/managedZone:*",
        "repository": "gcp:artifactregistry/repository:*",
        "bucket": "gcp:storage/bucket:*",
    },
    creations={
        "gcp:container/cluster:Cluster": _cluster_needs,
        "gcp:container/nodePool:NodePool": _node_pool_needs,
    },
    protected=("gcp:container/cluster:Cluster",),
)
