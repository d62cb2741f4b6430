"""How long and how large: the numbers a call is bounded by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from client.endpoint import Endpoint

_MESSAGE_BYTES = 64 * 1024 * 1024
DEADLINE = 30.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Bounds of one connection.

    message_bytes: largest request and answer, in bytes; left out, what the stack's outputs say
        (`gateway.message_bytes`), else 64 MiB. gRPC's own default of 4 MiB for answers is below
        one batch of images.
    deadline: seconds one call may take, dialling not counted; left out, what the stack's outputs say
        (`gateway.deadline_seconds`), else 30.
    connect: seconds to wait until the address can be talked to.
    keepalive: seconds without traffic after which a call in flight is probed. 60 s stays below the
        idle limit of common load balancers; a server may hang up on clients that probe more often.
    """

    message_bytes: int = 0
    deadline: float = 0.0
    connect: float = 10.0
    keepalive: float = 60.0

    def of(self, endpoint: Endpoint) -> Limits:
        """These, with the endpoint's message size and deadline where none was chosen."""
        return replace(
            self,
            message_bytes=self.message_bytes or endpoint.message_bytes or _MESSAGE_BYTES,
            deadline=self.deadline or endpoint.deadline_seconds or DEADLINE,
        )
