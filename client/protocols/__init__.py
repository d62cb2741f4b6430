"""The serving protocols of this client. A new one is a file here and a line below."""

from importlib import import_module

from client.contract import ServingProtocol
from client.errors import UnknownProtocolError

PROTOCOLS = {
    "open-inference-v2": "client.protocols.open_inference_v2:OpenInferenceV2",
    "tensorflow-serving": "client.protocols.tensorflow_serving:TensorFlowServing",
}


def load_protocol(name: str) -> ServingProtocol:
    """The protocol with this name. Raises UnknownProtocolError."""
    if name not in PROTOCOLS:
        raise UnknownProtocolError(
            f"The endpoint speaks {name!r}, which this client does not; it speaks:"
            f" {', '.join(sorted(PROTOCOLS))}.",
            "Use a client of that protocol, or add it to client/protocols.",
        )
    module, _, attribute = PROTOCOLS[name].partition(":")
    protocol: ServingProtocol = getattr(import_module(module), attribute)()
    return protocol
