"""The name of the gateway, in Route 53."""

from __future__ import annotations

import pulumi
from pulumi_aws import lb, route53


def record(
    name: str,
    zone: str,
    host: str,
    address: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> route53.Record:
    """An alias of the network load balancer whose name is `address`."""
    invoked = pulumi.InvokeOptions(provider=opts.provider)
    return route53.Record(
        name,
        zone_id=route53.get_zone_output(name=zone, opts=invoked).zone_id,
        name=host,
        type="A",
        aliases=[
            {
                "name": address,
                "zone_id": lb.get_hosted_zone_id_output(
                    load_balancer_type="network", opts=invoked
                ).id,
                "evaluate_target_health": True,
            }
        ],
        opts=opts,
    )
