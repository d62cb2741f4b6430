"""`Logs`: where everything that a cluster on ACK writes is kept, in the Simple Log Service."""

from __future__ import annotations

import json

import pulumi
from pulumi_alicloud import log

#: What ACK calls the collectors of a cluster.
_MACHINE_GROUP = "k8s-group-"


class Logs(pulumi.ComponentResource):
    """A project with stores for flow logs and for what containers write; ACK makes those of
    audit and control plane in the same project. They go with the stack."""

    project: pulumi.Output[str]
    flow: pulumi.Output[str]
    containers: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        project: pulumi.Input[str],
        days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("slipway:clusters:AckLogs", name, None, opts)
        self._name, self._days = name, days
        self._child = pulumi.ResourceOptions(parent=self)
        self.project = log.Project(
            f"{name}-project",
            project_name=project,
            description="Logs of a cluster of Slipway",
            opts=self._child,
        ).project_name
        self.flow = self._make_store("flow")
        self.containers = self._make_store("containers")
        self.register_outputs({"project": self.project})

    def _make_store(self, what: str) -> pulumi.Output[str]:
        return log.Store(
            f"{self._name}-{what}",
            project_name=self.project,
            logstore_name=what,
            retention_period=self._days,
            shard_count=2,
            auto_split=True,
            max_split_shard_count=8,
            encrypt_conf=log.StoreEncryptConfArgs(enable=True, encrypt_type="default"),
            opts=self._child,
        ).logstore_name

    def collect(self, cluster_id: pulumi.Output[str], collector: pulumi.Resource) -> None:
        """Keep what all containers write to stdout and stderr, once `collector` is there."""
        detail = {
            "plugin": {
                "inputs": [
                    {"type": "service_docker_stdout", "detail": {"Stdout": True, "Stderr": True}}
                ]
            }
        }
        config = log.LogTailConfig(
            f"{self._name}-stdout",
            name="stdout",
            project=self.project,
            logstore=self.containers,
            input_type="plugin",
            input_detail=json.dumps(detail, sort_keys=True),
            output_type="LogService",
            opts=self._child,
        )
        log.LogTailAttachment(
            f"{self._name}-collected",
            project=self.project,
            logtail_config_name=config.name,
            machine_group_name=pulumi.Output.concat(_MACHINE_GROUP, cluster_id),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[collector]),
        )
