"""AWS: identifiers as the service gives them, and what it refuses by the order of things."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from local.clouds.account import Account, Record
from local.clouds.cloud import Cloud
from local.clouds.made_up import MOMENT, Facts, Kind

ACCOUNT: Final = "123456789012"
_HERE: Final = "{region}:{account}"
_EC2: Final = {
    "ec2/vpc:Vpc": "vpc",
    "ec2/subnet:Subnet": "subnet",
    "ec2/internetGateway:InternetGateway": "igw",
    "ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway": "eigw",
    "ec2/natGateway:NatGateway": "nat",
    "ec2/eip:Eip": "eipalloc",
    "ec2/routeTable:RouteTable": "rtb",
    "ec2/defaultRouteTable:DefaultRouteTable": "rtb",
    "ec2/route:Route": "r-rtb",
    "ec2/routeTableAssociation:RouteTableAssociation": "rtbassoc",
    "ec2/securityGroup:SecurityGroup": "sg",
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": "sg",
    "ec2/securityGroupRule:SecurityGroupRule": "sgrule",
    "ec2/networkAcl:NetworkAcl": "acl",
    "ec2/flowLog:FlowLog": "fl",
    "ec2/launchTemplate:LaunchTemplate": "lt",
    "ec2/vpcEndpoint:VpcEndpoint": "vpce",
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": "sgr",
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": "sgr",
    "efs/fileSystem:FileSystem": "fs",
    "efs/mountTarget:MountTarget": "fsmt",
    "efs/accessPoint:AccessPoint": "fsap",
}


#: Those that have no ARN of their own.
_PARTS: Final = (
    "EgressOnlyInternetGateway",
    "NatGateway",
    "Route",
    "RouteTableAssociation",
    "SecurityGroupRule",
    "MountTarget",
)


def _ec2() -> dict[str, Kind]:
    found = {}
    for token, prefix in _EC2.items():
        arn = {"arn": f"arn:aws:{token.partition('/')[0]}:{_HERE}:{prefix}/{{id}}"}
        part = token.rpartition(":")[2] in _PARTS
        found[f"aws:{token}"] = Kind(prefix + "-{hex17}", {} if part else arn)
    return found


KINDS: Final[Mapping[str, Kind]] = {
    **_ec2(),
    "aws:ec2/launchTemplate:LaunchTemplate": Kind(
        "lt-{hex17}",
        {"arn": f"arn:aws:ec2:{_HERE}:launch-template/{{id}}", "latestVersion": 1},
    ),
    "aws:eks/cluster:Cluster": Kind(
        "{name}",
        {
            "arn": f"arn:aws:eks:{_HERE}:cluster/{{id}}",
            "endpoint": "{api_url}",
            "certificateAuthority": {"data": "{api_ca}"},
            "identities": [
                {"oidcs": [{"issuer": "https://oidc.eks.{region}.amazonaws.com/id/{hex32}"}]}
            ],
            "vpcConfig": {"clusterSecurityGroupId": "sg-{hex17}", "vpcId": "vpc-{hex17}"},
            "status": "ACTIVE",
            "createdAt": MOMENT,
            "platformVersion": "eks.1",
        },
    ),
    "aws:eks/nodeGroup:NodeGroup": Kind(
        "{of[clusterName]}:{of[nodeGroupName]}",
        {
            "arn": f"arn:aws:eks:{_HERE}:nodegroup/{{of[clusterName]}}/{{of[nodeGroupName]}}/{{uuid}}",
            "status": "ACTIVE",
            "resources": [{"autoscalingGroups": [{"name": "eks-{of[nodeGroupName]}-{uuid}"}]}],
        },
    ),
    "aws:eks/addon:Addon": Kind(
        "{of[clusterName]}:{of[addonName]}",
        {"arn": f"arn:aws:eks:{_HERE}:addon/{{of[clusterName]}}/{{of[addonName]}}/{{uuid}}"},
    ),
    "aws:eks/accessEntry:AccessEntry": Kind("{of[clusterName]}:{of[principalArn]}"),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Kind(
        "{of[clusterName]}#{of[principalArn]}#{of[policyArn]}"
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Kind(
        "a-{hex17}", {"associationId": "{id}"}
    ),
    "aws:iam/role:Role": Kind(
        "{name}",
        {"arn": "arn:aws:iam::{account}:role/{id}", "uniqueId": "AROA{hex17}"},
    ),
    "aws:iam/policy:Policy": Kind("arn:aws:iam::{account}:policy/{name}", {"arn": "{id}"}),
    "aws:iam/rolePolicy:RolePolicy": Kind("{of[role]}:{name}"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Kind("{of[role]}/{of[policyArn]}"),
    "aws:iam/instanceProfile:InstanceProfile": Kind(
        "{name}", {"arn": "arn:aws:iam::{account}:instance-profile/{id}"}
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": Kind(
        "arn:aws:iam::{account}:oidc-provider/{hex32}", {"arn": "{id}"}
    ),
    "aws:kms/key:Key": Kind("{uuid}", {"arn": f"arn:aws:kms:{_HERE}:key/{{id}}", "keyId": "{id}"}),
    "aws:kms/alias:Alias": Kind("{name}", {"arn": f"arn:aws:kms:{_HERE}:{{id}}"}),
    "aws:cloudwatch/logGroup:LogGroup": Kind(
        "{name}", {"arn": f"arn:aws:logs:{_HERE}:log-group:{{id}}"}
    ),
    "aws:cloudwatch/eventRule:EventRule": Kind(
        "{name}", {"arn": f"arn:aws:events:{_HERE}:rule/{{id}}"}
    ),
    "aws:sqs/queue:Queue": Kind(
        "https://sqs.{region}.amazonaws.com/{account}/{name}",
        {"arn": f"arn:aws:sqs:{_HERE}:{{name}}", "url": "{id}"},
    ),
    "aws:ecr/repository:Repository": Kind(
        "{name}",
        {
            "arn": f"arn:aws:ecr:{_HERE}:repository/{{id}}",
            "registryId": "{account}",
            "repositoryUrl": "{account}.dkr.ecr.{region}.amazonaws.com/{name}",
        },
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": Kind("{of[repository]}"),
    "aws:route53/zone:Zone": Kind("Z{hex17}", {"zoneId": "{id}"}),
    "aws:route53/record:Record": Kind("{of[zoneId]}_{name}_{of[type]}", {"fqdn": "{name}"}),
    "aws:s3/bucket:Bucket": Kind(
        "{of[bucket]}", {"arn": "arn:aws:s3:::{id}", "bucketDomainName": "{id}.s3.amazonaws.com"}
    ),
    "aws:efs/fileSystem:FileSystem": Kind(
        "fs-{hex17}",
        {
            "arn": f"arn:aws:elasticfilesystem:{_HERE}:file-system/{{id}}",
            "dnsName": "{id}.efs.{region}.amazonaws.com",
        },
    ),
}


def _zones(given: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    region = given.get("region") or facts.region
    letters = "abc"
    return {
        "names": [f"{region}{letter}" for letter in letters],
        "zoneIds": [f"{region}-az{number}" for number in range(1, len(letters) + 1)],
        "id": region,
        "region": region,
    }


def _identity(given: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    return {
        "accountId": facts.account,
        "arn": f"arn:aws:iam::{facts.account}:role/simulated",
        "userId": "AROASIMULATED",
        "id": facts.account,
    }


def _region(given: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    region = given.get("region") or facts.region
    return {"id": region, "name": region, "region": region, "description": region}


def _partition(given: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    return {
        "partition": "aws",
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
        "id": "aws",
    }


def _parameter(given: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    """The public parameters of EKS images name an image; others are not known here."""
    name = str(given["name"])
    value = "ami-0123456789abcdef0" if "ami" in name or "image_id" in name else f"value of {name}"
    return {"value": value, "insecureValue": value, "type": "String", "version": 1, "id": name}


def _policy(given: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    statements = []
    for each in given.get("statements") or []:
        statement: dict[str, Any] = {"Effect": each.get("effect", "Allow")}
        statement |= {
            key.capitalize(): each[key] for key in ("sid", "actions", "resources") if each.get(key)
        }
        statements.append(statement)
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return {"json": text, "minifiedJson": text, "id": "policy"}


def _addon(given: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    return {"version": f"v1.0.0-eksbuild.1+{given.get('kubernetesVersion')}"}


def _vpc(given: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    return {"cidrBlock": "10.0.0.0/16", "state": "available", "ownerId": facts.account}


def _subnet(given: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    digit = sum(str(given.get("id")).encode()) % 3
    return {
        "availabilityZone": f"{facts.region}{'abc'[digit]}",
        "cidrBlock": f"10.0.{digit}.0/24",
        "state": "available",
    }


def _zone(given: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    name = given.get("name") or "example.com"
    return {"name": name, "zoneId": given.get("zoneId") or "Z0123456789SIMULATED"}


def _token(given: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    password = base64.b64encode(b"AWS:simulated").decode()
    return {"authorizationToken": password, "userName": "AWS", "password": "simulated"}


def _balancer_zone(given: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    return {"id": "Z0123456789BALANCER"}


FUNCTIONS: Final = {
    "aws:lb/getHostedZoneId:getHostedZoneId": _balancer_zone,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:index/getCallerIdentity:getCallerIdentity": _identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:ssm/getParameter:getParameter": _parameter,
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy,
    "aws:eks/getAddonVersion:getAddonVersion": _addon,
    "aws:ec2/getVpc:getVpc": _vpc,
    "aws:ec2/getSubnet:getSubnet": _subnet,
    "aws:route53/getZone:getZone": _zone,
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": _token,
}


def _cluster_needs(record: Record, account: Account) -> str | None:
    return _role_needs(account, str(record.inputs["roleArn"]), "AmazonEKSClusterPolicy")


def _node_group_needs(record: Record, account: Account) -> str | None:
    """Nodes that cannot join make `NodeCreationFailure`, after half an hour."""
    role = str(record.inputs["nodeRoleArn"])
    return _role_needs(
        account, role, "AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy"
    )


def _role_needs(account: Account, arn: str, *policies: str) -> str | None:
    roles = [each for each in account.of("aws:iam/role:Role") if each.outputs["arn"] == arn]
    attached = [
        str(each.inputs["policyArn"]).rpartition("/")[2]
        for each in account.of("aws:iam/rolePolicyAttachment:*")
        if roles and each.inputs["role"] == roles[0].outputs["name"]
    ]
    if not roles or set(attached) & set(policies):
        return None
    return f"role {roles[0].id} has no policy {' or '.join(policies)} attached yet"


def _nat_needs(record: Record, account: Account) -> str | None:
    """`Gateway.NotAttached`: a public NAT gateway wants the VPC's internet gateway first."""
    subnet = account.find("aws:ec2/subnet:Subnet", str(record.inputs.get("subnetId")))
    if subnet is None or record.inputs.get("connectivityType") == "private":
        return None
    vpc = subnet.inputs["vpcId"]
    attached = [
        *account.of("aws:ec2/internetGateway:*"),
        *account.of("aws:ec2/internetGatewayAttachment:*"),
    ]
    if any(each.inputs.get("vpcId") == vpc for each in attached):
        return None
    return f"Gateway.NotAttached: network {vpc} has no Internet gateway attached"


