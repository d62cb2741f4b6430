"""Endpoints through `kubectl port-forward`, without the gateway and without the stack's outputs."""

import argparse
import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from client.endpoint import Endpoint, GrpcAddress, RestAddress, Transport
from client.errors import ClusterError, UnknownProtocolError
from client.kubectl import Service, find_service, named_service, port_forward
from client.outputs import run_pulumi
from client.protocols import PROTOCOLS, load_protocol

_PORTS: tuple[Transport, ...] = ("grpc", "rest")


@contextlib.contextmanager
def kubeconfig(options: argparse.Namespace) -> Iterator[Path | None]:
    """Yields the path in --kubeconfig, or None if $KUBECONFIG is set, which kubectl reads itself.
    Otherwise it yields a file with the stack's secret output, which only its owner can read and which
    is deleted at the end of the block."""
    if options.kubeconfig or os.environ.get("KUBECONFIG"):
        yield Path(options.kubeconfig) if options.kubeconfig else None
        return
    text = run_pulumi(["stack", "output", "kubeconfig", "--show-secrets"], options.stack)
    with tempfile.TemporaryDirectory(prefix="slipway-check-") as directory:
        file = Path(directory) / "kubeconfig"
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
        yield file


def service_of(config: Path | None, model: str, transport: Transport, named: str | None) -> Service:
    """The Service `named` (NAMESPACE/NAME:PORT). Without a name, the one with the model's label."""
    return named_service(config, named) if named else find_service(config, model, transport)


def protocol_of(service: Service, named: str | None) -> str:
    """The protocol `named`, or that of the Service's label. Raises UnknownProtocolError."""
    protocol = named or service.protocol
    if protocol is None:
        raise UnknownProtocolError(
            f"Service {service.namespace}/{service.name} has no label slipway.dev/protocol, which says"
            " what its server speaks.",
            f"Name the protocol, as --speaks {next(iter(PROTOCOLS))}; there are:"
            f" {', '.join(sorted(PROTOCOLS))}.",
        )
    return protocol


@contextlib.contextmanager
def forwarded(
    config: Path | None, model: str, protocol: str, service: Service
) -> Iterator[Endpoint]:
    """`service` as an endpoint whose gRPC and REST address is one forwarded port."""
    with port_forward(config, service) as port:
        yield _endpoint(model, protocol, {"grpc": port, "rest": port})


@contextlib.contextmanager
def forwarded_both(config: Path | None, model: str, speaks: str | None) -> Iterator[Endpoint]:
    """The model's endpoint with all ports of its Service. Raises ClusterError."""
    found: dict[Transport, Service] = {}
    missing: list[ClusterError] = []
    for transport in _PORTS:
        try:
            found[transport] = find_service(config, model, transport)
        except ClusterError as error:
            missing.append(error)
    if not found:
        raise missing[0]
    protocol = protocol_of(next(iter(found.values())), speaks)
    with contextlib.ExitStack() as stack:
        ports = {
            transport: stack.enter_context(port_forward(config, service))
            for transport, service in found.items()
        }
        yield _endpoint(model, protocol, ports)


def _endpoint(model: str, protocol: str, ports: Mapping[Transport, int]) -> Endpoint:
    """An endpoint on local ports without TLS: they lead to the pod, not to the gateway."""
    grpc, rest = (f"127.0.0.1:{ports[kind]}" if kind in ports else None for kind in _PORTS)
    path = load_protocol(protocol).rest_path(model)
    return Endpoint(
        model=model,
        protocol=protocol,
        grpc=GrpcAddress(target=grpc, authority=grpc, tls=False) if grpc else None,
        rest=RestAddress(url=f"http://{rest}{path}") if rest else None,
    )
