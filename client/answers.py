"""Answers that are no prediction, as errors: the same words for gRPC and REST."""

import re

from client.errors import (
    ClientError,
    DeadlineError,
    GatewayError,
    MessageTooLargeError,
    ModelNotFoundError,
    ServerError,
)

# Triton says these as NOT_FOUND, UNAVAILABLE or INVALID_ARGUMENT, 400, 404 or 503, by release.
_NO_SUCH_MODEL = re.compile(r"unknown model|is not at ready state|has no available versions")
_NO_LOADING = "explicit model load / unload is not allowed"
_NOT_LOADED = re.compile(r"load failed for model|failed to load '")


def gateway_error(status: int, address: str, path: str) -> ClientError:
    """An HTTP status that the gateway gave in the model's place."""
    why, fix = "it is not the model's answer", "See that the stack's outputs are current."
    if status == 404:
        why, fix = "it has no route for this path", "See the routes with `kubectl get ingress -A`."
    elif status == 413:
        why, fix = "the request is larger than it lets through", "Send smaller batches."
    elif status >= 500:
        why, fix = "no pod behind it answered", "See the model's pods with `kubectl get pods -A`."
    return GatewayError(f"The gateway at {address} answered HTTP {status} for {path}: {why}.", fix)


def deadline_error(address: str, path: str, waited: float) -> ClientError:
    """A call that was given up."""
    return DeadlineError(
        f"{path} at {address} gave no answer within the deadline ({waited:.1f} s waited).",
        "Give it longer (--deadline, or Limits(deadline=...)), or send a smaller batch.",
    )


def too_large_error(details: str, limit: int) -> ClientError:
    """A message over the limit."""
    return MessageTooLargeError(
        f"The message is over the limit of {limit} bytes ({details}).",
        "Send smaller batches, or raise Limits(message_bytes=...) where the server allows it.",
    )


def model_not_found(details: str) -> ClientError:
    """The server's NOT_FOUND."""
    return ModelNotFoundError(
        f"The server was reached but does not serve this: {details}.",
        "See the name, --version, and whether the model's versions are loaded (the server's log).",
    )


def said_by_server(details: str) -> ClientError | None:
    """The error that a model server's words stand for, where they tell more than its status."""
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
