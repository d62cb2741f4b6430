"""`AckBeside`: identities for mounts on an ACK cluster that another stack made."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_alicloud import Provider, get_caller_identity_output

from components.clusters.ack.identity import OidcProvider, oss_identity
from components.clusters.ack.names import cluster_name
from components.clusters.providers import make_provider
from components.clusters.reached import ReachedCluster
from components.config.provider_keys import Settings
from components.contracts.identity import BucketAccess, Fact, Identity


class AckBeside:
    """RAM roles by RRSA, named after this stack: the names are the account's, and another stack
    beside the same cluster has its own. They have to be in the cluster's account."""

    def __init__(self, name: str, cluster: ReachedCluster, fact: Fact, settings: Settings) -> None:
        self._cluster = cluster
        cloud = make_provider(
            Provider,
            "alicloud",
            f"{name}-cloud",
            settings,
            pulumi.ResourceOptions(parent=cluster),
            region=fact("region"),
        )
        caller = get_caller_identity_output(
            opts=pulumi.InvokeOptions(parent=cluster, provider=cloud)
        )
        arn = pulumi.Output.all(fact("oidc_provider_arn"), caller.account_id)
        self._oidc = OidcProvider(arn=arn.apply(_in_one_account), issuer=fact("oidc_issuer"))
        self._inside = pulumi.ResourceOptions(providers=[cloud])

    def identity(
        self,
        service_account: str,
        namespace: pulumi.Input[str],
        bucket_access: Sequence[BucketAccess],
        opts: pulumi.ResourceOptions,
    ) -> Identity:
        """As `contracts.Cluster.identity`."""
        return oss_identity(
            service_account,
            namespace,
            bucket_access,
            called=cluster_name(pulumi.get_stack()),
            oidc=self._oidc,
            provider=self._cluster.provider,
            opts=pulumi.ResourceOptions.merge(self._inside, opts),
        )


def _in_one_account(found: Sequence[str]) -> str:
    """The ARN of the cluster's OIDC provider, `acs:ram::ACCOUNT:oidc-provider/…`."""
    arn, account = found
    if arn.split(":")[3] != account:
        raise pulumi.RunError(
            f"the cluster of `slipway:cluster.stack` is in account `{arn.split(':')[3]}` of Alibaba "
            f"Cloud, and the credentials are of account `{account}`: use credentials of the first"
        )
    return arn
