"""AWS: the identifiers and outputs that its simulation needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from local.clouds import aws_functions as functions
from local.clouds import aws_rules as rules
from local.clouds.cloud import Cloud
from local.clouds.fake_values import MOMENT, Kind

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


#: Types without an ARN.
_WITHOUT_ARN: Final = (
    "EgressOnlyInternetGateway",
    "NatGateway",
    "Route",
    "RouteTableAssociation",
    "SecurityGroupRule",
    "MountTarget",
)


def _ec2() -> dict[str, Kind]:
    kinds = {}
    for token, prefix in _EC2.items():
        arn = {"arn": f"arn:aws:{token.partition('/')[0]}:{_HERE}:{prefix}/{{id}}"}
        without_arn = token.rpartition(":")[2] in _WITHOUT_ARN
        kinds[f"aws:{token}"] = Kind(prefix + "-{hex17}", {} if without_arn else arn)
    return kinds


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


CLOUD: Final = Cloud(
    name="aws",
    account=ACCOUNT,
    place="region",
    clusters=("aws:eks/cluster:Cluster",),
    kinds=KINDS,
    functions=functions.FUNCTIONS,
    by_name={
        "clusterName": "aws:eks/cluster:*",
        "role": "aws:iam/role:*",
        "roles": "aws:iam/role:*",
        "repository": "aws:ecr/repository:*",
        "bucket": "aws:s3/bucket*",
        "rule": "aws:cloudwatch/eventRule:*",
    },
    creations=rules.CREATIONS,
    deletions=rules.DELETIONS,
    allowed=rules.allowed,
)
