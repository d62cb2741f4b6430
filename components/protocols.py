"""The serving protocols: every gRPC method and REST path of a server, routed or refused.

The tables name all methods of the vendors' service definitions, so that a method that a new release
adds is seen by a test and decided on, and never routed by accident. Paths are regular expressions
without the first slash; a controller anchors them at the start, and `grpc_pattern` and `rest_pattern`
at the end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class GrpcService:
    """A gRPC service, and all of its methods. `routed` are called from outside the cluster.
    `streamed` are, too, where a model has `streaming`: a client sends messages on them for as long
    as it likes. `refused` end at the gateway."""

    name: str
    routed: Sequence[str] = ()
    streamed: Sequence[str] = ()
    refused: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class ServingProtocol:
    """What a protocol looks like on the wire. `rest_routed` are called from outside the cluster,
    `rest_refused` end at the gateway; `predict` is the path of a prediction. `{model}` stands for
    the model's name in the paths of REST."""

    name: str
    grpc: Sequence[GrpcService]
    rest_routed: Sequence[str]
    rest_refused: Sequence[str]
    predict: str

    @property
    def grpc_pattern(self) -> str:
        """Matches the unary methods that are routed, and no other path."""
        return _pattern([(service.name, service.routed) for service in self.grpc])

    @property
    def stream_pattern(self) -> str | None:
        """Matches the streaming methods that are routed; None where the protocol has none."""
        streamed = [(each.name, each.streamed) for each in self.grpc if each.streamed]
        return _pattern(streamed) if streamed else None

    def rest_pattern(self, model: str) -> str:
        """Matches the paths of `model` that are routed, and no other path."""
        paths = "|".join(path.format(model=model) for path in self.rest_routed)
        return f"(?:{paths})$"


def _pattern(services: Sequence[tuple[str, Sequence[str]]]) -> str:
    methods = "|".join(
        f"{re.escape(name)}/(?:{'|'.join(routed)})" for name, routed in services if routed
    )
    return f"(?:{methods})$"


#: https://github.com/grpc/grpc/blob/master/doc/health-checking.md. `List` names all services.
_HEALTH = GrpcService(name="grpc.health.v1.Health", routed=("Check", "Watch"), refused=("List",))
_TF_VERSION = "(?:/versions/[0-9]+|/labels/[A-Za-z0-9_]+)?"
_V2_VERSION = "(?:/versions/[0-9]+)?"

#: `tensorflow_serving/apis/*_service.proto`, and TensorFlow's profiler, which listens on the same
#: port. `HandleReloadConfigRequest` replaces the list of models, `SessionRun` names any tensor of
#: the graph.
TENSORFLOW_SERVING = ServingProtocol(
    name="tensorflow-serving",
    grpc=(
        GrpcService(
            name="tensorflow.serving.PredictionService",
            routed=("Classify", "Regress", "Predict", "MultiInference", "GetModelMetadata"),
        ),
        GrpcService(
            name="tensorflow.serving.ModelService",
            routed=("GetModelStatus",),
            refused=("HandleReloadConfigRequest",),
        ),
        GrpcService(name="tensorflow.serving.SessionService", refused=("SessionRun",)),
        GrpcService(name="tensorflow.ProfilerService", refused=("Profile", "Terminate", "Monitor")),
        _HEALTH,
    ),
    rest_routed=(
        f"v1/models/{{model}}{_TF_VERSION}(?:/metadata)?",
        f"v1/models/{{model}}{_TF_VERSION}:(?:predict|classify|regress)",
    ),
    rest_refused=("v1/models", "monitoring/prometheus/metrics"),
    predict="v1/models/{model}:predict",
)

#: Triton's `grpc_service.proto` and the extensions of its HTTP server. Servers of this protocol load
#: and unload models, map memory and change logs by the same gRPC service and below the same `v2/`.
OPEN_INFERENCE_V2 = ServingProtocol(
    name="open-inference-v2",
    grpc=(
        GrpcService(
            name="inference.GRPCInferenceService",
            routed=(
                "ServerLive",
                "ServerReady",
                "ServerMetadata",
                "ModelReady",
                "ModelMetadata",
                "ModelConfig",
                "ModelStatistics",
                "ModelInfer",
            ),
            streamed=("ModelStreamInfer",),
            refused=(
                "RepositoryIndex",
                "RepositoryModelLoad",
                "RepositoryModelUnload",
                "SystemSharedMemoryStatus",
                "SystemSharedMemoryRegister",
                "SystemSharedMemoryUnregister",
                "CudaSharedMemoryStatus",
                "CudaSharedMemoryRegister",
                "CudaSharedMemoryUnregister",
                "TraceSetting",
                "LogSettings",
            ),
        ),
        _HEALTH,
    ),
    rest_routed=(
        "v2",
        "v2/health/(?:live|ready)",
        f"v2/models/{{model}}{_V2_VERSION}",
        f"v2/models/{{model}}{_V2_VERSION}/(?:ready|config|stats|infer|generate|generate_stream)",
    ),
    rest_refused=(
        "v2/models/{model}/trace/setting",
        "v2/repository/index",
        "v2/repository/models/{model}/load",
        "v2/repository/models/{model}/unload",
        "v2/systemsharedmemory/status",
        "v2/systemsharedmemory/region/any/register",
        "v2/systemsharedmemory/unregister",
        "v2/cudasharedmemory/status",
        "v2/cudasharedmemory/region/any/register",
        "v2/cudasharedmemory/unregister",
        "v2/trace/setting",
        "v2/logging",
        "metrics",
    ),
    predict="v2/models/{model}/infer",
)
