"""Errors for answers that are not predictions, with the same texts for gRPC and REST."""

import re

from client.errors import (
    ClientError,
    DeadlineError,
    GatewayError,
    MessageTooLargeError,
    ModelNotFoundError,
    NoRouteError,
    RefusedStreamError,
    ServerError,
    UnavailableError,
)

# The status of these messages differs between Triton's releases: NOT_FOUND, UNAVAILABLE or
# INVALID_ARGUMENT, and 400, 404 or 503.
_NO_SUCH_MODEL = re.compile(r"unknown model|is not at ready state|has no available versions")
_DECOUPLED = "models with decoupled transaction policy"
_NO_LOADING = "explicit model load / unload is not allowed"
_NOT_LOADED = re.compile(r"load failed for model|failed to load '")

#: HTTP statuses after which the same call may succeed. Not 504: the call would be cut off again.
TRANSIENT = (429, 502, 503)
_PODS = "See the model's pods with `kubectl get pods -A`."
# By status: the reason and the fix.
_GATEWAY = {
    404: ("it has no route for this path", "See the routes with `kubectl get ingress -A`."),
    413: (
        "the request is larger than slipway:limits.message_size",
        "Send smaller batches, or raise slipway:limits.message_size and run `pulumi up`.",
    ),
    415: ("it takes no compressed requests", "Send it uncompressed."),
    429: (
        "there are too many calls{wait}",
        "Send fewer calls at once, or wait between them.",
    ),
    502: (
        "its connection to a pod broke or could not be made. The call may have been executed",
        _PODS,
    ),
    503: ("no pod behind it is ready{wait}", _PODS),
    504: (
        (
            "the server did not answer within slipway:limits.deadline and the gateway's margin"
            " ({waited:.1f} s). The call may still be running"
        ),
        "Raise slipway:limits.deadline and run `pulumi up`, or send a smaller batch.",
    ),
}
_FAILED = ("it failed itself", "See its pods with `kubectl get pods -A`, and their logs.")
_STRANGE = ("it is not the model's answer", "See that the stack's outputs are current.")


def gateway_error(
    status: int, address: str, path: str, waited: float = 0.0, retry_after: float = 0.0
) -> ClientError:
    """The error for an HTTP status that the gateway, not the model, answered `waited` seconds after the
    call was sent. `retry_after`: seconds that the gateway asks to wait."""
    why, fix = _GATEWAY.get(status) or (_FAILED if status >= 500 else _STRANGE)
    why = why.format(
        waited=waited, wait=f", and it asks to wait {retry_after:g} s" if retry_after else ""
    )
    kind = NoRouteError if status == 404 else GatewayError
    error = kind(f"The gateway at {address} answered HTTP {status} for {path}: {why}.", fix)
    error.transient = status in TRANSIENT
    error.retry_after = retry_after
    return error


def deadline_error(address: str, path: str, waited: float, now: ClientError | None) -> ClientError:
    """A call that exceeded its deadline. `now`: the error of another connection to the address."""
    present = f" Now {now.what}" if now else ""
    return DeadlineError(
        f"{path} at {address} did not finish its answer within the deadline ({waited:.1f} s waited).{present}",
        "Give it longer (--deadline, or Limits(deadline=...); the gateway cuts calls off a"
        " little after slipway:limits.deadline), or send a smaller batch.",
    )


def unavailable(address: str, path: str, waited: float, reason: str) -> ClientError:
    """A call that was sent and failed without an answer."""
    return UnavailableError(
        f"{path} at {address} failed after {waited:.1f} s: {reason}. The call may have been executed.",
        "See the server's pods and their logs with `kubectl`.",
    )


def refused_stream(address: str, path: str) -> ClientError:
    """A call that the server refused before it read it."""
    return RefusedStreamError(
        f"{address} refused the stream for {path} (HTTP/2 REFUSED_STREAM). It was not executed.",
        "Call again, with fewer calls at once.",
    )


def too_large_error(details: str, limit: int) -> ClientError:
    """A message over the client's own limit."""
    return MessageTooLargeError(
        f"The message is over the limit of {limit} bytes ({details}).",
        "Send smaller batches, or raise slipway:limits.message_size and run `pulumi up` (where you"
        " set Limits(message_bytes=...), raise that).",
    )


def model_not_found(details: str) -> ClientError:
    """The server's answer that it does not have the model."""
    return ModelNotFoundError(
        f"The server was reached but does not serve this: {details}.",
        "See the name, --version, and whether the model's versions are loaded (the server's log).",
    )


def known_server_error(details: str) -> ClientError | None:
    """The error for a model server's message that is more specific than its status. None for other
    messages."""
    if _DECOUPLED in details:
        return ServerError(
            f"The model gives any number of answers to one call: {details}.",
            "Read them as a stream: `predict --stream`, or stream(...) in Python.",
        )
    if _NO_LOADING in details:
        return ServerError(
            f"The server does not load versions on request: {details}.",
            "It runs with --model-control-mode none or poll: run it with explicit, or let its version"
            " policy choose.",
        )
    if _NOT_LOADED.search(details):
        return ServerError(
            f"The server could not load it: {details}.",
            "See that the model's directory holds this version, and the server's log. What it served"
            " before, it still serves.",
        )
    return model_not_found(details) if _NO_SUCH_MODEL.search(details) else None
