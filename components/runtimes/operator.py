"""`OperatorRuntime`: a server that an operator runs."""

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
    """A custom resource, for which an operator creates the pods and the Service in front of them.
    The resource is deployed once the operator sets its condition `Ready`. The runtime's options
    name a capability of the operator's add-on in `requires`."""

    api_version: ClassVar[str]
    object_kind: ClassVar[str]

    @abstractmethod
    def manifest(self, pods: Workload) -> Fields:
        """The `spec` of the custom resource. `pods.template()` is the pod template. The server's
        NetworkPolicy selects pods by the template's labels."""

    @abstractmethod
    def service(self, server: KubernetesObject) -> pulumi.Output[str]:
        """The name of the Service that the operator creates for `server`."""

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
