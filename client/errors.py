"""What can go wrong between a caller and a model: each error says what happened and what to do."""


class ClientError(Exception):
    """Base of every error this package raises on purpose.

    `what` is one sentence about what happened, `fix` one about what to do. `exit_code` is what the
    command line leaves with.

    transient: the same call may be answered a moment later. unexecuted: the server is known not to
    have executed the call. retry_after: seconds that the other end asks to wait before the next try.
    """

    exit_code = 1
    transient = False
    unexecuted = False
    retry_after = 0.0

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what, fix)
        self.what = what
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.what} {self.fix}"


class UsageError(ClientError):
    """The command line or the call asks for something that cannot be asked for."""

    exit_code = 2


class NoStreamError(UsageError):
    """The protocol or the transport has no streams."""


class OutputsError(ClientError):
    """The stack's outputs cannot be read or do not look like a Slipway stack's."""


class UnknownModelError(ClientError):
    """The stack has no model of this name."""


class UnknownProtocolError(ClientError):
    """The endpoint speaks a protocol this client has no file for."""


class NoTransportError(ClientError):
    """The endpoint has no gRPC (or no REST) address."""


class InputError(ClientError):
    """Names, shapes or dtypes of the inputs are not what the model's signature asks for."""


class MessageTooLargeError(ClientError):
    """A request or an answer is larger than the limit of the client, the gateway or the server."""


class DeadChannelError(ClientError):
    """Nothing could be reached at the address that was dialled: the call was not sent."""

    unexecuted = True


class UntrustedCertificateError(ClientError):
    """The server's certificate is not signed by the expected CA, or is not valid now."""

    unexecuted = True


class WrongHostError(ClientError):
    """The server's certificate is trusted, but was made for other names."""

    unexecuted = True


class DeadlineError(ClientError):
    """No answer came within the deadline. The call may have been executed, or be running still."""


class UnavailableError(ClientError):
    """The connection broke during the call, or the server said that it is not available. The call
    may have been executed."""

    transient = True


class RefusedStreamError(ClientError):
    """The other end refused the HTTP/2 stream (REFUSED_STREAM) and did not execute the call."""

    transient = unexecuted = True


class GatewayError(ClientError):
    """The gateway answered instead of the model: too many calls (429), no pod that answers (502),
    none that is ready (503), the call cut off (504)... The call may have been executed."""


class NoRouteError(GatewayError):
    """The gateway does not route the path (404): the call did not reach the server."""

    unexecuted = True


class ModelNotFoundError(ClientError):
    """The server was reached and does not serve this model or this version."""


class ServerError(ClientError):
    """The server answered with an error of its own."""


class NoSuchCallError(ServerError):
    """The server was reached and does not implement this call."""

    unexecuted = True


class ClusterError(ClientError):
    """kubectl cannot reach the cluster, the model's Service or its pod."""
