"""`TfServing`: models behind TensorFlow Serving."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

from components.config.model_options import ModelOptions
from components.config.options import example
from components.config.values import seconds
from components.contracts import TENSORFLOW_SERVING, ModelFiles
from components.kubernetes_object import Fields
from components.runtimes.server import CONFIGURATION, ModelServer, Program

TFSERVING_IMAGE = "tensorflow/serving:2.19.1"
TFSERVING_GPU_IMAGE = f"{TFSERVING_IMAGE}-gpu"
GRPC_PORT, REST_PORT = 8500, 8501
_MODELS = "models.config"


class TfServingOptions(ModelOptions):
    """TensorFlow Serving: gRPC and REST."""

    model_config = example(runtime="tfserving")

    runtime: Literal["tfserving"]


class TfServing(ModelServer):
    """The newest version in a model's directory is served; the server looks for new ones every
    second. It opens its ports when all its models answer, not before."""

    kind = "tfserving"
    options = TfServingOptions

    def program(self, files: Mapping[str, ModelFiles]) -> Program:
        deadline = seconds(self.args.limits.deadline)
        health: Fields = {"grpc": {"port": GRPC_PORT}}
        return Program(
            image=TFSERVING_GPU_IMAGE if self.args.options.accelerator else TFSERVING_IMAGE,
            command=["/usr/bin/tensorflow_model_server"],
            arguments=[
                f"--port={GRPC_PORT}",
                f"--rest_api_port={REST_PORT}",
                f"--model_config_file={CONFIGURATION}/{_MODELS}",
                "--enable_grpc_healthcheck_service",
                # REST calls end after 30 s by default. The size of a message has no flag: the
                # server takes any, the gateway does not.
                f"--rest_api_timeout_in_ms={deadline * 1000}",
            ],
            configuration={_MODELS: model_config(files)},
            protocol=TENSORFLOW_SERVING,
            grpc_port=GRPC_PORT,
            rest_port=REST_PORT,
            startup_probe={"httpGet": {"path": f"/v1/models/{next(iter(files))}", "port": "rest"}},
            readiness_probe=health,
            liveness_probe=health,
            cpu=("100m", "2"),
            memory=("256Mi", "1Gi"),
        )


def model_config(files: Mapping[str, ModelFiles]) -> str:
    """TensorFlow Serving's `ModelServerConfig` as protobuf text."""
    models = "".join(
        "  config {\n"
        f"    name: {json.dumps(model)}\n"
        f"    base_path: {json.dumps(each.path)}\n"
        '    model_platform: "tensorflow"\n'
        "  }\n"
        for model, each in files.items()
    )
    return f"model_config_list {{\n{models}}}\n"
