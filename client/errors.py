"""The errors of a call. Each has a sentence about what happened, and one about what to do."""


class ClientError(Exception):
    """Base class of all errors that this package raises deliberately.

    `what` is one sentence about what happened, `fix` one about what to do. `exit_code` is that of the
    command line.

    transient: the same call may succeed a moment later. unexecuted: the server has certainly not
    executed the call. retry_after: seconds to wait before the next attempt, as the server requests.
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
    """The command line or the call is invalid."""

    exit_code = 2


class NoStreamError(UsageError):
    """The protocol or the transport has no streams."""


class OutputsError(ClientError):
    """The stack's outputs cannot be read, or are not those of a Slipway stack."""


class UnknownModelError(ClientError):
    """The stack has no model of this name."""


class UnknownProtocolError(ClientError):
    """This client does not implement the endpoint's protocol."""


class NoTransportError(ClientError):
    """The endpoint has no gRPC (or no REST) address."""


class InputError(ClientError):
    """Names, shapes or dtypes of the inputs do not fit the model's signature."""


class MessageTooLargeError(ClientError):
    """A request or an answer is larger than the limit of the client, the gateway or the server."""


class DeadChannelError(ClientError):
    """No connection to the address could be made, so the call was not sent."""

    unexecuted = True


class UntrustedCertificateError(ClientError):
    """The server's certificate is not signed by the expected CA, or is not valid now."""

    unexecuted = True


class WrongHostError(ClientError):
    """The server's certificate is trusted, but is for other names."""

    unexecuted = True


class DeadlineError(ClientError):
    """No answer arrived within the deadline. The call may have been executed, or may still run."""


class UnavailableError(ClientError):
    """The connection broke during the call, or the server answered that it is unavailable. The call
    may have been executed."""

    transient = True


class RefusedStreamError(ClientError):
    """The other end refused the HTTP/2 stream (REFUSED_STREAM) and did not execute the call."""

    transient = unexecuted = True


class GatewayError(ClientError):
    """The gateway answered instead of the model: too many calls (429), no pod answers (502), no pod is
    ready (503), call cut off (504)... The call may have been executed."""


class NoRouteError(GatewayError):
    """The gateway does not route the path (404): the call did not reach the server."""

    unexecuted = True


class ModelNotFoundError(ClientError):
    """The server answered that it does not serve this model or this version."""


class ServerError(ClientError):
    """The model server answered with an error."""


class NoSuchCallError(ServerError):
    """The server answered that it does not implement this call."""

    unexecuted = True


class ClusterError(ClientError):
    """kubectl cannot reach the cluster, the model's Service or a pod of it."""
