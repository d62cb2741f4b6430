"""Addresses of directories in buckets (`s3://bucket/path`) and of object stores."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from components.config.options import likely, mistake

_URI = re.compile(
    r"([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])/([A-Za-z0-9._=+@-]+(?:/[A-Za-z0-9._=+@-]+)*)"
)
_ENDPOINT = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")
#: Kinds of sources, by the scheme of their addresses.
_KINDS = {"s3": "s3", "gs": "gcs", "oss": "oss"}


def bucket_uri(scheme: str) -> Callable[[str], str]:
    """A validator of the address of a model's directory in a bucket."""
    expected = f"the model's directory, such as `{scheme}://bucket/models/half_plus_two`"

    def validate(raw: str) -> str:
        found, separator, rest = raw.partition("://")
        fits = _URI.fullmatch(rest) and not {".", ".."} & {*rest.split("/")}
        if found == scheme and fits:
            return raw
        if found in _KINDS and found != scheme and fits:
            raise mistake(expected, f"did you mean `kind: {_KINDS[found]}`?")
        if separator and found not in _KINDS:
            raise mistake(expected, "write scheme, bucket and path; its server is the endpoint")
        near = "/".join(part for part in (rest or found).split("/") if part not in ("", ".", ".."))
        fix = "write a bucket and a path in it, of letters, digits, ._=+@- and single slashes"
        raise likely(validate, expected, fix, f"{scheme}://{near}")

    return validate


def _endpoint(raw: Any) -> Any:
    expected = "the store's address, such as `https://minio.example.com:9000`"
    if not isinstance(raw, str):
        raise mistake(expected, "write one text value")
    if _ENDPOINT.fullmatch(raw):
        return raw
    near = _ENDPOINT.match(raw if "://" in raw else f"https://{raw.strip()}")
    fix = "write https, a host, and the port where it is not 443"
    raise likely(_endpoint, expected, fix, near.group() if near else "")


def port(endpoint: str) -> int:
    """The port of an `Endpoint`."""
    scheme, _, host = endpoint.partition("://")
    _, colon, digits = host.rpartition("]")[2].rpartition(":")
    return int(digits) if colon else {"http": 80, "https": 443}[scheme]


Endpoint = Annotated[
    str,
    BeforeValidator(_endpoint),
    WithJsonSchema({"type": "string", "description": "A server: https://host:port"}),
]
