"""The engine's messages for the results of `Check` and `Diff`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from local.plugins.diff import Change, split
from local.plugins.protocol import provider_pb2
from local.plugins.values import Properties, encode

#: The keys and indices that lead to a property.
Keys = tuple[str | int, ...]
_PLAIN: Final = provider_pb2.PropertyDiff
#: The kinds of a difference: in an update, and in a replacement.
_KINDS: Final = {
    Change.ADD: (_PLAIN.ADD, _PLAIN.ADD_REPLACE),
    Change.DELETE: (_PLAIN.DELETE, _PLAIN.DELETE_REPLACE),
    Change.UPDATE: (_PLAIN.UPDATE, _PLAIN.UPDATE_REPLACE),
}


def checked(
    request: Any, failures: Iterable[tuple[str, str]], inputs: Properties | None = None
) -> Any:
    """The response to `Check`: `failures` are pairs of a property and a reason. The inputs are
    those of the request, if no others are given."""
    return provider_pb2.CheckResponse(
        inputs=request.news if inputs is None else encode(inputs),
        failures=[
            provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in failures
        ],
    )


def some_or_none(changed: object) -> Any:
    """Whether there are changes, as `DiffResponse.changes`."""
    return provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE


def detailed_diff(
    request: Any, differences: Mapping[str, Change], replaces: Callable[[Keys], bool]
) -> Any:
    """The response to `Diff`: all `differences` that are not below a path of `ignoreChanges`.
    `replaces` tells whether a change at a property needs a new resource."""
    ignored = {tuple(split(path) or ()) for path in request.ignoreChanges}
    response = provider_pb2.DiffResponse(hasDetailedDiff=True)
    for path, change in differences.items():
        keys = tuple(split(path) or ())
        if any(keys[: len(prefix)] == prefix for prefix in ignored):
            continue
        replace = replaces(keys)
        response.detailedDiff[path].CopyFrom(_PLAIN(kind=_KINDS[change][replace], inputDiff=True))
        if replace:
            response.replaces.append(path)
    response.changes = some_or_none(response.detailedDiff)
    return response
