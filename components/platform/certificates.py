"""`Certificate`: a self-signed certificate, and the TLS Secrets that contain it."""

from __future__ import annotations

import base64

import pulumi
import pulumi_tls

from components.kubernetes.object import KubernetesObject

_HOURS = 24
#: An `up` in the last month of a certificate replaces it.
_RENEWAL_DAYS = 30


class Certificate(pulumi.ComponentResource):
    """A self-signed certificate, valid for `days`. It is its own authority: clients trust `pem`
    and no other certificate. Clients connect to its `dns_names` and `ip_addresses`."""

    pem: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        dns_names: pulumi.Input[list[str]],
        ip_addresses: pulumi.Input[list[str]],
        days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:platform:Certificate", name, None, opts)
        self._child = child = pulumi.ResourceOptions(parent=self)
        key = pulumi_tls.PrivateKey(
            f"{name}-key", algorithm="ECDSA", ecdsa_curve="P256", opts=child
        )
        certificate = pulumi_tls.SelfSignedCert(
            f"{name}-certificate",
            private_key_pem=key.private_key_pem,
            # A common name has at most 64 characters; a load balancer's name may have more.
            subject={"common_name": "slipway"},
            dns_names=dns_names,
            ip_addresses=ip_addresses,
            allowed_uses=["digital_signature", "server_auth"],
            set_subject_key_id=True,
            validity_period_hours=days * _HOURS,
            early_renewal_hours=min(_RENEWAL_DAYS, days // 3) * _HOURS,
            opts=child,
        )
        # A certificate is not secret: the gateway shows it to every client.
        self.pem = pulumi.Output.unsecret(certificate.cert_pem)
        self._data = {
            "tls.crt": self.pem.apply(_base64),
            "tls.key": key.private_key_pem.apply(_base64),
        }
        self.register_outputs({"pem": self.pem})

    def secret(self, name: str, namespace: pulumi.Output[str]) -> pulumi.Output[str]:
        """Makes a `kubernetes.io/tls` Secret in `namespace` and returns its name. A new certificate
        makes a Secret of another name, so that pods which mount it roll out."""
        return KubernetesObject(
            name,
            "v1",
            "Secret",
            {
                "metadata": {"namespace": namespace},
                "type": "kubernetes.io/tls",
                "data": self._data,
                "immutable": True,
            },
            self._child,
        ).name

    def named_secret(self, name: str, namespace: pulumi.Output[str], secret_name: str) -> None:
        """Makes the Secret `secret_name` in `namespace`, for a program that finds it by name."""
        KubernetesObject(
            name,
            "v1",
            "Secret",
            {
                "metadata": {"namespace": namespace, "name": secret_name},
                "type": "kubernetes.io/tls",
                "data": self._data,
            },
            pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
