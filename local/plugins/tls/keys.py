"""Private keys in every encoding that the `PrivateKey` resource has."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

CURVES: Final[dict[str, type[ec.EllipticCurve]]] = {
    "P224": ec.SECP224R1,
    "P256": ec.SECP256R1,
    "P384": ec.SECP384R1,
    "P521": ec.SECP521R1,
}
ALGORITHMS: Final = ("RSA", "ECDSA", "ED25519")
DEFAULT_CURVE: Final = "P224"
DEFAULT_BITS: Final = 2048


def generate(algorithm: str, *, curve: str = DEFAULT_CURVE, bits: int = DEFAULT_BITS) -> PrivateKey:
    """A new key of one of `ALGORITHMS`; `curve` is for ECDSA, `bits` for RSA."""
    if algorithm == "RSA":
        return rsa.generate_private_key(public_exponent=65537, key_size=bits)
    if algorithm == "ECDSA":
        return ec.generate_private_key(CURVES[curve]())
    return ed25519.Ed25519PrivateKey.generate()


def load(pem: str) -> PrivateKey:
    """The key in `pem` (PKCS#1, SEC 1, PKCS#8 or OpenSSH); raises ValueError for anything else."""
    data = pem.encode()
    key = (
        serialization.load_ssh_private_key(data, password=None)
        if b"BEGIN OPENSSH" in data
        else serialization.load_pem_private_key(data, password=None)
    )
    if isinstance(key, PrivateKey):
        return key
    raise ValueError(f"a {type(key).__name__} is not supported: expected one of {ALGORITHMS}")


def algorithm_of(key: PrivateKey) -> str:
    """One of `ALGORITHMS`."""
    if isinstance(key, rsa.RSAPrivateKey):
        return "RSA"
    return "ECDSA" if isinstance(key, ec.EllipticCurvePrivateKey) else "ED25519"


def private_outputs(key: PrivateKey) -> dict[str, str]:
    """The secret outputs: PEM (PKCS#1 or SEC 1 if the algorithm has such a format), PKCS#8 and
    OpenSSH.

    OpenSSH does not support P224: the output is "", as with the official plugin.
    """
    pkcs8 = _private(key, PrivateFormat.PKCS8)
    traditional = (
        pkcs8
        if isinstance(key, ed25519.Ed25519PrivateKey)
        else _private(key, PrivateFormat.TraditionalOpenSSL)
    )
    return {
        "privateKeyPem": traditional,
        "privateKeyPemPkcs8": pkcs8,
        "privateKeyOpenssh": _private(key, PrivateFormat.OpenSSH) if _has_openssh(key) else "",
    }


def public_outputs(key: PrivateKey) -> dict[str, str]:
    """The public outputs: PEM, the OpenSSH line and its two fingerprints."""
    public = key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    if not _has_openssh(key):
        names = ("publicKeyOpenssh", "publicKeyFingerprintMd5", "publicKeyFingerprintSha256")
        return {"publicKeyPem": pem, **dict.fromkeys(names, "")}
    line = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    blob = base64.b64decode(line.split()[1])
    sha256 = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return {
        "publicKeyPem": pem,
        "publicKeyOpenssh": line + "\n",
        "publicKeyFingerprintMd5": hashlib.md5(blob, usedforsecurity=False).digest().hex(":"),
        "publicKeyFingerprintSha256": f"SHA256:{sha256}",
    }


def key_id(key: PrivateKey) -> str:
    """The SHA-1 of the public key, in hex: the id of a key's resource."""
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha1(der, usedforsecurity=False).hexdigest()


def _private(key: PrivateKey, encoding: PrivateFormat) -> str:
    return key.private_bytes(Encoding.PEM, encoding, NoEncryption()).decode()


def _has_openssh(key: PrivateKey) -> bool:
    return not (isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP224R1))
