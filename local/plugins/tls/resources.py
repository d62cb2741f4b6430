"""The plugin's four resource types: their inputs, their outputs, and how each is created."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from local.plugins.tls import keys
from local.plugins.tls.certificates import (
    ALLOWED_USES,
    Issued,
    locally_signed,
    private_key,
    request_pem,
    self_signed,
)
from local.plugins.values import Properties, Secret, Unknown

Inputs = Mapping[str, Any]
#: A change of this input alone does not replace a certificate: it only moves its renewal.
RENEWAL: Final = "earlyRenewalHours"
_CERTIFICATE_DEFAULTS: Final = {
    RENEWAL: 0,
    "isCaCertificate": False,
    "maxPathLength": -1,
    "setSubjectKeyId": False,
}
_CERTIFICATE_OUTPUTS: Final = ("certPem", "validityStartTime", "validityEndTime", "readyForRenewal")


@dataclass(frozen=True)
class Kind:
    """One resource type. `make` returns the id and the computed outputs for known inputs."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    defaults: Mapping[str, Any]
    computed: tuple[str, ...]
    secret: tuple[str, ...]
    make: Callable[[Inputs], tuple[str, Properties]]
    renews: bool = False


def failures(kind: Kind, inputs: Inputs) -> list[tuple[str, str]]:
    """The errors in the inputs, as (property, reason). Unknown values are not checked."""
    errors = [(name, "is required") for name in kind.required if inputs.get(name) in (None, "", [])]
    known = {*kind.required, *kind.optional, *kind.defaults}
    errors += [
        (name, f"is unknown: expected one of {', '.join(sorted(known))}")
        for name in inputs
        if name not in known and not name.startswith("__")
    ]
    choices = {"algorithm": keys.ALGORITHMS, "ecdsaCurve": tuple(keys.CURVES)}
    for name, allowed in choices.items():
        value = inputs.get(name)
        if name in known and isinstance(value, str) and value not in allowed:
            errors.append((name, f"is {value!r}: expected one of {', '.join(allowed)}"))
    uses = inputs.get("allowedUses")
    for use in uses if isinstance(uses, list) else []:
        if isinstance(use, str) and use not in ALLOWED_USES:
            errors.append(("allowedUses", f"has {use!r}: expected {', '.join(ALLOWED_USES)}"))
    for name in ("validityPeriodHours", RENEWAL):
        value = inputs.get(name)
        if isinstance(value, int | float) and value < 0:
            errors.append((name, f"is {value}: expected 0 or more hours"))
    return errors


def outputs(kind: Kind, inputs: Properties, computed: Properties) -> Properties:
    """The state of a resource: defaults, inputs except the write-only ones, computed outputs."""
    stored = {name: value for name, value in inputs.items() if not name.endswith("PemWo")}
    state: Properties = {**kind.defaults, **stored, **computed}
    for name in kind.secret:
        if name in state and not isinstance(state[name], Secret | Unknown):
            state[name] = Secret(state[name])
    return state


def is_due(state: Inputs, early_hours: Any) -> bool:
    """Whether a certificate has expired, or expires within its hours of early renewal."""
    end = state.get("validityEndTime")
    if not isinstance(end, str) or not end:
        return False
    early = float(early_hours) if isinstance(early_hours, int | float) else 0.0
    return datetime.fromisoformat(end) - timedelta(hours=early) <= datetime.now(UTC)


def _key(inputs: Inputs) -> tuple[str, Properties]:
    key = keys.generate(
        inputs["algorithm"],
        curve=inputs.get("ecdsaCurve") or keys.DEFAULT_CURVE,
        bits=int(inputs.get("rsaBits") or keys.DEFAULT_BITS),
    )
    return keys.key_id(key), {**keys.public_outputs(key), **keys.private_outputs(key)}


def _certificate(issued: Issued, algorithm: Properties) -> tuple[str, Properties]:
    return issued.serial, {
        **algorithm,
        "certPem": issued.pem,
        "validityStartTime": issued.valid_from,
        "validityEndTime": issued.valid_until,
        "readyForRenewal": False,
    }


def _self_signed(inputs: Inputs) -> tuple[str, Properties]:
    key = private_key(inputs, "privateKey")
    return _certificate(self_signed(inputs, key), {"keyAlgorithm": keys.algorithm_of(key)})


def _locally_signed(inputs: Inputs) -> tuple[str, Properties]:
    key = private_key(inputs, "caPrivateKey")
    return _certificate(locally_signed(inputs, key), {"caKeyAlgorithm": keys.algorithm_of(key)})


def _request(inputs: Inputs) -> tuple[str, Properties]:
    key = private_key(inputs, "privateKey")
    algorithm = keys.algorithm_of(key)
    return keys.key_id(key), {"certRequestPem": request_pem(inputs, key), "keyAlgorithm": algorithm}


_NAMES: Final = ("dnsNames", "ipAddresses", "subject", "uris")
_PRIVATE_KEY: Final = ("privateKeyPem", "privateKeyPemWo", "privateKeyPemWoVersion")
_CA_PRIVATE_KEY: Final = ("caPrivateKeyPem", "caPrivateKeyPemWo", "caPrivateKeyPemWoVersion")

KINDS: Final[Mapping[str, Kind]] = {
    "tls:index/privateKey:PrivateKey": Kind(
        required=("algorithm",),
        optional=(),
        defaults={"ecdsaCurve": keys.DEFAULT_CURVE, "rsaBits": keys.DEFAULT_BITS},
        computed=(
            "privateKeyOpenssh",
            "privateKeyPem",
            "privateKeyPemPkcs8",
            "publicKeyFingerprintMd5",
            "publicKeyFingerprintSha256",
            "publicKeyOpenssh",
            "publicKeyPem",
        ),
        secret=("privateKeyOpenssh", "privateKeyPem", "privateKeyPemPkcs8"),
        make=_key,
    ),
    "tls:index/selfSignedCert:SelfSignedCert": Kind(
        required=("allowedUses", "validityPeriodHours"),
        optional=(*_PRIVATE_KEY, *_NAMES),
        defaults={**_CERTIFICATE_DEFAULTS, "setAuthorityKeyId": False},
        computed=(*_CERTIFICATE_OUTPUTS, "keyAlgorithm"),
        secret=("privateKeyPem",),
        make=_self_signed,
        renews=True,
    ),
    "tls:index/locallySignedCert:LocallySignedCert": Kind(
        required=("allowedUses", "caCertPem", "certRequestPem", "validityPeriodHours"),
        optional=_CA_PRIVATE_KEY,
        defaults=_CERTIFICATE_DEFAULTS,
        computed=(*_CERTIFICATE_OUTPUTS, "caKeyAlgorithm"),
        secret=("caPrivateKeyPem",),
        make=_locally_signed,
        renews=True,
    ),
    "tls:index/certRequest:CertRequest": Kind(
        required=(),
        optional=(*_PRIVATE_KEY, *_NAMES),
        defaults={},
        computed=("certRequestPem", "keyAlgorithm"),
        secret=("privateKeyPem",),
        make=_request,
    ),
}
