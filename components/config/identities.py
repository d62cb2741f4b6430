"""Which models need an identity of their pods that the cluster does not give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components import registry
from components.config.cluster_options import ClusterOptions
from components.config.report import Mistake
from components.config.secret_scan import shown

#: Keys of a source that say how it is read without the cluster's help.
_SAID = ("credentials", "anonymous", "role")
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


def missing(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Buckets that nothing lets the pods in to."""
    cluster, models = raw.get("cluster"), raw.get("models")
    if not isinstance(cluster, dict) or not isinstance(models, dict):
        return
    kind = cluster.get("kind")
    if kind not in registry.CLUSTERS.kinds():
        return
    there = registry.CLUSTERS.options(kind)
    given = there.identity_schemes(cluster)
    for model, options in models.items():
        source = options.get("source") if isinstance(options, dict) else None
        if not isinstance(source, dict) or source.get("kind") not in registry.SOURCES.kinds():
            continue
        scheme = registry.SOURCES.options(source["kind"]).scheme
        said = any(source.get(key) not in (None, False) for key in _SAID)
        if said or scheme is None or scheme in given:
            continue
        yield Mistake(
            path=f"slipway:models.{model}.source.credentials",
            shown=None,
            expected=f"a key for {shown(source.get('uri'))}, since a cluster of kind `{kind}` "
            f"gives its pods no cloud identity for `{scheme}://`",
            fix=_chosen(there, cluster, scheme) + (_OSS_FIX if scheme == "oss" else _FIX),
        )


def _chosen(options: type[ClusterOptions], cluster: Mapping[str, Any], scheme: str) -> str:
    """What to write of a cluster whose identities the stack file chooses, and does not yet."""
    if "identity" not in options.model_fields or cluster.get("identity") is not None:
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
