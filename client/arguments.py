"""Options that several commands share, and the types of their values."""

import argparse

from client.endpoint import TRANSPORTS, Version
from client.limits import DEADLINE, Limits


def add_service(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--service", metavar="NS/NAME:PORT", help="this Service instead of searching for one"
    )
    add_kubeconfig(parser)
    parser.add_argument(
        "--speaks",
        metavar="PROTOCOL",
        help="serving protocol, if the Service has no label slipway.dev/protocol",
    )


def add_kubeconfig(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kubeconfig", metavar="FILE", help="default: $KUBECONFIG")
    parser.add_argument(
        "--stack", metavar="NAME", help="stack whose kubeconfig to use without --kubeconfig"
    )


def add_outputs(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--outputs", metavar="FILE", help="JSON from `pulumi stack output --json`; - for stdin"
    )
    source.add_argument("--stack", metavar="NAME", help="read this stack's outputs with pulumi")


def add_transport(parser: argparse.ArgumentParser) -> None:
    transport = parser.add_mutually_exclusive_group()
    transport.add_argument(
        "--protocol",
        dest="transport",
        choices=TRANSPORTS,
        default="grpc",
        help="default: grpc; rest is JSON, rest-binary HTTP with raw tensors",
    )
    transport.add_argument(
        "--rest", dest="transport", action="store_const", const="rest", help="--protocol rest"
    )


def add_call(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--version",
        type=_version,
        metavar="N|LABEL",
        help="version of the model, or a label of TF Serving; default: the server's choice",
    )
    add_limits(parser)


def add_limits(parser: argparse.ArgumentParser, deadline: float | None = None) -> None:
    default = (
        f"{deadline:g}" if deadline else f"the stack's slipway:limits.deadline, else {DEADLINE:g}"
    )
    parser.add_argument(
        "--deadline",
        type=seconds,
        default=deadline,
        metavar="SECONDS",
        help=f"for one call, including all attempts; default {default}",
    )
    parser.add_argument(
        "--connect-timeout",
        type=seconds,
        default=Limits.connect,
        metavar="SECONDS",
        help=f"to reach the endpoint; default {Limits.connect:g}",
    )


def _version(text: str) -> Version:
    return int(text) if text.isdigit() else text


def seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


seconds.__name__ = "number of seconds"  # part of argparse's error message


def count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


count.__name__ = "number above 0"


def shape(text: str) -> tuple[str, tuple[int, ...]]:
    """("", (1024, 784)) from "1024x784", and ("x", (1024, 784)) from "x=1024x784"."""
    name, _, sizes = text.rpartition("=")
    return name, tuple(int(size) for size in sizes.split("x"))


shape.__name__ = "shape"
