"""Options of `slipway:limits`."""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    Field,
)

from components.config.durations import duration
from components.config.options import Options
from components.config.quantities import amount

_UpToAnHour = Annotated[str, *duration("1s", "1h")]


class LimitsOptions(Options):
    """How large and how long a call may be; gateway and servers are set from this alone."""

    message_size: Annotated[str, *amount("1Mi", "2047Mi")] = "64Mi"
    """The largest request: at least 1Mi, at most 2047Mi (protobuf's own limit is 2 GiB)"""
    deadline: _UpToAnHour = "90s"
    """The longest call or stream, from 1s to 1h"""
    idle: _UpToAnHour = "3m"
    """How long a connection without a call is kept, from 1s to 1h"""
    drain: _UpToAnHour = "10s"
    """How long a pod that is told to stop goes on answering, from 1s to 1h: until every proxy in
    front of it, the cloud's load balancer among them, has left it out"""
    streams: int = Field(default=128, ge=1, le=1000)
    """Calls at once on one connection. The gateway's memory grows with it: 3 MiB for each stream"""
