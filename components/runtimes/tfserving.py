"""`TfServing`: a model behind TensorFlow Serving."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ConfigMap, Service
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components import workload
from components.config.checks import label
from components.config.model_options import ModelOptions
from components.config.values import byte_count, cores, seconds
from components.contracts import TENSORFLOW_SERVING, Backend, ModelArgs, Runtime

if TYPE_CHECKING:
    from pulumi_kubernetes.core.v1 import ProbeArgsDict

TFSERVING_IMAGE = "tensorflow/serving:2.19.1"
GRPC_PORT, REST_PORT = 8500, 8501
_CONFIG_DIRECTORY = "/config"
_CONFIG_FILE = "models.config"


class TfServingOptions(ModelOptions):
    """TensorFlow Serving: gRPC and REST."""

    runtime: Literal["tfserving"]


#: Seconds after a roll-out has failed in which its Deployment says so.
_REPORT_SECONDS = 15


class TfServing(Runtime):
    """A Deployment of TensorFlow Serving for one model, its configuration, its Service, and the
    leave for the gateway to call it. The newest version in the model's directory is served; the
    server looks for new ones every second. It opens its ports when the model answers, not
    before."""

    options = TfServingOptions

    backend: Backend

    def __init__(
        self, name: str, args: ModelArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("slipway:runtimes:TfServing", name, None, opts)
        self._name, self._args = name, args
        self._labels = workload.labels("tfserving", label(args.model))
        self._child = pulumi.ResourceOptions(parent=self)
        server = self._make_server(self._make_config())
        # The roll-out gives up first, and with a reason; a Service waits for pods as long.
        patience = f"{server.startup + _REPORT_SECONDS}s"
        waiting = pulumi.ResourceOptions(
            parent=self,
            custom_timeouts=pulumi.CustomTimeouts(create=patience, update=patience),
        )
        service = self._make_service(waiting)
        self._make_network_policy()
        workload.disruption_budget(f"{name}-budget", server, args.namespace, opts=self._child)
        Deployment(
            f"{name}-server",
            metadata={"namespace": args.namespace, "labels": self._labels},
            spec=server.deployment_spec(),
            opts=waiting,
        )
        self.backend = Backend(
            runtime="tfserving",
            protocol=TENSORFLOW_SERVING,
            service=service.metadata.apply(lambda metadata: metadata.name or ""),
            namespace=args.namespace,
            grpc_port=GRPC_PORT,
            rest_port=REST_PORT,
        )
        self.register_outputs({"service": self.backend.service})

    def _make_config(self) -> ConfigMap:
        """Immutable and auto-named: another configuration is another object, so pods roll."""
        return ConfigMap(
            f"{self._name}-config",
            metadata={"namespace": self._args.namespace},
            data={_CONFIG_FILE: model_config(self._args.model, self._args.source.mounted().path)},
            immutable=True,
            opts=self._child,
        )

    def _make_server(self, config: ConfigMap) -> workload.Workload:
        args, source = self._args, self._args.source.mounted()
        requests, limits = args.options.resources.requests, args.options.resources.limits
        deadline = seconds(args.limits.deadline)
        health: ProbeArgsDict = {"grpc": {"port": GRPC_PORT}}
        return workload.Workload(
            labels=self._labels,
            image=args.images.resolve(args.options.image or TFSERVING_IMAGE),
            command=["/usr/bin/tensorflow_model_server"],
            arguments=[
                f"--port={GRPC_PORT}",
                f"--rest_api_port={REST_PORT}",
                f"--model_config_file={_CONFIG_DIRECTORY}/{_CONFIG_FILE}",
                "--enable_grpc_healthcheck_service",
                # REST calls end after 30 s by default. The size of a message has no flag: the
                # server takes any, the gateway does not.
                f"--rest_api_timeout_in_ms={deadline * 1000}",
            ],
            ports={"grpc": GRPC_PORT, "rest": REST_PORT},
            startup_probe={"http_get": {"path": f"/v1/models/{args.model}", "port": "rest"}},
            readiness_probe=health,
            liveness_probe=health,
            cpu=workload.amounts(requests.cpu, limits.cpu, ("100m", "2"), cores),
            memory=workload.amounts(requests.memory, limits.memory, ("256Mi", "1Gi"), byte_count),
            replicas=args.options.replicas.min,
            deadline=deadline,
            drain=seconds(args.limits.drain),
            startup=seconds(args.options.startup_timeout),
            node_mates=source.node_mates,
            volumes=[
                source.volume,
                {
                    "name": "config",
                    "config_map": {
                        "name": config.metadata.apply(lambda metadata: metadata.name or "")
                    },
                },
            ],
            mounts=[
                source.mount,
                {"name": "config", "mount_path": _CONFIG_DIRECTORY, "read_only": True},
            ],
        )

    def _make_service(self, opts: pulumi.ResourceOptions) -> Service:
        return Service(
            f"{self._name}-service",
            metadata={"namespace": self._args.namespace, "labels": self._labels},
            spec={
                "selector": self._labels,
                "ports": [
                    {"name": "grpc", "port": GRPC_PORT, "target_port": "grpc"},
                    {"name": "rest", "port": REST_PORT, "target_port": "rest"},
                ],
            },
            opts=opts,
        )

    def _make_network_policy(self) -> None:
        NetworkPolicy(
            f"{self._name}-callers",
            metadata={"namespace": self._args.namespace},
            spec={
                "pod_selector": {"match_labels": self._labels},
                "policy_types": ["Ingress"],
                "ingress": [
                    {
                        "from_": list(self._args.clients),
                        "ports": [{"port": GRPC_PORT}, {"port": REST_PORT}],
                    }
                ],
            },
            opts=self._child,
        )


def model_config(model: str, path: str) -> str:
    """TensorFlow Serving's `ModelServerConfig` as protobuf text."""
    return (
        "model_config_list {\n"
        "  config {\n"
        f"    name: {json.dumps(model)}\n"
        f"    base_path: {json.dumps(path)}\n"
        '    model_platform: "tensorflow"\n'
        "  }\n"
        "}\n"
    )
