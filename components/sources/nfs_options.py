"""Options of the model source `nfs`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from components.config.model_options import SourceOptions
from components.config.options import example, likely, mistake
from components.config.quantities import Bytes
from components.config.values import AbsolutePath

_SERVER = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?")


def _server(raw: str) -> str:
    expected = "a host name or an address"
    if _SERVER.fullmatch(raw):
        return raw
    host, colon, path = raw.partition(":/")
    if colon and _SERVER.fullmatch(host) and re.fullmatch(r"\w[\w./-]*", path, re.ASCII):
        raise mistake(expected, f"write `server: {host}` and `path: /{path}`")
    near = (raw.partition("://")[2] or raw).strip().partition("/")[0].rstrip(":")
    raise likely(_server, expected, "write it without scheme, path and blanks", near)


def _mount_option(raw: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_]+(=[^\s,]+)?", raw):
        raise mistake(
            "one option of `mount -t nfs -o`, such as `vers=4.0`",
            "write each option as an entry of its own",
        )
    return raw


class NfsOptions(SourceOptions):
    """A directory on an NFS server, with a directory for each version in it. The nodes mount it,
    so they need an NFS client, and the server has to admit them. The pods need neither."""

    model_config = example(kind="nfs", server="nfs.example.com", path="/serving/half_plus_two")

    kind: Literal["nfs"]
    server: Annotated[str, AfterValidator(_server)]
    """Host name or address"""
    path: AbsolutePath
    """The model's directory on the server"""
    mount_options: tuple[Annotated[str, AfterValidator(_mount_option)], ...] = Field(
        default=(), strict=False
    )
    """As in `mount -t nfs -o`: `[vers=4.0, noresvport]`"""
    size: Bytes = "5Gi"
    """The size in the volume and the claim. NFS does not enforce it"""
