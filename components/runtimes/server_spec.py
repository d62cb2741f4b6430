"""`ServerSpec`: how a runtime runs its server."""

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
    """How a server is run. A port is None if the server does not speak that protocol.
    `configuration` has files that are mounted in `/config`. `prepare` has init containers that run
    once the models' files are in place. `cpu` and `memory` are the default request and limit. The
    stack file's arguments override those of the same name in `arguments`. `streaming`: the
    streaming methods of gRPC are routed, too."""

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
