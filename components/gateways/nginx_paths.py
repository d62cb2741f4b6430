"""The paths of a serving protocol as regular expressions, for Ingress objects with `use-regex`.

No expression begins with a slash, and none matches more than a whole path: the controllers anchor a
path at its start, and each expression ends in `$`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from components.protocols import RestPath, ServingProtocol

#: What the variables of a `RestPath` match. The names of models have no character that is special
#: in a regular expression.
_VARIABLES = {"version": "[0-9]+", "label": "[A-Za-z0-9_]+"}


def unary_methods(protocol: ServingProtocol) -> str:
    """Matches the routed unary methods, and no other path."""
    return _grpc([(service.name, service.routed) for service in protocol.grpc])


def streaming_methods(protocol: ServingProtocol) -> str | None:
    """Matches the routed streaming methods, and no other path; None if the protocol has none."""
    services = [(each.name, each.streamed) for each in protocol.grpc if each.streamed]
    return _grpc(services) if services else None


def rest_paths(protocol: ServingProtocol, model: str) -> str:
    """Matches the routed REST paths of `model`, and no other path. An Ingress object cannot match
    HTTP methods: the servers themselves refuse a call with another method."""
    paths = "|".join(_rest(path, model) for path in protocol.rest_routed)
    return f"(?:{paths})$"


def _grpc(services: Sequence[tuple[str, Sequence[str]]]) -> str:
    methods = "|".join(
        f"{re.escape(name)}/(?:{'|'.join(methods)})" for name, methods in services if methods
    )
    return f"(?:{methods})$"


def _rest(rest: RestPath, model: str) -> str:
    versions = f"(?:{'|'.join(rest.versions)})?" if rest.versions else ""
    path = f"{rest.path}{versions}".format(model=model, **_VARIABLES)
    suffixes = [suffix for suffix in rest.calls if suffix]
    if not suffixes:
        return path
    (separator,) = {suffix[0] for suffix in suffixes}  # `/` or `:`
    names = "|".join(suffix.removeprefix(separator) for suffix in suffixes)
    suffix = separator + (f"(?:{names})" if len(suffixes) > 1 else names)
    return f"{path}(?:{suffix})?" if "" in rest.calls else path + suffix
