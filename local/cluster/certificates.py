"""The cluster's certificate authority, its certificates and its kubeconfigs."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from local.cluster.spec import API_SERVICE_IP, ClusterSpec

#: Local clusters live shorter than a year.
VALIDITY = datetime.timedelta(days=365)

#: Client certificates: file name → (common name, organisation).
CLIENTS = {
    "admin": ("slipway-admin", "system:masters"),
    "cloud": ("slipway-cloud", "system:masters"),
    "apiserver-kubelet-client": ("kube-apiserver-kubelet-client", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "proxy": ("system:kube-proxy", "system:node-proxier"),
    "front-proxy-client": ("front-proxy-client", ""),
}


class Authority:
    """A certificate authority that writes what it signs into one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "slipway-local-ca")])
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self._write("ca", certificate, self._key)

    def _builder(
        self, subject: x509.Name, public_key: ec.EllipticCurvePublicKey
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + VALIDITY)
        )

    def issue(
        self, file: str, common_name: str, organisation: str = "", hosts: tuple[str, ...] = ()
    ) -> None:
        """Write `<file>.crt` and `<file>.key`: a client certificate, with `hosts` also a server
        certificate for them."""
        key = ec.generate_private_key(ec.SECP256R1())
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
        if organisation:
            attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
        purposes = [ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = self._builder(x509.Name(attributes), key.public_key())
        if hosts:
            purposes.append(ExtendedKeyUsageOID.SERVER_AUTH)
            names = x509.SubjectAlternativeName([_general_name(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        self._write(file, builder.sign(self._key, hashes.SHA256()), key)

    def _write(
        self, file: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
    ) -> None:
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        (self.directory / f"{file}.crt").write_bytes(pem)
        _write_key(self.directory / f"{file}.key", key)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def make(spec: ClusterSpec) -> None:
    """Write all certificates and kubeconfigs of a cluster into `spec.certificates`."""
    authority = Authority(spec.certificates)
    node_ip = spec.network.node_ip
    service_names = ("kubernetes", "kubernetes.default", "kubernetes.default.svc")
    hosts = (node_ip, "127.0.0.1", "localhost", API_SERVICE_IP, *service_names)
    authority.issue(
        "apiserver",
        "kube-apiserver",
        hosts=(*hosts, "kubernetes.default.svc.cluster.local"),
    )
    authority.issue("kubelet-server", spec.name, hosts=(node_ip, spec.name))
    authority.issue("kubelet", f"system:node:{spec.name}", "system:nodes")
    for file, (common_name, organisation) in CLIENTS.items():
        authority.issue(file, common_name, organisation)
    _write_key(spec.certificates / "service-account.key", ec.generate_private_key(ec.SECP256R1()))
    for file in ("admin", "kubelet", "controller-manager", "scheduler", "proxy"):
        path = spec.certificates / f"{file}.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(kubeconfig(spec, file))


def kubeconfig(
    spec: ClusterSpec, user: str, extensions: Mapping[str, Mapping[str, Any]] | None = None
) -> str:
    """A kubeconfig with the certificates inside it, as JSON (which is YAML). `extensions` of its
    cluster entry, by their names."""

    def encoded(file: str) -> str:
        return base64.b64encode((spec.certificates / file).read_bytes()).decode()

    name = f"slipway-{spec.name}"
    cluster: dict[str, Any] = {
        "server": spec.api_url,
        "certificate-authority-data": encoded("ca.crt"),
    }
    if extensions:
        cluster["extensions"] = [
            {"name": each, "extension": extension} for each, extension in extensions.items()
        ]
    credentials = {
        "client-certificate-data": encoded(f"{user}.crt"),
        "client-key-data": encoded(f"{user}.key"),
    }
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": credentials}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    return json.dumps(document, indent=2) + "\n"
