"""`record`: the gateway's name."""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from components.clusters.gke.options import GkeDns, GkeOptions


def record(
    name: str,
    options: GkeOptions,
    dns: GkeDns,
    host: str,
    address: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """`host` in Cloud DNS. GKE's load balancers have IPv4 addresses and no names."""
    gcp.dns.RecordSet(
        f"{name}-record",
        project=options.project,
        managed_zone=dns.managed_zone,
        name=f"{host}.",
        type="A",
        ttl=300,
        rrdatas=[address],
        opts=opts,
    )
