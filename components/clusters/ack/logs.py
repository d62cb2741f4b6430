"""`Logs`: the log stores of a cluster on ACK, in the Simple Log Service (SLS)."""

from __future__ import annotations

import json

import pulumi
from pulumi_alicloud import log

#: The prefix of a cluster's machine group, in which ACK lists the cluster's log collectors.
_MACHINE_GROUP = "k8s-group-"


class Logs(pulumi.ComponentResource):
    """An SLS project with stores for flow logs and container logs. ACK adds stores for audit and
    control-plane logs to the same project. All of them are deleted with the stack."""

    project: pulumi.Output[str]
    flow: pulumi.Output[str]
    containers: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        project: pulumi.Input[str],
        days: int,
        opts: pulumi.ResourceOptions,
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

    def _make_store(self, store: str) -> pulumi.Output[str]:
        return log.Store(
            f"{self._name}-{store}",
            project_name=self.project,
            logstore_name=store,
            retention_period=self._days,
            shard_count=2,
            auto_split=True,
            max_split_shard_count=8,
            encrypt_conf=log.StoreEncryptConfArgs(enable=True, encrypt_type="default"),
            opts=self._child,
        ).logstore_name

    def collect(self, cluster_id: pulumi.Output[str], collector: pulumi.Resource) -> None:
        """Collects stdout and stderr of all containers, by the add-on `collector`."""
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
