"""The errors of requests, models and configurations."""

from __future__ import annotations

import grpc


class ServingError(Exception):
    """A status code with the real server's message."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code.name}: {self.message}"


def invalid(message: str) -> ServingError:
    """The request or the configuration is invalid."""
    return ServingError(grpc.StatusCode.INVALID_ARGUMENT, message)


def not_found(message: str) -> ServingError:
    """The requested thing does not exist."""
    return ServingError(grpc.StatusCode.NOT_FOUND, message)


def failed_precondition(message: str) -> ServingError:
    """The requested thing exists, but its state does not allow the request."""
    return ServingError(grpc.StatusCode.FAILED_PRECONDITION, message)
