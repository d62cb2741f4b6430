"""What a request, a model or a configuration can fail with."""

from __future__ import annotations

import grpc


class ServingError(Exception):
    """A status code and the message that the real server gives with it."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code.name}: {self.message}"


def invalid(message: str) -> ServingError:
    """The request or the configuration is wrong."""
    return ServingError(grpc.StatusCode.INVALID_ARGUMENT, message)


def not_found(message: str) -> ServingError:
    """What is asked for is not there."""
    return ServingError(grpc.StatusCode.NOT_FOUND, message)


def failed_precondition(message: str) -> ServingError:
    """It is there, and not in a state to be used so."""
    return ServingError(grpc.StatusCode.FAILED_PRECONDITION, message)
