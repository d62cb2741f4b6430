"""`Addons`: the add-ons that ACK runs on a cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pulumi
from pulumi_alicloud import cs

from components.clusters.ack.versions import ADDONS

#: The add-on that collects the logs of containers.
COLLECTOR = "loongcollector"


class Addons(pulumi.ComponentResource):
    """Each of `versions.ADDONS` at its version. An add-on that ACK installed together with the
    cluster is updated. `extra` are more add-ons, with their configuration."""

    by_name: Mapping[str, cs.KubernetesAddon]

    def __init__(
        self,
        name: str,
        *,
        cluster_id: pulumi.Output[str],
        log_project: pulumi.Output[str],
        extra: Mapping[str, pulumi.Output[str]],
        nodes: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__("slipway:clusters:AckAddons", name, None, opts)
        configuration: dict[str, pulumi.Output[str]] = {
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
        versions = {**ADDONS, **dict.fromkeys(extra)}
        self.by_name = {
            addon: cs.KubernetesAddon(
                f"{name}-{addon}",
                name=addon,
                cluster_id=cluster_id,
                version=version,
                config=configuration.get(addon),
                # Most add-ons run on nodes.
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(nodes)),
            )
            for addon, version in versions.items()
        }
        self.register_outputs({})
