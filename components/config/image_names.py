"""The names of images at a mirror."""

from __future__ import annotations


def at_mirror(reference: str, mirror: str | None) -> str:
    """`reference` at `mirror`, a registry host with an optional path, in place of the upstream host:
    `<mirror>/a/b:1` for `registry.k8s.io/a/b:1`. Without a mirror, `reference` itself."""
    return reference if mirror is None else f"{mirror}/{without_host(reference)}"


def without_host(reference: str) -> str:
    """By Docker's rule the first part is a host if it has a dot or a port, or is `localhost`."""
    first, slash, rest = reference.partition("/")
    is_host = slash and ("." in first or ":" in first or first == "localhost")
    return rest if is_host else reference
