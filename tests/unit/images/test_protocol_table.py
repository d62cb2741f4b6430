"""The gateway's table of TensorFlow Serving names every method of its service definitions."""

from __future__ import annotations

from tensorflow_serving.apis import (
    model_service_pb2,
    prediction_service_pb2,
    session_service_pb2,
)

from components.protocols import TENSORFLOW_SERVING


def test_the_table_has_every_method_once() -> None:
    table = {
        each.name: sorted([*each.routed, *each.streamed, *each.refused])
        for each in TENSORFLOW_SERVING.grpc
    }
    for definition in (model_service_pb2, prediction_service_pb2, session_service_pb2):
        for service in definition.DESCRIPTOR.services_by_name.values():
            assert table[service.full_name] == sorted(each.name for each in service.methods)
