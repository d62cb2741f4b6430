"""Where an image is pulled from, by its upstream reference."""

from __future__ import annotations


def at_mirror(reference: str, mirror: str | None) -> str:
    """`reference` at a mirror, a registry host with a path if any: the upstream's host is dropped,
    `registry.k8s.io/a/b:1` is `<mirror>/a/b:1`. Without a mirror it is itself."""
    return reference if mirror is None else f"{mirror}/{without_host(reference)}"


def without_host(reference: str) -> str:
    """Docker's rule: a first part with a dot or a port is a host, or it is `localhost`."""
    first, slash, rest = reference.partition("/")
    is_host = slash and ("." in first or ":" in first or first == "localhost")
    return rest if is_host else reference
