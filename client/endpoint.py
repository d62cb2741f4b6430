"""The types of the stack's `endpoints` output: the address of a model."""

from dataclasses import dataclass
from typing import Literal

Transport = Literal["grpc", "rest", "rest-binary"]
#: A model's version: its number, or a label if the protocol has labels.
Version = int | str
TRANSPORTS: tuple[Transport, ...] = ("grpc", "rest", "rest-binary")


@dataclass(frozen=True, kw_only=True)
class GrpcAddress:
    """The client connects to `target` (host:port). `authority` is SNI and :authority. `path` is the
    prefix of `/package.Service/Method`."""

    target: str
    authority: str
    path: str = ""
    tls: bool = True


@dataclass(frozen=True, kw_only=True)
class RestAddress:
    """`url` is the predict URL, whose host is SNI and Host. The client connects to `connect_to`
    (host:port), or to the URL's host if it is None."""

    url: str
    connect_to: str | None = None


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One model of a stack. `protocol` is the name of its API, a key of `client.protocols`.
    `message_bytes` is the largest message that its gateway accepts, and `deadline_seconds` the
    longest call; None if unknown."""

    model: str
    protocol: str
    grpc: GrpcAddress | None
    rest: RestAddress | None
    message_bytes: int | None = None
    deadline_seconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Stack:
    """All endpoints of a stack by model name, and the PEM of the CA that signed its gateway's
    certificate (None: one of the system's roots)."""

    endpoints: dict[str, Endpoint]
    ca_certificate: str | None
