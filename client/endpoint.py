"""Where a model is reached: the types of the stack's `endpoints` output."""

from dataclasses import dataclass
from typing import Literal

Transport = Literal["grpc", "rest", "rest-binary"]
#: Of a model: its number, or a label where the protocol has labels.
Version = int | str
TRANSPORTS: tuple[Transport, ...] = ("grpc", "rest", "rest-binary")


@dataclass(frozen=True, kw_only=True)
class GrpcAddress:
    """`target` (host:port) is dialled; `authority` is SNI and :authority; `path` is put before
    `/package.Service/Method`."""

    target: str
    authority: str
    path: str = ""
    tls: bool = True


@dataclass(frozen=True, kw_only=True)
class RestAddress:
    """`url` is the predict URL, its host is SNI and Host; `connect_to` (host:port) is dialled, or
    the URL's own host where it is None."""

    url: str
    connect_to: str | None = None


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One model of a stack. `protocol` names the API it speaks (a key of `client.protocols`);
    `message_bytes` is the largest message that its gateway takes, `deadline_seconds` the longest call,
    where that is known."""

    model: str
    protocol: str
    grpc: GrpcAddress | None
    rest: RestAddress | None
    message_bytes: int | None = None
    deadline_seconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Stack:
    """All endpoints of a stack, by model name, and the PEM of the CA its gateway is checked
    against (None: the system's roots)."""

    endpoints: dict[str, Endpoint]
    ca_certificate: str | None
