"""Which models need an identity of their pods that the cluster does not give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components import registry
from components.config.report import Mistake, shown


def missing(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Buckets that nothing lets the pods in to."""
    cluster, models = raw.get("cluster"), raw.get("models")
    kind = cluster.get("kind") if isinstance(cluster, dict) else None
    if kind not in registry.kinds("clusters") or not isinstance(models, dict):
        return
    given = registry.implementation("clusters", kind).options.identities
    for model, options in models.items():
        source = options.get("source") if isinstance(options, dict) else None
        if not isinstance(source, dict) or source.get("kind") not in registry.kinds("sources"):
            continue
        scheme = registry.implementation("sources", source["kind"]).options.scheme
        said = source.get("credentials") is not None or source.get("anonymous")
        if said or scheme in {None, *given}:
            continue
        yield Mistake(
            path=f"slipway:models.{model}.source.credentials",
            shown=None,
            expected=f"a key for {shown(source.get('uri'))}, since a cluster of kind `{kind}` "
            "gives its pods no cloud identity",
            fix="make a Secret in the models' namespace with the cloud's credentials file under "
            "the key `credentials`, and write `credentials: <its name>`; where the bucket is "
            "public, `anonymous: true`",
        )
