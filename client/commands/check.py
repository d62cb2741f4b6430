"""`check`: a model through `kubectl port-forward`, without the gateway."""

import argparse
import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from client.commands.limits import limits
from client.endpoint import Endpoint, GrpcAddress, RestAddress
from client.errors import UnknownProtocolError
from client.kubectl import Service, find_service, parse_service, port_forward
from client.model import Model
from client.outputs import run_pulumi
from client.plain import plain
from client.probe import probe
from client.protocols import RUNTIMES, load_protocol


def run(options: argparse.Namespace) -> int:
    """Print what was found out, step by step."""
    with contextlib.ExitStack() as stack:
        kubeconfig = stack.enter_context(_kubeconfig(options))
        service = (
            parse_service(options.service)
            if options.service
            else find_service(kubeconfig, options.model, options.transport)
        )
        protocol = options.speaks or _protocol(service)
        port = stack.enter_context(port_forward(kubeconfig, service))
        print(f"service   {service.namespace}/{service.name}:{service.port}")
        model = stack.enter_context(
            Model(
                _endpoint(options.model, protocol, port),
                transport=options.transport,
                version=options.version,
                limits=limits(options),
            )
        )
        found = probe(model, options.signature)
    version = "of unknown version" if found.metadata.version is None else found.metadata.version
    print(f"ready     {protocol} over {options.transport}, version {version}")
    print(f"signature {found.signature.name}")
    for name, array in found.answer.items():
        values = json.dumps(plain(array, found.signature.outputs[name].dtype))
        print(f"zeros     {name} = {values} in {found.milliseconds:.1f} ms")
    return 0


def _protocol(service: Service) -> str:
    if service.runtime is None:  # named by --service, without its labels
        return next(iter(RUNTIMES.values()))
    if service.runtime not in RUNTIMES:
        raise UnknownProtocolError(
            f"Service {service.namespace}/{service.name} has the runtime {service.runtime!r}, of"
            f" which the protocol is not known; known runtimes: {', '.join(sorted(RUNTIMES))}.",
            "Name the protocol with --speaks.",
        )
    return RUNTIMES[service.runtime]


def _endpoint(model: str, protocol: str, port: int) -> Endpoint:
    """The forwarded port, in the clear: it ends at the pod, where there is no gateway."""
    address = f"127.0.0.1:{port}"
    path = load_protocol(protocol).rest_path(model)
    return Endpoint(
        model=model,
        protocol=protocol,
        grpc=GrpcAddress(target=address, authority=address, tls=False),
        rest=RestAddress(url=f"http://{address}{path}"),
    )


@contextlib.contextmanager
def _kubeconfig(options: argparse.Namespace) -> Iterator[Path | None]:
    """--kubeconfig, else None where kubectl finds $KUBECONFIG by itself, else the stack's secret
    output, in a file that only its owner can read and that goes when the block ends."""
    if options.kubeconfig or os.environ.get("KUBECONFIG"):
        yield Path(options.kubeconfig) if options.kubeconfig else None
        return
    text = run_pulumi(["stack", "output", "kubeconfig", "--show-secrets"], options.stack)
    with tempfile.TemporaryDirectory(prefix="slipway-check-") as directory:
        file = Path(directory) / "kubeconfig"
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
        yield file
