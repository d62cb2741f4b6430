"""The gRPC API: PredictionService, ModelService, and by a flag the standard health service."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from . import answers
from .errors import ServingError, invalid
from .flags import Options
from .manager import Manager
from .messages import ReloadConfigResponse, model_service_pb2_grpc, prediction_service_pb2_grpc

#: Messages of any size, as `SetMaxMessageSize(INT_MAX)` in the real server.
UNLIMITED = -1


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):  # type: ignore[misc]
    """Predict and GetModelMetadata; Classify, Regress and MultiInference are UNIMPLEMENTED."""

    def __init__(self, manager: Manager, options: Options) -> None:
        self._manager = manager
        self._as_content = options.enable_serialization_as_tensor_content

    def Predict(self, request: Any, context: Any) -> Any:
        def answer() -> Any:
            return answers.predict(self._manager, request, as_content=self._as_content)

        return _answered(context, answer)

    def GetModelMetadata(self, request: Any, context: Any) -> Any:
        return _answered(context, lambda: answers.metadata(self._manager, request))


class ModelService(model_service_pb2_grpc.ModelServiceServicer):  # type: ignore[misc]
    """GetModelStatus and HandleReloadConfigRequest."""

    def __init__(self, manager: Manager) -> None:
        self._manager = manager

    def GetModelStatus(self, request: Any, context: Any) -> Any:
        return _answered(context, lambda: answers.status(self._manager, request))

    def HandleReloadConfigRequest(self, request: Any, context: Any) -> Any:
        def reload() -> Any:
            if request.config.WhichOneof("config") != "model_config_list":
                raise invalid(
                    "ServerModelConfig type not supported by HandleReloadConfigRequest. "
                    "Only ModelConfigList is currently supported"
                )
            new = self._manager.reload(request.config)
            self._manager.poll()
            self._manager.wait_available(new, lambda: not context.is_active())
            response = ReloadConfigResponse()
            response.status.SetInParent()
            return response

        return _answered(context, reload)


def _answered(context: Any, answer: Callable[[], Any]) -> Any:
    try:
        return answer()
    except ServingError as error:
        return context.abort(error.code, error.message)


class GrpcServer:
    """The gRPC API on the port and socket of `options`. Raises RuntimeError if one is in use."""

    def __init__(self, manager: Manager, options: Options) -> None:
        self._health = health.HealthServicer()
        self._server = grpc.server(
            ThreadPoolExecutor(options.grpc_max_threads, thread_name_prefix="grpc"),
            options=[
                ("grpc.max_receive_message_length", UNLIMITED),
                ("grpc.max_send_message_length", UNLIMITED),
                ("grpc.so_reuseport", 0),
                *_channel_arguments(options.grpc_channel_arguments),
            ],
        )
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
            PredictionService(manager, options), self._server
        )
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(
            ModelService(manager), self._server
        )
        if options.enable_grpc_healthcheck_service:
            health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
            for service in ("", "ModelService", "PredictionService"):
                self._health.set(service, health_pb2.HealthCheckResponse.SERVING)
        if options.port:
            self._server.add_insecure_port(f"0.0.0.0:{options.port}")
        if options.grpc_socket_path:
            self._server.add_insecure_port(f"unix:{options.grpc_socket_path}")
        self._server.start()

    def stop(self, grace: float) -> None:
        """Refuse new calls, and wait up to `grace` seconds for running ones."""
        self._health.enter_graceful_shutdown()
        self._server.stop(grace).wait()


def _channel_arguments(text: str) -> list[tuple[str, int | str]]:
    pairs = [item.partition("=") for item in text.split(",") if item]
    return [(key, int(value) if value.lstrip("-").isdigit() else value) for key, _, value in pairs]
