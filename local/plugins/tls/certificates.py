"""Certificates and certificate requests from the inputs of their resources."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local.plugins.tls.keys import PrivateKey, load

_KEY_USAGES: Final = {
    "digital_signature": "digital_signature",
    "content_commitment": "content_commitment",
    "key_encipherment": "key_encipherment",
    "data_encipherment": "data_encipherment",
    "key_agreement": "key_agreement",
    "cert_signing": "key_cert_sign",
    "crl_signing": "crl_sign",
    "encipher_only": "encipher_only",
    "decipher_only": "decipher_only",
}
# The object identifiers that cryptography does not name are those of Go's crypto/x509.
_EXTENDED_KEY_USAGES: Final = {
    "any_extended": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code_signing": ExtendedKeyUsageOID.CODE_SIGNING,
    "email_protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "ipsec_end_system": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.5"),
    "ipsec_tunnel": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.6"),
    "ipsec_user": x509.ObjectIdentifier("1.3.6.1.5.5.7.3.7"),
    "timestamping": ExtendedKeyUsageOID.TIME_STAMPING,
    "ocsp_signing": ExtendedKeyUsageOID.OCSP_SIGNING,
    "microsoft_server_gated_crypto": x509.ObjectIdentifier("1.3.6.1.4.1.311.10.3.3"),
    "netscape_server_gated_crypto": x509.ObjectIdentifier("2.16.840.1.113730.4.1"),
    "microsoft_commercial_code_signing": x509.ObjectIdentifier("1.3.6.1.4.1.311.2.1.22"),
    "microsoft_kernel_code_signing": x509.ObjectIdentifier("1.3.6.1.4.1.311.61.1.1"),
}
ALLOWED_USES: Final = tuple(sorted({*_KEY_USAGES, *_EXTENDED_KEY_USAGES}))
#: In the order in which Go writes a distinguished name.
_SUBJECT: Final = {
    "country": NameOID.COUNTRY_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "province": NameOID.STATE_OR_PROVINCE_NAME,
    "streetAddresses": NameOID.STREET_ADDRESS,
    "postalCode": NameOID.POSTAL_CODE,
    "commonName": NameOID.COMMON_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "emailAddress": NameOID.EMAIL_ADDRESS,
}


class Issued(NamedTuple):
    """A certificate: its serial number, PEM, and validity as RFC 3339 timestamps."""

    serial: str
    pem: str
    valid_from: str
    valid_until: str


def self_signed(inputs: Mapping[str, Any], key: PrivateKey) -> Issued:
    """A certificate for `key`, signed by `key`. Raises ValueError for unusable inputs."""
    subject = _name(inputs.get("subject"))
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
    builder = _add_names(builder.public_key(key.public_key()), _alternative_names(inputs))
    if inputs.get("setAuthorityKeyId"):
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False
        )
    return _sign(builder, inputs, key, key)


def locally_signed(inputs: Mapping[str, Any], authority_key: PrivateKey) -> Issued:
    """A certificate for a request, signed by an authority. Raises ValueError as `self_signed`."""
    request = x509.load_pem_x509_csr(str(inputs["certRequestPem"]).encode())
    if not request.is_signature_valid:
        raise ValueError("certRequestPem: the request's signature is not that of its own key")
    authority = x509.load_pem_x509_certificate(str(inputs["caCertPem"]).encode())
    builder = (
        x509.CertificateBuilder()
        .subject_name(request.subject)
        .issuer_name(authority.subject)
        .public_key(request.public_key())
    )
    try:
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = None
    builder = _add_names(builder, names)
    try:
        identifier = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        pass
    else:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier),
            critical=False,
        )
    return _sign(builder, inputs, request.public_key(), authority_key)


def request_pem(inputs: Mapping[str, Any], key: PrivateKey) -> str:
    """A certificate request for `key`, as PEM."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(inputs.get("subject")))
    if names := _alternative_names(inputs):
        builder = builder.add_extension(names, critical=False)
    return builder.sign(key, _digest(key)).public_bytes(Encoding.PEM).decode()


def private_key(inputs: Mapping[str, Any], prefix: str) -> PrivateKey:
    """The key in the input `<prefix>Pem`, else in `<prefix>PemWo`. Raises ValueError, which names
    the input."""
    for name in (f"{prefix}Pem", f"{prefix}PemWo"):
        if pem := inputs.get(name):
            try:
                return load(str(pem))
            except (ValueError, TypeError) as error:
                raise ValueError(f"{name}: expected a private key in PEM: {error}") from error
    raise ValueError(f"{prefix}Pem: expected a private key in PEM, got nothing")


def _sign(
    builder: x509.CertificateBuilder,
    inputs: Mapping[str, Any],
    subject_key: Any,
    signer: PrivateKey,
) -> Issued:
    start = datetime.now(UTC).replace(microsecond=0)
    end = start + timedelta(hours=float(inputs["validityPeriodHours"]))
    serial = x509.random_serial_number()
    is_authority = bool(inputs.get("isCaCertificate"))
    public = subject_key.public_key() if isinstance(subject_key, PrivateKey) else subject_key
    length = inputs.get("maxPathLength")
    builder = (
        builder.serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(
            x509.BasicConstraints(
                ca=is_authority,
                # The official plugin cannot express 0 and leaves the length out.
                path_length=length if is_authority and length and length > 0 else None,
            ),
            critical=True,
        )
    )
    if is_authority or inputs.get("setSubjectKeyId"):
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(public), critical=False
        )
    builder = _add_uses(builder, inputs.get("allowedUses") or [])
    certificate = builder.sign(signer, _digest(signer))
    return Issued(
        str(serial),
        certificate.public_bytes(Encoding.PEM).decode(),
        start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        end.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def _add_uses(builder: x509.CertificateBuilder, uses: list[str]) -> x509.CertificateBuilder:
    plain = {_KEY_USAGES[use] for use in uses if use in _KEY_USAGES}
    if plain:
        usage = x509.KeyUsage(**{name: name in plain for name in _KEY_USAGES.values()})
        builder = builder.add_extension(usage, critical=True)
    extended = [_EXTENDED_KEY_USAGES[use] for use in uses if use in _EXTENDED_KEY_USAGES]
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    return builder


def _add_names(
    builder: x509.CertificateBuilder, names: x509.SubjectAlternativeName | None
) -> x509.CertificateBuilder:
    return builder.add_extension(names, critical=False) if names else builder


def _name(subject: Mapping[str, Any] | None) -> x509.Name:
    attributes = []
    for key, oid in _SUBJECT.items():
        value = (subject or {}).get(key)
        values = value if isinstance(value, list) else [value]
        attributes += [x509.NameAttribute(oid, str(item)) for item in values if item]
    return x509.Name(attributes)


def _alternative_names(inputs: Mapping[str, Any]) -> x509.SubjectAlternativeName | None:
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in inputs.get("dnsNames") or []]
    for address in inputs.get("ipAddresses") or []:
        try:
            names.append(x509.IPAddress(ip_address(address)))
        except ValueError as error:
            raise ValueError(f"ipAddresses: {address!r} is no IP address") from error
    names += [x509.UniformResourceIdentifier(uri) for uri in inputs.get("uris") or []]
    return x509.SubjectAlternativeName(names) if names else None


def _digest(key: PrivateKey) -> hashes.SHA256 | None:
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
