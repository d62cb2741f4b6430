"""`TfServing`: a model behind TensorFlow Serving."""

from __future__ import annotations

import json
from typing import Literal

import pulumi

from components import workload
from components.config.checks import label
from components.config.model_options import ModelOptions
from components.config.values import byte_count, cores, seconds
from components.contracts import TENSORFLOW_SERVING, Backend, ModelArgs, Runtime
from components.kubernetes_object import Fields, KubernetesObject

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
        KubernetesObject(
            f"{name}-server",
            "apps/v1",
            "Deployment",
            {
                "metadata": {"namespace": args.namespace, "labels": self._labels},
                "spec": server.deployment_spec(),
            },
            waiting,
        )
        self.backend = Backend(
            runtime="tfserving",
            protocol=TENSORFLOW_SERVING,
            service=service.name,
            namespace=args.namespace,
            grpc_port=GRPC_PORT,
            rest_port=REST_PORT,
        )
        self.register_outputs({"service": self.backend.service})

    def _make_config(self) -> KubernetesObject:
        """Immutable and auto-named: another configuration is another object, so pods roll."""
        text = model_config(self._args.model, self._args.source.mounted().path)
        return KubernetesObject(
            f"{self._name}-config",
            "v1",
            "ConfigMap",
            {
                "metadata": {"namespace": self._args.namespace},
                "data": {_CONFIG_FILE: text},
                "immutable": True,
            },
            self._child,
        )

    def _make_server(self, config: KubernetesObject) -> workload.Workload:
        args, source = self._args, self._args.source.mounted()
        requests, limits = args.options.resources.requests, args.options.resources.limits
        deadline = seconds(args.limits.deadline)
        health: Fields = {"grpc": {"port": GRPC_PORT}}
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
            startup_probe={"httpGet": {"path": f"/v1/models/{args.model}", "port": "rest"}},
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
                {"name": "config", "configMap": {"name": config.name}},
            ],
            mounts=[
                source.mount,
                {"name": "config", "mountPath": _CONFIG_DIRECTORY, "readOnly": True},
            ],
        )

    def _make_service(self, opts: pulumi.ResourceOptions) -> KubernetesObject:
        return KubernetesObject(
            f"{self._name}-service",
            "v1",
            "Service",
            {
                "metadata": {"namespace": self._args.namespace, "labels": self._labels},
                "spec": {
                    "selector": self._labels,
                    "ports": [
                        {"name": "grpc", "port": GRPC_PORT, "targetPort": "grpc"},
                        {"name": "rest", "port": REST_PORT, "targetPort": "rest"},
                    ],
                },
            },
            opts,
        )

    def _make_network_policy(self) -> None:
        KubernetesObject(
            f"{self._name}-callers",
            "networking.k8s.io/v1",
            "NetworkPolicy",
            {
                "metadata": {"namespace": self._args.namespace},
                "spec": {
                    "podSelector": {"matchLabels": self._labels},
                    "policyTypes": ["Ingress"],
                    "ingress": [
                        {
                            "from": list(self._args.clients),
                            "ports": [{"port": GRPC_PORT}, {"port": REST_PORT}],
                        }
                    ],
                },
            },
            self._child,
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
