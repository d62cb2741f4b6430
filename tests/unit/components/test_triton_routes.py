"""Which of Triton's APIs the routes of a model reach."""

from __future__ import annotations

import pytest

from tests.unit.components.gateway import reaches, route
from tests.unit.components.triton import triton, up

INFERENCE = "inference.GRPCInferenceService"


@pytest.mark.parametrize(
    "path",
    [
        "v2",
        "v2/health/live",
        "v2/health/ready",
        "v2/models/m",
        "v2/models/m/ready",
        "v2/models/m/config",
        "v2/models/m/stats",
        "v2/models/m/infer",
        "v2/models/m/generate",
        "v2/models/m/generate_stream",
        "v2/models/m/versions/2",
        "v2/models/m/versions/2/infer",
    ],
)
def test_a_model_s_paths_are_reached_over_rest(path: str) -> None:
    ingress = route(up(m=triton()), "rest", "m")
    assert reaches(ingress, f"/m/{path}") == f"/{path}"


@pytest.mark.parametrize(
    "path",
    [
        "v2/repository/index",
        "v2/repository/models/m/load",
        "v2/repository/models/m/unload",
        "v2/systemsharedmemory/status",
        "v2/cudasharedmemory/region/a/register",
        "v2/logging",
        "v2/trace/setting",
        "v2/models/m/trace/setting",
        "v2/models/stats",
        "v2/models/other/infer",
        "v2/models/mother/infer",
        "v2/models/m/infer/../../../repository/index",
        "v2/models/m/versions/../../../repository/index",
        "v1/models/m:predict",
        "metrics",
    ],
)
def test_what_controls_the_server_is_not_reached_over_rest(path: str) -> None:
    assert reaches(route(up(m=triton()), "rest", "m"), f"/m/{path}") is None


@pytest.mark.parametrize(
    "method",
    [
        "ServerLive",
        "ServerReady",
        "ServerMetadata",
        "ModelReady",
        "ModelMetadata",
        "ModelConfig",
        "ModelStatistics",
        "ModelInfer",
    ],
)
def test_inference_is_reached_over_grpc(method: str) -> None:
    ingress = route(up(m=triton()), "grpc", "m")
    assert reaches(ingress, f"/m/{INFERENCE}/{method}") == f"/{INFERENCE}/{method}"
    assert reaches(ingress, "/m/grpc.health.v1.Health/Check") == "/grpc.health.v1.Health/Check"


@pytest.mark.parametrize(
    "method",
    [
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
    ],
)
def test_what_controls_the_server_is_not_reached_over_grpc(method: str) -> None:
    ingress = route(up(m=triton()), "grpc", "m")
    assert reaches(ingress, f"/m/{INFERENCE}/{method}") is None
    assert reaches(ingress, f"/m/x{INFERENCE}/ModelInfer") is None
