"""`bucket_identity`: read access to OSS buckets for the volumes that ACK's CSI driver mounts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_alicloud import cs, ram

from components.clusters.ack.names import ram_name
from components.contracts.identity import BucketAccess, Identity
from components.kubernetes.object import KubernetesObject

#: Where ACK's CSI driver runs one process per mounted volume. The driver's add-on creates it.
MOUNT_NAMESPACE = "ack-csi-fuse"
_AUDIENCE = "sts.aliyuncs.com"


@dataclass(frozen=True, kw_only=True)
class OidcProvider:
    """The OIDC provider by which RAM recognizes the service accounts of one cluster (RRSA)."""

    arn: pulumi.Output[str]
    issuer: pulumi.Output[str]

    @classmethod
    def of(cls, cluster: cs.ManagedKubernetes) -> OidcProvider:
        """The provider of `cluster`."""
        rrsa = cluster.rrsa_metadata
        return cls(arn=rrsa["ram_oidc_provider_arn"], issuer=rrsa["rrsa_oidc_issuer_url"])


def bucket_identity(
    service_account: str,
    namespace: pulumi.Input[str],
    bucket_access: Sequence[BucketAccess],
    *,
    cluster_name: str,
    oidc: OidcProvider,
    provider: pulumi.ProviderResource,
    opts: pulumi.ResourceOptions,
) -> Identity:
    """Read access for volume mounts. ACK's CSI driver mounts a bucket under a service account of
    its own namespace: that account gets a role, and the model's pods get none.

    Names in the cloud begin with `cluster_name`; `provider` is the cluster's Kubernetes provider.
    """
    if not bucket_access:
        return Identity()
    reader = OssReader(
        f"{service_account}-reads",
        role=ram_name(cluster_name, "reads", service_account),
        oidc=oidc,
        account=pulumi.Output.concat(namespace, "-", service_account),
        bucket_access=bucket_access,
        provider=provider,
        opts=opts,
    )
    return Identity(
        mount={
            "authType": "rrsa",
            "roleName": reader.role,
            "serviceAccountName": reader.account,
        }
    )


class OssReader(pulumi.ComponentResource):
    """A service account for mounts, a RAM role that trusts only this account of this cluster
    (RRSA), and a policy that reads the objects under the prefixes. There are no static keys."""

    role: pulumi.Output[str]
    """The role's name. It is known once the policy is attached."""
    account: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        role: str,
        oidc: OidcProvider,
        account: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        provider: pulumi.ProviderResource,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:AckOssReader", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.account = KubernetesObject(
            f"{name}-account",
            "v1",
            "ServiceAccount",
            {
                "metadata": {"name": account, "namespace": MOUNT_NAMESPACE},
                "automountServiceAccountToken": False,
            },
            pulumi.ResourceOptions(parent=self, provider=provider, delete_before_replace=True),
        ).name
        ram_role = ram.Role(
            f"{name}-role",
            role_name=role,
            description="Reads models in OSS for a cluster of Slipway",
            assume_role_policy_document=assume_role_policy(
                oidc, pulumi.Output.concat(MOUNT_NAMESPACE, ":", self.account)
            ),
            opts=child,
        )
        policy = ram.Policy(
            f"{name}-policy",
            # By the role's output, so that no policy is made if the role cannot be: the OIDC
            # provider's ARN fails with another account than the cluster's.
            policy_name=ram_role.role_name,
            description="Reads models in OSS for a cluster of Slipway",
            policy_document=json.dumps(read_policy([access.url for access in bucket_access])),
            opts=child,
        )
        attachment = ram.RolePolicyAttachment(
            f"{name}-reads",
            role_name=ram_role.role_name,
            policy_name=policy.policy_name,
            policy_type="Custom",
            opts=child,
        )
        self.role = attachment.role_name
        self.register_outputs({"role": self.role, "account": self.account})


def assume_role_policy(oidc: OidcProvider, account: pulumi.Input[str]) -> pulumi.Output[str]:
    """The trust policy of a role, as JSON: only the service account `account`, written
    `namespace:name`, of the cluster of `oidc` may assume it."""
    return pulumi.Output.all(oidc.arn, oidc.issuer, account).apply(
        lambda values: json.dumps(_trust(*values))
    )


def _trust(oidc_provider: str, issuer: str, account: str) -> dict[str, Any]:
    return {
        "Version": "1",
        "Statement": [
            {
                "Action": "sts:AssumeRole",
                "Effect": "Allow",
                "Principal": {"Federated": [oidc_provider]},
                "Condition": {
                    "StringEquals": {
                        "oidc:aud": _AUDIENCE,
                        "oidc:iss": issuer,
                        "oidc:sub": f"system:serviceaccount:{account}",
                    }
                },
            }
        ],
    }


def read_policy(urls: Sequence[str]) -> dict[str, Any]:
    """A policy that gets and lists the objects under each `oss://bucket/prefix`."""
    statements: list[dict[str, Any]] = []
    for url in dict.fromkeys(urls):
        bucket, _, prefix = url.removeprefix("oss://").strip("/").partition("/")
        statements += [
            {
                "Action": ["oss:GetObject"],
                "Effect": "Allow",
                "Resource": [f"acs:oss:*:*:{bucket}/{prefix}/*"],
            },
            {
                "Action": ["oss:ListObjects"],
                "Effect": "Allow",
                "Resource": [f"acs:oss:*:*:{bucket}"],
                "Condition": {"StringLike": {"oss:Prefix": [f"{prefix}/", f"{prefix}/*"]}},
            },
        ]
    return {"Version": "1", "Statement": statements}
