"""`Record`: the DNS record of the gateway's host, in Alibaba Cloud DNS."""

from __future__ import annotations

import ipaddress

import pulumi
from pulumi_alicloud import dns

#: The shortest TTL that the free edition allows.
_TTL_SECONDS = 600


class Record(pulumi.ComponentResource):
    """A record of `host` in `zone`: A or AAAA for an IP address, CNAME for a host name."""

    def __init__(
        self,
        name: str,
        *,
        zone: str,
        host: str,
        address: pulumi.Output[str],
        opts: pulumi.ResourceOptions,
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
    """`A` or `AAAA` for an IP address, `CNAME` for a host name."""
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return "CNAME"
    return "A" if version == 4 else "AAAA"
