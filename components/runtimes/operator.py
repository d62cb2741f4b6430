"""`OperatorRuntime`: a server whose pods an operator makes."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import pulumi

from components.contracts.serving import Backend
from components.kubernetes.object import UNTIL_READY, Fields, KubernetesObject
from components.runtimes.server import ServerRuntime
from components.runtimes.server_spec import ServerSpec
from components.workload import Workload


class OperatorRuntime(ServerRuntime):
    """A custom resource, by which an operator runs the pods and the Service in front of them. It is
    deployed when the operator sets its condition `Ready`. Its options name the operator's add-on in
    `requires`."""

    api_version: ClassVar[str]
    object_kind: ClassVar[str]

    @abstractmethod
    def manifest(self, pods: Workload) -> Fields:
        """The `spec` of the custom resource. `pods.template()` is the pod template, whose labels
        the NetworkPolicy of the server selects."""

    @abstractmethod
    def service(self, server: KubernetesObject) -> pulumi.Output[str]:
        """The name of the Service that the operator makes for `server`."""

    def deploy(self, spec: ServerSpec, pods: Workload) -> Backend:
        server = KubernetesObject(
            f"{self._name}-server",
            self.api_version,
            self.object_kind,
            {
                "metadata": {
                    "namespace": self.args.namespace,
                    "labels": self._labels,
                    "annotations": UNTIL_READY,
                },
                "spec": self.manifest(pods),
            },
            pulumi.ResourceOptions(parent=self, custom_timeouts=pods.timeouts),
        )
        return Backend(
            runtime=self.kind,
            protocol=spec.protocol,
            service=self.service(server),
            namespace=self.args.namespace,
            grpc_port=spec.grpc_port,
            rest_port=spec.rest_port,
            streaming=spec.streaming,
            server=server,
            ready=[self],
        )
