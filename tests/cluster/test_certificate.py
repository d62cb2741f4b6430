"""`up` ends only when the gateway answers calls and presents its certificate, also to clients
without SNI: the tests use the first call after each `up`."""

from __future__ import annotations

import socket
import ssl

from tests.cluster.checkout import Checkout
from tests.cluster.continuous_calls import HALF_PLUS_TWO


def up(checkout: Checkout, *options: str) -> tuple[str, str]:
    """The gateway's address and certificate, which it presents right after `up`."""
    checkout.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", *options)
    gateway = checkout.outputs()["gateway"]
    address, certificate = gateway["address"], gateway["ca_certificate"]
    assert presented(address) == ssl.PEM_cert_to_DER_cert(certificate)
    for protocol in ("grpc", "rest"):
        answer = checkout.predict("half_plus_two", "1", "2", "5", protocol=protocol)
        assert answer == HALF_PLUS_TWO
    return address, certificate


def presented(address: str) -> bytes | None:
    """The certificate that the gateway presents to a client without SNI."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((address, 443), 10) as plain,
        context.wrap_socket(plain) as encrypted,
    ):
        return encrypted.getpeercert(binary_form=True)


def test_up_ends_when_the_certificate_of_a_bare_address_is_presented(changed: Checkout) -> None:
    config = changed.config()
    gateway = config["config"]["slipway:gateway"]
    del gateway["host"]
    changed.write_config(config)
    address, first = up(changed)

    gateway["tls"]["days"] = 30
    changed.write_config(config)
    same, second = up(changed)
    assert same == address and second != first

    changed.kubectl("delete", "service", "gateway", "-n", "slipway-gateway")
    other, third = up(changed, "--refresh")
    assert other != address and third != second
    changed.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", "dev")