def _log_group_is_free(record: Record, account: Account) -> str | None:
    """EKS makes the group itself where it finds none."""
    for cluster in account.of("aws:eks/cluster:Cluster"):
        if record.inputs.get("name") == f"/aws/eks/{cluster.id}/cluster" and cluster.inputs.get(
            "enabledClusterLogTypes"
        ):
            return f"ResourceAlreadyExistsException: {cluster.id} has made its log group itself"
    return None


def _gateway_is_free(record: Record, account: Account) -> str | None:
    vpc = record.inputs.get("vpcId")
    subnets = {each.id for each in account.of("aws:ec2/subnet:*") if each.inputs["vpcId"] == vpc}
    nats = [e for e in account.of("aws:ec2/natGateway:*") if e.inputs.get("subnetId") in subnets]
    if not nats:
        return None
    return f"DependencyViolation: network {vpc} has some mapped public addresses ({nats[0].id})"


def _attachment_is_free(record: Record, account: Account) -> str | None:
    """Without its policies a role's node groups and clusters cannot clean up behind them."""
    roles = [e for e in account.of("aws:iam/role:*") if e.outputs["name"] == record.inputs["role"]]
    for each in (*account.of("aws:eks/nodeGroup:*"), *account.of("aws:eks/cluster:*")):
        arn = each.inputs.get("nodeRoleArn") or each.inputs.get("roleArn")
        if roles and arn == roles[0].outputs["arn"]:
            return f"DependencyViolation: {each.label} works by this policy"
    return None


CLOUD: Final = Cloud(
    name="aws",
    account=ACCOUNT,
    needs_project=False,
    clusters=("aws:eks/cluster:Cluster",),
    kinds=KINDS,
    functions=FUNCTIONS,
    by_name={
        "clusterName": "aws:eks/cluster:*",
        "role": "aws:iam/role:*",
        "roles": "aws:iam/role:*",
        "repository": "aws:ecr/repository:*",
        "bucket": "aws:s3/bucket*",
        "rule": "aws:cloudwatch/eventRule:*",
    },
    creations={
        "aws:eks/cluster:Cluster": _cluster_needs,
        "aws:eks/nodeGroup:NodeGroup": _node_group_needs,
        "aws:ec2/natGateway:NatGateway": _nat_needs,
        "aws:cloudwatch/logGroup:LogGroup": _log_group_is_free,
    },
    deletions={
        "aws:ec2/internetGateway:InternetGateway": _gateway_is_free,
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _attachment_is_free,
    },
)
