"""`AckRemoteIdentity`: identities for bucket mounts on an ACK cluster of another stack."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_alicloud import get_caller_identity_output

from components.clusters.ack.identity import OidcProvider, bucket_identity
from components.clusters.ack.names import cluster_name
from components.clusters.ack.provider import alicloud_provider
from components.clusters.kubeconfig_cluster import KubeconfigCluster
from components.config.provider_keys import Settings
from components.contracts.identity import BucketAccess, Identity, IdentityOutput


class AckRemoteIdentity:
    """RAM roles by RRSA, in the cluster's account. Role names are unique in an account, so they
    begin with the name of this stack: other stacks on the same cluster have roles of their own."""

    def __init__(
        self,
        name: str,
        cluster: KubeconfigCluster,
        identity_output: IdentityOutput,
        settings: Settings,
    ) -> None:
        self._cluster = cluster
        alicloud = alicloud_provider(
            f"{name}-cloud",
            settings,
            region=identity_output("region"),
            opts=pulumi.ResourceOptions(parent=cluster),
        )
        caller = get_caller_identity_output(
            opts=pulumi.InvokeOptions(parent=cluster, provider=alicloud)
        )
        arn = pulumi.Output.all(identity_output("oidc_provider_arn"), caller.account_id)
        self._oidc = OidcProvider(
            arn=arn.apply(_check_account), issuer=identity_output("oidc_issuer")
        )
        self._opts = pulumi.ResourceOptions(providers=[alicloud])

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """As `contracts.Cluster.identity`."""
        return bucket_identity(
            service_account,
            namespace,
            bucket_access,
            cluster_name=cluster_name(pulumi.get_stack()),
            oidc=self._oidc,
            provider=self._cluster.provider,
            opts=pulumi.ResourceOptions.merge(self._opts, opts),
        )


def _check_account(arn_and_account: Sequence[str]) -> str:
    """The ARN of the cluster's OIDC provider, `acs:ram::ACCOUNT:oidc-provider/…`, if its account
    is the one of the credentials.

    Raises `pulumi.RunError` for another account.
    """
    arn, account = arn_and_account
    if arn.split(":")[3] != account:
        raise pulumi.RunError(
            f"the cluster of `slipway:cluster.stack` is in account `{arn.split(':')[3]}` of Alibaba "
            f"Cloud, and the credentials are of account `{account}`: use credentials of the first"
        )
    return arn
