"""`oss_identity`: leave to read directories of OSS, for what mounts them."""

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

#: Where ACK's driver runs a process for each volume that it mounts; the driver's add-on makes it.
MOUNT_NAMESPACE = "ack-csi-fuse"
_AUDIENCE = "sts.aliyuncs.com"


@dataclass(frozen=True, kw_only=True)
class OidcProvider:
    """Who vouches to RAM for the service accounts of one cluster (RRSA)."""

    arn: pulumi.Output[str]
    issuer: pulumi.Output[str]

    @classmethod
    def of(cls, cluster: cs.ManagedKubernetes) -> OidcProvider:
        """That of `cluster`."""
        rrsa = cluster.rrsa_metadata
        return cls(arn=rrsa["ram_oidc_provider_arn"], issuer=rrsa["rrsa_oidc_issuer_url"])


def oss_identity(
    service_account: str,
    namespace: pulumi.Input[str],
    bucket_access: Sequence[BucketAccess],
    *,
    called: str,
    oidc: OidcProvider,
    provider: pulumi.ProviderResource,
    opts: pulumi.ResourceOptions,
) -> Identity:
    """ACK's driver mounts buckets, under an account of its own namespace: that one is let in, and
    the pods are not. Names in the cloud begin with `called`; `provider` is the cluster's."""
    if not bucket_access:
        return Identity()
    reader = OssReader(
        f"{service_account}-reads",
        ram_name(called, "reads", service_account),
        oidc,
        pulumi.Output.concat(namespace, "-", service_account),
        bucket_access,
        provider,
        opts,
    )
    return Identity(
        mount={
            "authType": "rrsa",
            "roleName": reader.role,
            "serviceAccountName": reader.account,
        }
    )


class OssReader(pulumi.ComponentResource):
    """A service account that mounts run under, a RAM role that trusts this account of this
    cluster alone (RRSA), and a policy to read what is below the prefixes. Nothing has a key."""

    role: pulumi.Output[str]
    """The role's name, known when it may read."""
    account: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        role: str,
        oidc: OidcProvider,
        account: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        provider: pulumi.ProviderResource,
        opts: pulumi.ResourceOptions | None = None,
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
        assumed = ram.Role(
            f"{name}-role",
            role_name=role,
            description="Reads models in OSS for a cluster of Slipway",
            assume_role_policy_document=trusting_account(
                oidc, pulumi.Output.concat(MOUNT_NAMESPACE, ":", self.account)
            ),
            opts=child,
        )
        policy = ram.Policy(
            f"{name}-policy",
            # After the role, which is made in the cluster's account or not at all.
            policy_name=assumed.role_name,
            description="Reads models in OSS for a cluster of Slipway",
            policy_document=json.dumps(reading([access.url for access in bucket_access])),
            opts=child,
        )
        attached = ram.RolePolicyAttachment(
            f"{name}-reads",
            role_name=assumed.role_name,
            policy_name=policy.policy_name,
            policy_type="Custom",
            opts=child,
        )
        self.role = attached.role_name
        self.register_outputs({"role": self.role, "account": self.account})


def trusting_account(oidc: OidcProvider, account: pulumi.Input[str]) -> pulumi.Output[str]:
    """Who may take a role on, as JSON: `account`, a namespace and a name, of the cluster that
    `oidc` vouches for."""
    return pulumi.Output.all(oidc.arn, oidc.issuer, account).apply(
        lambda it: json.dumps(_trust(*it))
    )


def _trust(authority: str, issuer: str, account: str) -> dict[str, Any]:
    return {
        "Version": "1",
        "Statement": [
            {
                "Action": "sts:AssumeRole",
                "Effect": "Allow",
                "Principal": {"Federated": [authority]},
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


def reading(urls: Sequence[str]) -> dict[str, Any]:
    """Leave to read objects below `oss://bucket/prefix`, and to list these."""
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
