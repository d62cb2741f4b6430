"""Each mistake in a gateway is reported with its key, its value and its fix."""

from __future__ import annotations

import pytest

from tests.unit.config.mistaken import Case, assert_answered, gateway

MISTAKES: dict[str, Case] = {
    "unknown key of the gateway": (
        {"gateway": {"kind": "nginx", "hosts": "a.b"}},
        "slipway:gateway.hosts",
        '"a.b"',
        "did you mean `host`",
    ),
    "text for true or false": (
        gateway(ssl_redirect="no"),
        "slipway:gateway.ssl_redirect",
        '"no"',
        "write `false`",
    ),
    "Traefik of another stack": (
        gateway(
            controller={"kind": "present", "namespace": "slipway-gateway", "service": "gateway"}
        ),
        "slipway:gateway.controller",
        None,
        "a controller for the whole cluster",
    ),
    "unknown gateway": (
        {"gateway": {"kind": "ngnix"}},
        "slipway:gateway",
        "ngnix",
        "did you mean `kind: nginx`?",
    ),
    "unknown controller": (
        gateway(controller="treafik"),
        "slipway:gateway.controller",
        "treafik",
        "did you mean `kind: traefik`?",
    ),
    "controller present without its Service": (
        gateway(controller="present"),
        "slipway:gateway.controller.service",
        None,
        "add the key `service`",
    ),
    "host with a scheme": (
        gateway(host="https://models.example.com/x"),
        "slipway:gateway.host",
        '"https://models.example.com/x"',
        "`models.example.com`",
    ),
    "host with a port": (
        gateway(host="models.example.com:443"),
        "slipway:gateway.host",
        '"models.example.com:443"',
        "`models.example.com`",
    ),
    "host that is an address": (
        gateway(host="203.0.113.7"),
        "slipway:gateway.host",
        '"203.0.113.7"',
        "leave it out: rules then carry no host and the certificate",
    ),
    "host with an underscore": (
        gateway(host="my_models.example.com"),
        "slipway:gateway.host",
        '"my_models.example.com"',
        "did you mean `my-models.example.com`?",
    ),
    "host with capitals": (
        gateway(host="A.b"),
        "slipway:gateway.host",
        '"A.b"',
        "did you mean `a.b`?",
    ),
    "range without prefix length": (
        gateway(allow=["10.0.0.1"]),
        "slipway:gateway.allow[0]",
        '"10.0.0.1"',
        "did you mean `10.0.0.1/32`",
    ),
    "range that is none": (
        gateway(allow=["10.0.0.0/99"]),
        "slipway:gateway.allow[0]",
        '"10.0.0.0/99"',
        "write a network's address, a slash and the length of its",
    ),
    "unknown certificate kind": (
        gateway(tls={"kind": "acme"}),
        "slipway:gateway.tls",
        "acme",
        "choose one of these",
    ),
    "certificate of two kinds": (
        gateway(tls={"kind": "self-signed", "name": "mine"}),
        "slipway:gateway.tls.name",
        "unknown",
        "take `name` out",
    ),
    "certificate without a host": (
        {"gateway": {"kind": "nginx", "tls": {"kind": "secret", "name": "mine"}}},
        "slipway:gateway",
        None,
        "write the name that the certificate has as host",
    ),
    "authority that is no PEM": (
        gateway(tls={"kind": "secret", "name": "mine", "ca_certificate": "ca.pem"}),
        "slipway:gateway.tls.ca_certificate",
        '"ca.pem"',
        "paste it from the line BEGIN CERTIFICATE on",
    ),
    "certificate for no day": (
        gateway(tls={"kind": "self-signed", "days": 0}),
        "slipway:gateway.tls.days",
        "0",
        "write `1`",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_answered_with_key_value_and_fix(name: str) -> None:
    assert_answered(MISTAKES[name])
