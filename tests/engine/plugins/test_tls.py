"""Keys and certificates are made once, kept, and renewed when it is time."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.engine.plugins.conftest import Bench

_CHAIN = """
import pulumi_tls as tls
key = tls.PrivateKey("ca", algorithm="ECDSA", ecdsa_curve="P256")
ca = tls.SelfSignedCert("ca", private_key_pem=key.private_key_pem, is_ca_certificate=True,
    subject={{"common_name": "ca", "organization": "slipway"}}, validity_period_hours=48,
    allowed_uses=["cert_signing"], early_renewal_hours={early})
leaf_key = tls.PrivateKey("leaf", algorithm="ED25519")
request = tls.CertRequest("leaf", private_key_pem=leaf_key.private_key_pem,
    subject={{"common_name": "leaf"}}, dns_names=["models.localhost"], ip_addresses=["10.0.0.1"])
leaf = tls.LocallySignedCert("leaf", cert_request_pem=request.cert_request_pem,
    ca_private_key_pem=key.private_key_pem, ca_cert_pem=ca.cert_pem, validity_period_hours=24,
    allowed_uses=["server_auth", "digital_signature"])
pulumi.export("ca", ca.cert_pem)
pulumi.export("leaf", leaf.cert_pem)
pulumi.export("key", leaf_key.private_key_pem)
"""


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ('algorithm="RSA", rsa_bits=2048', rsa.RSAPrivateKey),
        ('algorithm="ECDSA", ecdsa_curve="P384"', ec.EllipticCurvePrivateKey),
        ('algorithm="ED25519"', ed25519.Ed25519PrivateKey),
    ],
)
def test_a_key_is_of_the_kind_asked_for_and_its_spellings_agree(
    bench: Bench, arguments: str, kind: type
) -> None:
    project = bench()
    project.program(
        f'import pulumi_tls\nk = pulumi_tls.PrivateKey("k", {arguments})\n'
        "for n in ('private_key_pem', 'private_key_pem_pkcs8', 'public_key_openssh',"
        " 'public_key_fingerprint_sha256'):\n    pulumi.export(n, getattr(k, n))"
    )
    outcome = project.up()
    outputs = project.outputs()
    key = load_pem_private_key(outputs["private_key_pem"].encode(), None)
    same = load_pem_private_key(outputs["private_key_pem_pkcs8"].encode(), None)
    assert isinstance(key, kind)
    assert key.public_key() == same.public_key()  # type: ignore[union-attr]
    assert base64.b64decode(outputs["public_key_openssh"].split()[1])
    assert outputs["public_key_fingerprint_sha256"].startswith("SHA256:")
    line = outputs["private_key_pem"].splitlines()[1]
    assert line not in outcome.text
    assert line not in project.state_text()


def test_a_chain_verifies_and_is_left_alone_until_its_renewal_is_due(bench: Bench) -> None:
    project = bench()
    project.program(_CHAIN.format(early=0))
    project.up()
    first = project.outputs()
    ca, leaf = (x509.load_pem_x509_certificate(first[name].encode()) for name in ("ca", "leaf"))
    leaf.verify_directly_issued_by(ca)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["models.localhost"]
    assert ca.not_valid_after_utc - ca.not_valid_before_utc == timedelta(hours=48)

    assert "replaced" not in project.up().counts()
    project.program(_CHAIN.format(early=1))
    project.up()
    assert project.outputs() == first

    project.program(_CHAIN.format(early=49))
    project.up()
    renewed = project.outputs()
    assert renewed["ca"] != first["ca"]
    assert renewed["leaf"] != first["leaf"]
    assert renewed["key"] == first["key"]


def test_an_algorithm_that_does_not_exist_is_refused_with_those_that_do(bench: Bench) -> None:
    project = bench()
    project.program('import pulumi_tls\npulumi_tls.PrivateKey("k", algorithm="DSA")')
    failed = project.up(check=False)
    assert failed.code != 0
    assert "DSA" in failed.text
    assert "ED25519" in failed.text
