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
    """Limits of a call. Both the gateway and the servers are configured from them."""

    message_size: Annotated[str, *amount("1Mi", "2047Mi")] = "64Mi"
    """The largest request: at least 1Mi, at most 2047Mi (protobuf's own limit is 2 GiB)"""
    deadline: _UpToAnHour = "90s"
    """The longest call or stream, from 1s to 1h"""
    idle: _UpToAnHour = "3m"
    """How long a connection without a call stays open, from 1s to 1h"""
    drain: _UpToAnHour = "10s"
    """How long a terminating pod continues to answer, from 1s to 1h. It has to last until every
    proxy in front of the pod, such as the cloud's load balancer, no longer sends it calls"""
    streams: int = Field(default=128, ge=1, le=1000)
    """Concurrent calls on one connection. The gateway needs 3 MiB of memory for each"""
