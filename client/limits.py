"""`Limits`: the largest message and the timeouts of a call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from client.endpoint import Endpoint

_MESSAGE_BYTES = 64 * 1024 * 1024
DEADLINE = 30.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of one connection.

    message_bytes: size of the largest request and answer. Default: `gateway.message_bytes` of the
        stack's outputs, else 64 MiB. gRPC's default of 4 MiB for answers is less than one batch of
        images.
    deadline: seconds that a call may take, without connecting. Default: `gateway.deadline_seconds`
        of the stack's outputs, else 30.
    connect: seconds to wait for a connection.
    keepalive: seconds without traffic after which gRPC probes the connection of a running call. 60 s
        is below the idle timeout of common load balancers. A server may disconnect clients that probe
        more often.
    """

    message_bytes: int = 0
    deadline: float = 0.0
    connect: float = 10.0
    keepalive: float = 60.0

    def of(self, endpoint: Endpoint) -> Limits:
        """These limits, with the endpoint's message size and deadline where none is set."""
        return replace(
            self,
            message_bytes=self.message_bytes or endpoint.message_bytes or _MESSAGE_BYTES,
            deadline=self.deadline or endpoint.deadline_seconds or DEADLINE,
        )
