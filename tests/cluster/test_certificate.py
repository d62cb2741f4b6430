"""`up` is done when the gateway shows its certificate, also to clients that name no host, and when
calls are answered: the first call after each `up` counts."""

from __future__ import annotations

import socket
import ssl

from tests.cluster.asked import HALF_PLUS_TWO
from tests.cluster.checkout import Checkout


def up(checkout: Checkout, *more: str) -> tuple[str, str]:
    """The gateway's address and certificate, which it shows right after `up`."""
    checkout.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", *more)
    gateway = checkout.outputs()["gateway"]
    address, certificate = gateway["address"], gateway["ca_certificate"]
    assert shown(address) == ssl.PEM_cert_to_DER_cert(certificate)
    for protocol in ("grpc", "rest"):
        answer = checkout.predict("half_plus_two", "1", "2", "5", protocol=protocol)
        assert answer == HALF_PLUS_TWO
    return address, certificate


def shown(address: str) -> bytes | None:
    """The certificate that a client is shown which names no host."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((address, 443), 10) as plain,
        context.wrap_socket(plain) as encrypted,
    ):
        return encrypted.getpeercert(binary_form=True)


def test_up_is_done_when_the_certificate_of_a_bare_address_is_shown(changed: Checkout) -> None:
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
