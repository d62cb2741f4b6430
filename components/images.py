"""`Images`: where the images of a stack are pulled from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Images:
    """Upstream names, or the same names at a mirror (a registry host, with a path if any), pinned
    by those of `digests` that are known, by their upstream names. `charts` is a chart repository
    that has the charts of all vendors."""

    mirror: str | None = None
    pull_policy: str = "Always"
    digests: Mapping[str, str] = field(default_factory=dict)
    charts: str | None = None
    _named: set[str] = field(default_factory=set)

    def resolve(self, reference: str) -> str:
        """The image to pull for an upstream reference with a tag or digest: at the mirror the
        upstream's registry host is dropped, `registry.k8s.io/a/b:1` is `<mirror>/a/b:1`."""
        self._named.add(reference)
        pinned = f"@{self.digests[reference]}" if reference in self.digests else ""
        if self.mirror is None:
            return f"{reference}{pinned}"
        first, slash, rest = reference.partition("/")
        # Docker's rule: a first part with a dot or a port is a host, or it is `localhost`.
        is_host = slash and ("." in first or ":" in first or first == "localhost")
        return f"{self.mirror}/{rest if is_host else reference}{pinned}"

    def chart(self, name: str, upstream: str) -> tuple[str, str | None]:
        """What Helm calls the chart `name` of the repository `upstream`, and the repository where
        that does not say it: a registry (`oci://`) is a part of the name."""
        repository = self.charts or upstream
        if repository.startswith("oci://"):
            return f"{repository}/{name}", None
        return name, repository

    def unused(self) -> list[str]:
        """The names in `digests` that no image of the stack had so far."""
        return sorted(self.digests.keys() - self._named)
