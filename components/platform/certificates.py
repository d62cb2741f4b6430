"""`Certificate`: what the gateway shows to clients, as a TLS Secret beside the routes."""

from __future__ import annotations

import base64

import pulumi
import pulumi_tls

from components.kubernetes_object import KubernetesObject

_HOURS = 24
#: An `up` in the last month of a certificate replaces it.
_RENEWAL_DAYS = 30


class Certificate(pulumi.ComponentResource):
    """A self-signed certificate in a `kubernetes.io/tls` Secret. It is its own authority:
    clients trust `pem` and nothing else. `dns_names` and `ip_addresses` are what clients
    connect to. `default` is the namespace and name of a second Secret with the same certificate,
    for a controller that must know it by name."""

    secret_name: pulumi.Output[str]
    pem: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        dns_names: pulumi.Input[list[str]],
        ip_addresses: pulumi.Input[list[str]],
        days: int,
        namespace: pulumi.Output[str],
        default: tuple[pulumi.Output[str], str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:platform:Certificate", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        key = pulumi_tls.PrivateKey(
            f"{name}-key", algorithm="ECDSA", ecdsa_curve="P256", opts=child
        )
        certificate = pulumi_tls.SelfSignedCert(
            f"{name}-certificate",
            private_key_pem=key.private_key_pem,
            # At most 64 characters fit a common name, a load balancer's name may be longer.
            subject={"common_name": "slipway"},
            dns_names=dns_names,
            ip_addresses=ip_addresses,
            allowed_uses=["digital_signature", "server_auth"],
            set_subject_key_id=True,
            validity_period_hours=days * _HOURS,
            early_renewal_hours=min(_RENEWAL_DAYS, days // 3) * _HOURS,
            opts=child,
        )
        # A certificate is no secret: everybody who connects is shown it.
        self.pem = pulumi.Output.unsecret(certificate.cert_pem)
        data = {
            "tls.crt": self.pem.apply(_base64),
            "tls.key": key.private_key_pem.apply(_base64),
        }
        secret = KubernetesObject(
            f"{name}-secret",
            "v1",
            "Secret",
            {
                "metadata": {"namespace": namespace},
                "type": "kubernetes.io/tls",
                "data": data,
                # Another certificate is another object, so that pods which mount it roll out.
                "immutable": True,
            },
            child,
        )
        if default is not None:
            KubernetesObject(
                f"{name}-default",
                "v1",
                "Secret",
                {
                    "metadata": {"namespace": default[0], "name": default[1]},
                    "type": "kubernetes.io/tls",
                    "data": data,
                },
                pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
        self.secret_name = secret.name
        self.register_outputs({"secret_name": self.secret_name, "pem": self.pem})


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
