"""`ServerSpec`: the server that a runtime runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from components import workload
from components.kubernetes.object import Fields
from components.protocols import ServingProtocol

#: Where `ServerSpec.configuration` is mounted.
CONFIGURATION = "/config"


@dataclass(frozen=True, kw_only=True)
class ServerSpec:
    """How a server is run. A port is None where the server does not speak that. `configuration`
    are files in `/config`; `prepare` init containers that run when the models' files are there;
    `cpu` and `memory` request and limit where the stack says nothing. `arguments` that the stack
    file sets too are left to it. `streaming` routes the streaming methods of gRPC."""

    command: Sequence[str] | None
    arguments: Sequence[str]
    protocol: ServingProtocol
    grpc_port: int | None
    rest_port: int | None
    startup_probe: Fields
    readiness_probe: Fields
    liveness_probe: Fields
    cpu: tuple[str, str]
    memory: tuple[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    environment_from: Mapping[str, Fields] = field(default_factory=dict)
    user: int = workload.USER_ID
    configuration: Mapping[str, str] = field(default_factory=dict)
    volumes: Sequence[Fields] = ()
    mounts: Sequence[Fields] = ()
    prepare: Sequence[Fields] = ()
    streaming: bool = False

    @property
    def ports(self) -> dict[str, int]:
        named = {"grpc": self.grpc_port, "rest": self.rest_port}
        return {name: port for name, port in named.items() if port is not None}
