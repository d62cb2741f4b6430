"""The gateway's table of Triton names every method of its service definition."""

from __future__ import annotations

from client.protocols import open_inference_messages
from components.protocols import OPEN_INFERENCE_V2


def test_the_table_has_every_method_once() -> None:
    definition = open_inference_messages.messages().DESCRIPTOR
    (service,) = definition.services_by_name.values()
    (table,) = [each for each in OPEN_INFERENCE_V2.grpc if each.name == service.full_name]
    methods = [*table.routed, *table.streamed, *table.refused]
    assert sorted(methods) == sorted(each.name for each in service.methods)


def test_methods_on_which_a_client_sends_many_messages_are_listed_as_streamed() -> None:
    definition = open_inference_messages.messages().DESCRIPTOR
    (service,) = definition.services_by_name.values()
    streams = {each.name for each in service.methods if each.client_streaming}
    assert streams == {name for each in OPEN_INFERENCE_V2.grpc for name in each.streamed}
