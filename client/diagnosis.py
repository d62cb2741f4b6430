"""Finds out why a connection fails, by connecting once more without gRPC.

gRPC distinguishes a refused port, an untrusted certificate and a wrong host only in the text of its
message, which differs between releases. Python's ssl module has codes for them.
"""

import socket
import ssl
import urllib.parse

from client.errors import (
    ClientError,
    DeadChannelError,
    UntrustedCertificateError,
    WrongHostError,
)
from client.trust import ssl_context

_PROBE_TIMEOUT = 3.0  # seconds; the failed attempt before it had longer
_HOSTNAME_MISMATCH, _IP_MISMATCH = 62, 64  # X509_V_ERR_* of OpenSSL's x509_vfy.h


def split_address(address: str, default_port: int = 443) -> tuple[str, int]:
    """Host and port of "host:port", "[v6]:port" or "host"."""
    parts = urllib.parse.urlsplit(f"//{address}")
    return parts.hostname or "", parts.port or default_port


def diagnose(
    address: str, host: str, ca_certificate: str | None, *, tls: bool, h2: bool, waited: float
) -> ClientError | None:
    """The error of a connection to `address` ("host:port") with a certificate for `host`, or None if
    it succeeds. `waited`: seconds already spent. `h2`: the server has to speak HTTP/2.
    """
    try:
        with socket.create_connection(split_address(address), timeout=_PROBE_TIMEOUT) as plain:
            if not tls:
                return None
            context = ssl_context(ca_certificate)
            if h2:
                context.set_alpn_protocols(["h2"])
            with context.wrap_socket(plain, server_hostname=host) as wrapped:
                if not h2 or wrapped.selected_alpn_protocol() == "h2":
                    return None
                reason = "it speaks TLS but not HTTP/2"
    except ssl.SSLCertVerificationError as error:
        return certificate_error(error, address, host, ca_certificate)
    except OSError as error:
        reason = _reason(error)
    return dead_channel(address, host, waited, reason)


def dead_channel(address: str, host: str, waited: float, reason: str) -> DeadChannelError:
    """The error that no connection to `address` could be made."""
    return DeadChannelError(
        f"{address} (for {host}) could not be talked to within {waited:.1f} s; last it said: {reason}.",
        "See whether the gateway runs and the address is current (`pulumi refresh`);"
        " `python -m client check MODEL` goes around the gateway.",
    )


def certificate_error(
    error: ssl.SSLCertVerificationError, address: str, host: str, ca_certificate: str | None
) -> ClientError:
    """The error for a failed verification, which names what was expected."""
    if error.verify_code in (_HOSTNAME_MISMATCH, _IP_MISMATCH):
        return WrongHostError(
            f"The certificate at {address} is trusted but not made for {host!r}"
            f" ({error.verify_message}).",
            "Set slipway:gateway host to the name clients use, and run `pulumi up`.",
        )
    return UntrustedCertificateError(
        f"The certificate at {address} is not trusted ({error.verify_message}); expected one of"
        f" {_issuer(ca_certificate)}.",
        "If the gateway's certificate was renewed, refresh the outputs (`pulumi up`, then"
        " `pulumi stack output --json`).",
    )


def _issuer(ca_certificate: str | None) -> str:
    """The expected CA, by the subject of its certificate."""
    if ca_certificate is None:
        return "the system's roots (the stack output gateway.ca_certificate is null)"
    names = []
    for certificate in ssl_context(ca_certificate).get_ca_certs():
        fields = dict(pair for group in certificate["subject"] for pair in group)  # type: ignore[misc]
        names.append(", ".join(f"{key}={value}" for key, value in fields.items()) or "no subject")
    return f"the CA in the stack output gateway.ca_certificate ({'; '.join(names) or 'no CA'})"


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing, within {_PROBE_TIMEOUT:.0f} s"
    return (error.strerror or str(error)).strip().rstrip(".")
