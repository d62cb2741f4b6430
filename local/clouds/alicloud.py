"""Alibaba Cloud: the identifiers, outputs and functions that its simulation needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from local.clouds.cloud import Cloud, caller_account
from local.clouds.fake_values import MOMENT, Facts, Kind

ACCOUNT: Final = "1234567890123456"
_PREFIXES: Final = {
    "vpc/network:Network": "vpc",
    "vpc/switch:Switch": "vsw",
    "vpc/natGateway:NatGateway": "ngw",
    "vpc/snatEntry:SnatEntry": "snat",
    "vpc/flowLog:FlowLog": "fl",
    "vpc/routeTable:RouteTable": "vtb",
    "ecs/eipAddress:EipAddress": "eip",
    "ecs/eip:Eip": "eip",
    "ecs/securityGroup:SecurityGroup": "sg",
    "ecs/securityGroupRule:SecurityGroupRule": "sgr",
    "nas/fileSystem:FileSystem": "nas",
    "nas/mountTarget:MountTarget": "mnt",
    "cr/registryEnterpriseInstance:RegistryEnterpriseInstance": "cri",
    "dns/alidnsRecord:AlidnsRecord": "rec",
    "nlb/loadBalancer:LoadBalancer": "nlb",
}

KINDS: Final[Mapping[str, Kind]] = {
    **{f"alicloud:{token}": Kind(f"{prefix}-{{hex17}}") for token, prefix in _PREFIXES.items()},
    "alicloud:vpc/natGateway:NatGateway": Kind(
        "ngw-{hex17}", {"snatTableIds": "stb-{hex17}", "forwardTableIds": "ftb-{hex17}"}
    ),
    "alicloud:ecs/eipAddress:EipAddress": Kind("eip-{hex17}", {"ipAddress": "198.18.0.9"}),
    "alicloud:ecs/eipAssociation:EipAssociation": Kind("{of[allocationId]}:{of[instanceId]}"),
    "alicloud:cs/managedKubernetes:ManagedKubernetes": Kind(
        "c{hex32}",
        {
            "connections": [
                {
                    "apiServerInternet": "{api_url}",
                    "apiServerIntranet": "{api_url}",
                    "masterPublicIp": "198.18.0.10",
                    "serviceDomain": "*.{id}.{region}.alicontainer.com",
                }
            ],
            "controlPlaneEndpointsConfig": {"loadBalancersConfigs": [{"endpoint": "{api_url}"}]},
            "vpcId": "vpc-{hex17}",
            "workerRamRoleName": "KubernetesWorkerRole-{uuid}",
            "securityGroupId": "sg-{hex17}",
            "rrsaMetadata": {
                "enabled": True,
                "rrsaOidcIssuerUrl": "https://oidc-ack-{region}.oss-{region}.aliyuncs.com/{id}",
                "ramOidcProviderName": "ack-rrsa-{id}",
                "ramOidcProviderArn": "acs:ram::{account}:oidc-provider/ack-rrsa-{id}",
            },
        },
    ),
    "alicloud:cs/nodePool:NodePool": Kind(
        "{of[clusterId]}:np{hex32}", {"nodePoolId": "np{hex32}", "scalingGroupId": "asg-{hex17}"}
    ),
    "alicloud:cs/kubernetesAddon:KubernetesAddon": Kind("{of[clusterId]}:{name}"),
    "alicloud:kms/key:Key": Kind(
        "key-{hex17}", {"arn": "acs:kms:{region}:{account}:key/{id}", "creationDate": MOMENT}
    ),
    "alicloud:ram/role:Role": Kind(
        "{of[roleName]}{of[name]}", {"arn": "acs:ram::{account}:role/{id}", "roleId": "{number}"}
    ),
    "alicloud:ram/policy:Policy": Kind("{of[policyName]}{of[name]}", {"type": "Custom"}),
    "alicloud:ram/rolePolicyAttachment:RolePolicyAttachment": Kind(
        "role:{of[policyName]}:{of[policyType]}:{of[roleName]}"
    ),
    "alicloud:ims/oidcProvider:OidcProvider": Kind(
        "{of[oidcProviderName]}", {"arn": "acs:ram::{account}:oidc-provider/{id}"}
    ),
    "alicloud:log/project:Project": Kind("{of[projectName]}{of[name]}"),
    "alicloud:log/store:Store": Kind("{of[projectName]}{of[project]}:{of[logstoreName]}{of[name]}"),
    "alicloud:log/logTailConfig:LogTailConfig": Kind("{of[project]}:{of[logstore]}:{name}"),
    "alicloud:log/logTailAttachment:LogTailAttachment": Kind(
        "{of[project]}:{of[logtailConfigName]}:{of[machineGroupName]}"
    ),
    "alicloud:cs/registryEnterpriseNamespace:RegistryEnterpriseNamespace": Kind(
        "{of[instanceId]}:{name}"
    ),
    "alicloud:cs/registryEnterpriseRepo:RegistryEnterpriseRepo": Kind(
        "{of[instanceId]}:{of[namespace]}:{name}", {"repoId": "crr-{hex17}"}
    ),
    "alicloud:nas/accessGroup:AccessGroup": Kind("{of[accessGroupName]}:standard"),
    "alicloud:nas/accessRule:AccessRule": Kind("{of[accessGroupName]}:1"),
    "alicloud:cs/autoscalingConfig:AutoscalingConfig": Kind("{of[clusterId]}"),
    "alicloud:cr/namespace:Namespace": Kind("{name}"),
    "alicloud:cr/repo:Repo": Kind("{of[namespace]}/{name}"),
}


def _zones(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    ids = [f"{facts.region}-{letter}" for letter in "hij"]
    return {"ids": ids, "id": facts.region, "zones": []}


def _account(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    return {"id": caller_account(facts)}


def _caller(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    account = caller_account(facts)
    return {
        "accountId": account,
        "arn": f"acs:ram::{account}:assumed-role/simulated/slipway",
        "identityType": "AssumedRoleUser",
        "id": account,
    }


def _credential(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    """A kubeconfig without a user, since the simulation issues no certificates."""
    cluster = {"server": facts.api["url"], "certificate-authority-data": facts.api["ca"]}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "kubernetes", "cluster": cluster}],
    }
    return {"kubeConfig": json.dumps(document), "expiration": MOMENT, "id": arguments["clusterId"]}


def _regions(arguments: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    return {"ids": [facts.region], "id": facts.region, "regions": []}


FUNCTIONS: Final = {
    "alicloud:index/getZones:getZones": _zones,
    "alicloud:index/getAccount:getAccount": _account,
    "alicloud:index/getCallerIdentity:getCallerIdentity": _caller,
    "alicloud:cs/getClusterCredential:getClusterCredential": _credential,
    "alicloud:index/getRegions:getRegions": _regions,
}

CLOUD: Final = Cloud(
    name="alicloud",
    account=ACCOUNT,
    place="region",
    clusters=("alicloud:cs/managedKubernetes:ManagedKubernetes",),
    kinds=KINDS,
    functions=FUNCTIONS,
    by_name={
        "roleName": "alicloud:ram/role:*",
        "policyName": "alicloud:ram/policy:*",
        "projectName": "alicloud:log/project:*",
        "project": "alicloud:log/project:*",
        "slsProjectName": "alicloud:log/project:*",
        "controlPlaneLogProject": "alicloud:log/project:*",
        "namespace": "alicloud:cr/namespace:*",
    },
)
