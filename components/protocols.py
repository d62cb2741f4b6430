"""The serving protocols as data: which gRPC methods and REST paths a gateway routes, and which it
does not.

The tables list every method of the vendors' service definitions, so that a test fails when a new
release adds a method, until the method is listed as routed or refused. A gateway kind renders its
own matches from these tables (`components/gateways/nginx_paths.py`: regular expressions).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class HttpMethod(StrEnum):
    """The HTTP method of a REST call."""

    GET = "GET"
    POST = "POST"


@dataclass(frozen=True, kw_only=True)
class GrpcService:
    """A gRPC service and all of its methods. A gateway routes the `routed` ones, and the `streamed`
    ones of models with `streaming`: on these a client sends any number of messages for as long as
    it likes. It never routes the `refused` ones."""

    name: str
    routed: Sequence[str] = ()
    streamed: Sequence[str] = ()
    refused: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class RestPath:
    """A REST path without its first slash. `{model}` stands for the model's name, `{version}` for
    a number, `{label}` for letters, digits and underscores. One of `versions` may follow `path`.
    `calls` has the HTTP method of each call by its suffix, which ends the path; all suffixes of one
    `RestPath` begin with the same character, `/` or `:`. The suffix `""` is the path itself."""

    path: str
    versions: Sequence[str] = ()
    calls: Mapping[str, HttpMethod]


@dataclass(frozen=True, kw_only=True)
class ServingProtocol:
    """What a server of one protocol answers. A gateway routes `rest_routed` and never
    `rest_refused`, which are examples. `predict` is the path of a prediction, with `{model}` for
    the model's name."""

    name: str
    grpc: Sequence[GrpcService]
    rest_routed: Sequence[RestPath]
    rest_refused: Sequence[str]
    predict: str


#: https://github.com/grpc/grpc/blob/master/doc/health-checking.md. `List` reveals the names of all services.
_HEALTH = GrpcService(name="grpc.health.v1.Health", routed=("Check", "Watch"), refused=("List",))
_TF_VERSIONS = ("/versions/{version}", "/labels/{label}")
_V2_VERSIONS = ("/versions/{version}",)

#: `tensorflow_serving/apis/*_service.proto`, `http_rest_api_handler.cc`, and TensorFlow's profiler,
#: which listens on the same port. `HandleReloadConfigRequest` replaces the list of models;
#: `SessionRun` reads any tensor of the graph.
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
        RestPath(
            path="v1/models/{model}",
            versions=_TF_VERSIONS,
            calls={"": HttpMethod.GET, "/metadata": HttpMethod.GET},
        ),
        RestPath(
            path="v1/models/{model}",
            versions=_TF_VERSIONS,
            calls={
                ":predict": HttpMethod.POST,
                ":classify": HttpMethod.POST,
                ":regress": HttpMethod.POST,
            },
        ),
    ),
    rest_refused=("v1/models", "monitoring/prometheus/metrics"),
    predict="v1/models/{model}:predict",
)

#: Triton's `grpc_service.proto` and `http_server.cc`. The same gRPC service, and REST paths below the
#: same `v2/`, also load and unload models, map memory and change the log settings.
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
        RestPath(path="v2", calls={"": HttpMethod.GET}),
        RestPath(path="v2/health", calls={"/live": HttpMethod.GET, "/ready": HttpMethod.GET}),
        RestPath(path="v2/models/{model}", versions=_V2_VERSIONS, calls={"": HttpMethod.GET}),
        RestPath(
            path="v2/models/{model}",
            versions=_V2_VERSIONS,
            calls={
                "/ready": HttpMethod.GET,
                "/config": HttpMethod.GET,
                "/stats": HttpMethod.GET,
                "/infer": HttpMethod.POST,
                "/generate": HttpMethod.POST,
                "/generate_stream": HttpMethod.POST,
            },
        ),
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
