"""`Record`: the DNS record of the gateway's host, in Cloud DNS."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from components.clusters.gke.options import GkeDnsOptions


class Record:
    """An A record: GKE's load balancers have IPv4 addresses and no host names."""

    def __init__(
        self,
        name: str,
        *,
        project: str,
        zone: GkeDnsOptions,
        host: str,
        address: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        gcp.dns.RecordSet(
            name,
            project=project,
            managed_zone=zone.managed_zone,
            name=f"{host}.",
            type="A",
            ttl=300,
            rrdatas=[address],
            opts=opts,
        )
