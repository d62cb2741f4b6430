"""`check`: tries a model through `kubectl port-forward`, without the gateway."""

import argparse
import contextlib
import json

from client.commands.limits import limits
from client.forward import forwarded, kubeconfig, protocol_of, service_of
from client.model import Model
from client.plain import plain
from client.probe import probe


def run(options: argparse.Namespace) -> int:
    """Print the result of each step."""
    with contextlib.ExitStack() as stack:
        config = stack.enter_context(kubeconfig(options))
        service = service_of(config, options.model, options.transport, options.service)
        protocol = protocol_of(service, options.speaks)
        endpoint = stack.enter_context(forwarded(config, options.model, protocol, service))
        print(f"service   {service.namespace}/{service.name}:{service.port}")
        model = stack.enter_context(
            Model(
                endpoint,
                transport=options.transport,
                version=options.version,
                limits=limits(options),
            )
        )
        result = probe(model, options.signature)
    version = "of unknown version" if result.metadata.version is None else result.metadata.version
    print(f"ready     {protocol} over {options.transport}, version {version}")
    print(f"signature {result.signature.name}")
    if result.metadata.decoupled and not result.answer:
        print(
            f"zeros     no answer, as a decoupled model may give, in {result.milliseconds:.1f} ms"
        )
    for name, array in result.answer.items():
        values = json.dumps(plain(array, result.signature.outputs[name].dtype))
        print(f"zeros     {name} = {values} in {result.milliseconds:.1f} ms")
    return 0
