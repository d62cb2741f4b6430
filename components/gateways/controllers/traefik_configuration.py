"""What Traefik reads beside the routes: a file of dynamic configuration."""

from __future__ import annotations

from typing import Any

DIRECTORY, FILE = "/etc/traefik/config", "config.yaml"


def configuration(default_certificate: bool) -> dict[str, Any]:
    """Traefik's dynamic configuration. Compressed requests are refused with 415, since servers
    inflate 1 MB to 1 GiB. Traefik has no middleware that refuses a header: a route before all others
    takes such requests, and an allow list without a caller refuses them. No algorithm of gRPC but
    `identity` begins with `i`."""
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
