"""`Record`: a name in a zone of Alibaba Cloud DNS."""

from __future__ import annotations

import ipaddress

import pulumi
from pulumi_alicloud import dns

#: The shortest that the free edition takes.
_TTL_SECONDS = 600


class Record(pulumi.ComponentResource):
    """`host` in `zone`, for an address or as another name of a load balancer."""

    def __init__(
        self,
        name: str,
        zone: str,
        host: str,
        address: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:clusters:AckRecord", name, None, opts)
        dns.AlidnsRecord(
            f"{name}-record",
            domain_name=zone,
            rr=host.removesuffix(zone).removesuffix(".") or "@",
            type=address.apply(record_type),
            value=address,
            ttl=_TTL_SECONDS,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def record_type(address: str) -> str:
    """`A` or `AAAA` of an IP address, `CNAME` of a name."""
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return "CNAME"
    return "A" if version == 4 else "AAAA"
