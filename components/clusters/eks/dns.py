"""`Record`: the DNS record of the gateway's host, in Route 53."""

from __future__ import annotations

import pulumi
from pulumi_aws import lb, route53


class Record:
    """An alias record for a network load balancer, whose host name is `address`."""

    def __init__(
        self,
        name: str,
        *,
        zone: str,
        host: str,
        address: pulumi.Output[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        invoke = pulumi.InvokeOptions(provider=opts.provider)
        route53.Record(
            name,
            zone_id=route53.get_zone_output(name=zone, opts=invoke).zone_id,
            name=host,
            type="A",
            aliases=[
                {
                    "name": address,
                    "zone_id": lb.get_hosted_zone_id_output(
                        load_balancer_type="network", opts=invoke
                    ).id,
                    "evaluate_target_health": True,
                }
            ],
            opts=opts,
        )
