"""Options of models behind any server that speaks one of the known protocols."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from components import workload
from components.config.environment import Value, Variable
from components.config.model_options import ModelOptions
from components.config.options import Options, SecretReference, example, likely, mistake
from components.config.secret_scan import HIDDEN
from components.config.values import Image

_RENAMED: dict[str, Any] = {"deprecated": True}
_DIRECTORY = r"(/[A-Za-z0-9._-]+)+"


def _url_path(raw: Any) -> Any:
    if isinstance(raw, str) and re.fullmatch(r"/[^\s?#]*", raw):
        return raw
    text = raw if isinstance(raw, str) else ""
    path = text.partition("://")[2].partition("/")[2] if "://" in text else text
    raise likely(
        _url_path,
        "a path such as `/v2/models/{model}/ready`",
        "begin with a slash, without scheme, host, blanks and query",
        *([f"/{path.strip()}"] if path.strip() else []),
    )


def _directory(raw: Any) -> Any:
    expected = "an absolute directory of the container, such as `/mnt/models`"
    if raw == "/tmp":
        raise mistake(expected, "write `/mnt/models`: the server writes to /tmp")
    if not isinstance(raw, str) or not re.fullmatch(_DIRECTORY, raw) or ".." in raw.split("/"):
        parts = str(raw).split("/") if isinstance(raw, str) else []
        near = "".join(f"/{part}" for part in parts if part not in ("", ".", ".."))
        fix = "write letters, digits, dots, dashes and underscores behind single slashes"
        raise likely(_directory, expected, fix, near)
    return raw


Port = Annotated[int, Field(ge=1024, le=65535)]
UrlPath = Annotated[str, BeforeValidator(_url_path), WithJsonSchema({"type": "string"})]
Directory = Annotated[
    str,
    BeforeValidator(_directory),
    WithJsonSchema({"type": "string", "pattern": f"^{_DIRECTORY}$"}),
]


class Ports(Options):
    """The ports that the server listens on, above 1023, since it does not run as root."""

    grpc: Port | None = None
    rest: Port | None = None

    @model_validator(mode="after")
    def _listens(self) -> Ports:
        if self.grpc is None and self.rest is None:
            raise mistake("`grpc`, `rest` or both", "write the port that the server listens on")
        if self.grpc == self.rest:
            raise mistake("two different ports", "take `grpc` out, or take `rest` out")
        return self


class Health(Options):
    """How the server reports that it can answer: by gRPC's health service, or by a path of its REST
    port."""

    grpc: bool = False
    """Whether the server has `grpc.health.v1.Health`. It is asked about the whole server"""
    path: UrlPath | None = None
    """A path that answers 2xx if the server's models can be called, and only then. `{model}` stands
    for the name of the first model. A path without it may answer 2xx on a server that found no
    model"""
    live: UrlPath | None = None
    """A path that answers 2xx unless the server has to be restarted. Left out, it is `path`"""

    @model_validator(mode="after")
    def _one_way(self) -> Health:
        if self.grpc == (self.path is not None):
            fix = "take `grpc` out, or take `path` out" if self.grpc else "write one of the two"
            raise mistake("`grpc: true` or a `path`", fix)
        if self.live is not None and self.path is None:
            raise mistake("`live` beside `path`", "take `live` out")
        return self


class CustomOptions(ModelOptions):
    """Any image that serves a model by a known protocol. It runs with a read-only root filesystem
    and may write to `/tmp`. The stack's limits apply at the gateway. The server's own limits are
    set by its arguments."""

    model_config = example(
        runtime="custom",
        image="seldonio/mlserver:1.7.1",
        user=1000,
        protocol="open-inference-v2",
        ports={"grpc": 8081, "rest": 8080},
        health={"path": "/v2/models/{model}/ready", "live": "/v2/health/live"},
        environment={"MLSERVER_PARALLEL_WORKERS": "0"},
    )
    renamed: ClassVar[Mapping[str, str]] = {"args": "arguments", "env": "environment"}

    runtime: Literal["custom"]
    image: Image
    """The server's image"""
    protocol: Literal["open-inference-v2", "tensorflow-serving"]
    """The protocol of the server, which has to serve each model under its name in the stack file"""
    ports: Ports
    health: Health
    streaming: bool = False
    """Whether clients may call gRPC's streaming methods (`ModelStreamInfer`). Behind Traefik,
    `limits.message_size` does not apply to them"""
    command: tuple[str, ...] = Field(default=(), strict=False)
    """Replaces the image's entrypoint"""
    arguments: tuple[str, ...] = Field(default=(), strict=False)
    """Replaces the image's command. `$(NAME)` stands for a variable of `environment`"""
    args: tuple[str, ...] = Field(default=(), strict=False, json_schema_extra=_RENAMED)
    """The old name of `arguments`"""
    env: dict[Variable, Value] = Field(default_factory=dict, json_schema_extra=_RENAMED)
    """The old name of `environment`"""
    model_directory: Directory = "/mnt/models"
    """The directory in which the server finds the model's files. If several models share the
    server, each has a subdirectory with the model's name"""
    user: int = Field(default=workload.USER_ID, ge=1, le=2**31 - 1)
    """The user id that the server runs as, for images with files that only one user may read. An
    id below 10000 may belong to an account of the node. A server that breaks out of its container
    could then access the files of that account"""

    def server_image(self) -> str:
        return self.image

    @field_validator(*renamed)
    @classmethod
    def _one_name(cls, value: Any, info: ValidationInfo) -> Any:
        name = cls.renamed[str(info.field_name)]
        if value and info.data.get(name):
            raise mistake(
                f"either `{name}` or its old name",
                f"take `{info.field_name}` out, and write what it has under {name}",
                shown=HIDDEN,
            )
        return value

    @property
    def server_arguments(self) -> tuple[str, ...]:
        return self.arguments or self.args

    @property
    def server_environment(self) -> Mapping[str, str | SecretReference]:
        return self.environment or self.env

    @field_validator("ports")
    @classmethod
    def _has_exposed_ports(cls, value: Ports, info: ValidationInfo) -> Ports:
        expose = info.data.get("expose")
        exposed = expose.ports if expose else {}
        for key in exposed:
            if getattr(value, key) is None:
                expose_key = "port" if key == "grpc" else "rest_port"
                unreached = "expose" if len(exposed) == 1 else f"expose.{expose_key}"
                raise mistake(
                    f"`{key}` for `expose.{expose_key}`",
                    f"take `{unreached}` out, or add the port that it is to reach",
                )
        return value

    @field_validator("health")
    @classmethod
    def _port_of_health_exists(cls, value: Health, info: ValidationInfo) -> Health:
        ports = info.data.get("ports")
        if ports and value.grpc and ports.grpc is None:
            raise mistake("`ports.grpc` beside `grpc`", "add the port, or ask by a path")
        if ports and value.path and ports.rest is None:
            raise mistake("`ports.rest` beside `path`", "add the port that answers there")
        return value
