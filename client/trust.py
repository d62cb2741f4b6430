"""The trusted CA certificates, for gRPC and REST."""

import ssl
from pathlib import Path

from client.errors import OutputsError


def root_certificates(ca_certificate: str | None) -> bytes | None:
    """PEM for gRPC: the stack's CA, else the system's bundle ($SSL_CERT_FILE or OpenSSL's default
    file), else None, with which gRPC uses its built-in list."""
    if ca_certificate is not None:
        return ca_certificate.encode()
    bundle = ssl.get_default_verify_paths().cafile
    return Path(bundle).read_bytes() if bundle else None


def ssl_context(ca_certificate: str | None) -> ssl.SSLContext:
    """A context that verifies chain and host name with the stack's CA, or with the system's roots.

    Raises OutputsError if the CA is not a PEM certificate.
    """
    try:
        return ssl.create_default_context(cadata=ca_certificate)
    except (ssl.SSLError, ValueError) as error:
        raise OutputsError(
            f"The stack output `gateway.ca_certificate` is no PEM certificate ({error}).",
            "Refresh the outputs with `pulumi up`.",
        ) from error
