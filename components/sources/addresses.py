"""Where objects are: `s3://bucket/path` and the address of a store."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from components.config.options import mistake

_URI = re.compile(
    r"([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])/([A-Za-z0-9._=+@-]+(?:/[A-Za-z0-9._=+@-]+)*)"
)
_ENDPOINT = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")
#: The kinds of sources that read such addresses.
_KINDS = {"s3": "s3", "gs": "gcs", "oss": "oss"}


def bucket_uri(scheme: str) -> Callable[[str], str]:
    """A validator of a model's directory in a bucket."""
    expected = f"the model's directory, such as `{scheme}://bucket/models/half_plus_two`"

    def validate(raw: str) -> str:
        found, separator, rest = raw.partition("://")
        if separator and found != scheme and found in _KINDS:
            raise mistake(expected, f"did you mean `kind: {_KINDS[found]}`?")
        if not separator:
            raise mistake(expected, f"did you mean `{scheme}://{raw.strip('/')}`?")
        if found != scheme:
            raise mistake(expected, f"it begins with `{scheme}://`; its server is `endpoint`")
        if raw.endswith("/"):
            raise mistake(expected, f"without the last slash: `{raw.rstrip('/')}`")
        if not _URI.fullmatch(rest) or {".", ".."} & {*rest.split("/")}:
            raise mistake(
                expected, "a bucket and a path in it, of letters, digits, `._=+@-` and single `/`"
            )
        return raw

    return validate


def _endpoint(raw: Any) -> Any:
    expected = "the store's address, such as `https://minio.example.com:9000`"
    if not isinstance(raw, str):
        raise mistake(expected, "write one text value")
    if "://" not in raw:
        raise mistake(expected, f"with its scheme: `https://{raw}`")
    if _ENDPOINT.fullmatch(raw):
        return raw
    if match := _ENDPOINT.match(raw):
        raise mistake(expected, f"without a path: `{match.group()}`")
    raise mistake(expected, "`https://`, a host, and `:port` where it is not 443")


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
