"""`Images`: where the images of a stack are pulled from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Images:
    """Upstream names, or the same names at a mirror (a registry host, with a path if any)."""

    mirror: str | None = None

    def resolve(self, reference: str) -> str:
        """The image to pull for an upstream reference with a tag or digest: at the mirror the
        upstream's registry host is dropped, `registry.k8s.io/a/b:1` is `<mirror>/a/b:1`."""
        if self.mirror is None:
            return reference
        first, slash, rest = reference.partition("/")
        # Docker's rule: a first part with a dot or a port is a host, or it is `localhost`.
        is_host = slash and ("." in first or ":" in first or first == "localhost")
        return f"{self.mirror}/{rest if is_host else reference}"
