"""Checks that pods have credentials for the buckets that their models are in."""

from __future__ import annotations

from collections.abc import Iterator

from components import registry
from components.config.cluster_options import ClusterOptions
from components.config.mistakes import Mistake
from components.config.parsed import Parsed

_FIX = (
    "write `credentials: bucket-key`, the name of a Secret in the models' namespace that holds the "
    "cloud's credentials file under the key credentials, or `anonymous: true` where the bucket is "
    "public"
)
_OSS_FIX = (
    "write `role: reads-models`, the name of the RAM role that the driver takes on, or "
    "`credentials: oss-key` where the cluster has no RRSA, the name of a Secret with akId and "
    "akSecret"
)


def check(config: Parsed) -> Iterator[Mistake]:
    cluster = config.cluster
    if cluster is None:
        return
    for model, options in config.models.items():
        source = options.source
        if not source.needs_identity or source.scheme in cluster.identity_schemes:
            continue
        if not config.is_whole("models", model, "source"):
            continue  # the value with a mistake may be the credentials
        yield Mistake(
            path=f"slipway:models.{model}.source.credentials",
            shown=None,
            expected=f"a key for {config.shown('models', model, 'source', 'uri')}, since a cluster "
            f"of kind `{cluster.kind}` gives its pods no cloud identity for `{source.scheme}://`",
            fix=_identity_fix(cluster, source.scheme)
            + (_OSS_FIX if source.scheme == "oss" else _FIX),
        )


def _identity_fix(cluster: ClusterOptions, scheme: str | None) -> str:
    """The fix by a kind of workload identity, where the stack file may name one and does not."""
    if not cluster.lacks_identity_kind:
        return ""
    clouds = (
        kind
        for kind in registry.CLUSTERS.kinds()
        if scheme in registry.CLUSTERS.options(kind).identities
    )
    return "".join(
        f"write `identity: {kind}` in `slipway:cluster` where that cluster is one of {kind.upper()}; "
        "else "
        for kind in clouds
    )
