"""Traefik's dynamic configuration, which it reads from a file beside the Ingress objects."""

from __future__ import annotations

from typing import Any

DIRECTORY, FILE = "/etc/traefik/config", "config.yaml"


def configuration(default_certificate: bool) -> dict[str, Any]:
    """Traefik's dynamic configuration. It refuses compressed requests with 415: servers decompress
    1 MB into up to 1 GiB. Traefik has no middleware that refuses a request for a header, so a router
    of the highest priority matches such requests, and its allow list, which contains no client,
    refuses them. `identity` means uncompressed, and no other encoding of gRPC begins with `i`."""
    compressed = {
        "rule": "HeaderRegexp(`Content-Encoding`, `.`) || HeaderRegexp(`Grpc-Encoding`, `^[^i]`)",
        "priority": 2**31,
        "middlewares": ["refuse"],
        "service": "noop@internal",
    }
    nobody = {"sourceRange": ["255.255.255.255/32"], "rejectStatusCode": 415}
    configuration: dict[str, Any] = {
        "http": {
            "routers": {
                "compressed": {**compressed, "entryPoints": ["web"]},
                "compressed-tls": {**compressed, "entryPoints": ["websecure"], "tls": {}},
            },
            "middlewares": {"refuse": {"ipAllowList": nobody}},
        }
    }
    if default_certificate:
        tls = {"certFile": f"{DIRECTORY}/tls.crt", "keyFile": f"{DIRECTORY}/tls.key"}
        configuration["tls"] = {"stores": {"default": {"defaultCertificate": tls}}}
    return configuration
