"""`Addons`: what ACK runs on a cluster beside the stack's own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pulumi
from pulumi_alicloud import cs

from components.clusters.ack.versions import ADDONS

#: Collects what containers write.
COLLECTOR = "loongcollector"


class Addons(pulumi.ComponentResource):
    """Each of `versions.ADDONS`, at its version: installed, or changed where ACK has installed it
    with the cluster. `extra` are others, with their configuration."""

    made: Mapping[str, cs.KubernetesAddon]

    def __init__(
        self,
        name: str,
        cluster_id: pulumi.Output[str],
        log_project: pulumi.Output[str],
        extra: Mapping[str, pulumi.Output[str]],
        needs: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:clusters:AckAddons", name, None, opts)
        configured: dict[str, pulumi.Output[str]] = {
            COLLECTOR: log_project.apply(
                lambda project: json.dumps(
                    {"IngressDashboardEnabled": "false", "sls_project_name": project}
                )
            ),
            "ack-node-problem-detector": log_project.apply(
                lambda project: json.dumps({"sls_project_name": project})
            ),
            **extra,
        }
        wanted = {**ADDONS, **dict.fromkeys(extra)}
        self.made = {
            addon: cs.KubernetesAddon(
                f"{name}-{addon}",
                name=addon,
                cluster_id=cluster_id,
                version=version,
                config=configured.get(addon),
                # Most run on nodes.
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(needs)),
            )
            for addon, version in wanted.items()
        }
        self.register_outputs({})
