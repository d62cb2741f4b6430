"""Rules for EKS: clusters, node groups, and the launch templates of their nodes."""

from __future__ import annotations

import base64
import binascii
import re

from .rule import Properties, Rule, at, every, is_true, open_to_all, present

CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
#: The template of the nodes that Karpenter makes.
NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"

#: The oldest minor version in components/clusters/eks/versions.py.
OLDEST_MINOR = "1.34"
#: https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
_LOGS = {"api", "audit", "authenticator", "controllerManager", "scheduler"}
#: Long-lived and temporary access keys, by their prefixes in
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html, and secret keys, by
#: the name that every SDK reads.
_KEYS = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|aws_secret_access_key\s*[=:]", re.IGNORECASE)


def _not_open(cluster: Properties) -> bool:
    if at(cluster, "vpcConfig.endpointPublicAccess") is False:
        return True
    cidrs = every(cluster, "vpcConfig.publicAccessCidrs")
    return bool(cidrs) and not open_to_all(cidrs)


def _secrets_encrypted(cluster: Properties) -> bool:
    resources = every(cluster, "encryptionConfig.resources")
    return "secrets" in resources and present(cluster, "encryptionConfig.provider.keyArn")


def _supported(cluster: Properties) -> bool:
    version = at(cluster, "version")
    # Without a version, a new cluster gets AWS's newest.
    return version is None or _minor(version) >= _minor(OLDEST_MINOR)


def _minor(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


def _ssh_limited(group: Properties) -> bool:
    return not present(group, "remoteAccess.ec2SshKey") or present(
        group, "remoteAccess.sourceSecurityGroupIds"
    )


def _tokens_required(template: Properties) -> bool:
    endpoint: str | None = at(template, "metadataOptions.httpEndpoint")
    tokens: str | None = at(template, "metadataOptions.httpTokens")
    return endpoint == "disabled" or tokens == "required"


def _no_keys(template: Properties) -> bool:
    data = at(template, "userData") or ""
    try:
        text = base64.b64decode(data, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        text = data
    return not _KEYS.search(text)


def _disks_encrypted(template: Properties) -> bool:
    disks = [each for each in every(template, "blockDeviceMappings") if present(each, "ebs")]
    return bool(disks) and all(
        is_true(at(disk, "ebs.encrypted")) and present(disk, "ebs.kmsKeyId") for disk in disks
    )


def _node_disks_encrypted(node: Properties) -> bool:
    disks = every(node, "spec.blockDeviceMappings")
    return bool(disks) and all(
        at(disk, "ebs.encrypted") is True and present(disk, "ebs.kmsKeyID") for disk in disks
    )


RULES = (
    Rule(
        id="CKV_AWS_37",
        types=(CLUSTER,),
        demands="control plane logs of all kinds: api, audit, authenticator, controllerManager "
        "and scheduler",
        holds=lambda cluster: set(every(cluster, "enabledClusterLogTypes")) >= _LOGS,
    ),
    Rule(
        id="CKV_AWS_38",
        types=(CLUSTER,),
        demands="an API endpoint that is private, or public to named CIDRs and not to all",
        holds=_not_open,
    ),
    Rule(
        id="CKV_AWS_39",
        types=(CLUSTER,),
        demands="an API endpoint that is private",
        holds=lambda cluster: at(cluster, "vpcConfig.endpointPublicAccess") is False,
        opt_in="`access: {kind: cidrs}` is for users without a runner in the VPC; CKV_AWS_38 limits "
        "its ranges",
    ),
    Rule(
        id="CKV_AWS_58",
        types=(CLUSTER,),
        demands="secrets encrypted by a KMS key",
        holds=_secrets_encrypted,
    ),
    Rule(
        id="CKV_AWS_339",
        types=(CLUSTER,),
        demands=f"a minor version that AWS supports: {OLDEST_MINOR} or newer",
        holds=_supported,
    ),
    Rule(
        id="CKV_AWS_100",
        types=(NODE_GROUP,),
        demands="no SSH from everywhere: a key only together with source security groups",
        holds=_ssh_limited,
    ),
    Rule(
        id="CKV_AWS_79",
        types=(TEMPLATE,),
        demands="the second version of the instance metadata service only",
        holds=_tokens_required,
    ),
    Rule(
        id="CKV_AWS_341",
        types=(TEMPLATE,),
        demands="a metadata hop limit of 1, so that no pod reaches the node's role",
        holds=lambda template: at(template, "metadataOptions.httpPutResponseHopLimit") == 1,
    ),
    Rule(
        id="CKV_AWS_88",
        types=(TEMPLATE,),
        demands="nodes without a public address",
        holds=lambda template: (
            not any(
                is_true(at(each, "associatePublicIpAddress"))
                for each in every(template, "networkInterfaces")
            )
        ),
    ),
    Rule(
        id="CKV_AWS_46",
        types=(TEMPLATE,),
        demands="no access key in the user data",
        holds=_no_keys,
    ),
    Rule(
        id="SLIPWAY_EKS_1",
        types=(CLUSTER,),
        demands="deletion protection",
        holds=lambda cluster: at(cluster, "deletionProtection") is True,
    ),
    Rule(
        id="SLIPWAY_EKS_2",
        types=(CLUSTER,),
        demands="only access entries grant access (`authenticationMode: API`)",
        holds=lambda cluster: at(cluster, "accessConfig.authenticationMode") == "API",
    ),
    Rule(
        id="SLIPWAY_EKS_3",
        types=(CLUSTER,),
        demands="an API endpoint inside the VPC, so that nodes do not leave it to reach the API",
        holds=lambda cluster: at(cluster, "vpcConfig.endpointPrivateAccess") is True,
    ),
    Rule(
        id="SLIPWAY_EKS_4",
        types=(TEMPLATE,),
        demands="disks encrypted by a KMS key",
        holds=_disks_encrypted,
    ),
    Rule(
        id="SLIPWAY_EKS_5",
        types=(NODE_GROUP,),
        demands="a launch template: without one, nodes have AWS's default metadata options and disks",
        holds=lambda group: present(group, "launchTemplate"),
    ),
    Rule(
        id="SLIPWAY_EKS_6",
        types=(NODE_GROUP,),
        demands="no image of Amazon Linux 2, which is out of support",
        holds=lambda group: not str(at(group, "amiType") or "").startswith("AL2_"),
    ),
    Rule(
        id="SLIPWAY_EKS_7",
        types=(NODE_CLASS,),
        demands="the second version of the instance metadata service only, with a hop limit of 1",
        holds=lambda node: (
            at(node, "spec.metadataOptions.httpTokens") == "required"
            and at(node, "spec.metadataOptions.httpPutResponseHopLimit") == 1
        ),
    ),
    Rule(
        id="SLIPWAY_EKS_8",
        types=(NODE_CLASS,),
        demands="disks encrypted by a KMS key",
        holds=_node_disks_encrypted,
    ),
    Rule(
        id="SLIPWAY_EKS_9",
        types=(NODE_CLASS,),
        demands="nodes without a public address",
        holds=lambda node: at(node, "spec.associatePublicIPAddress") is False,
    ),
)
