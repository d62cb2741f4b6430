"""What can go wrong between a caller and a model: each error says what happened and what to do."""


class ClientError(Exception):
    """Base of every error this package raises on purpose.

    `what` is one sentence about what happened, `fix` one about what to do. `exit_code` is what the
    command line leaves with.
    """

    exit_code = 1

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(f"{what} {fix}")
        self.what = what
        self.fix = fix


class UsageError(ClientError):
    """The command line or the call asks for something that cannot be asked for."""

    exit_code = 2


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
    """Nothing could be reached at the address that was dialled."""


class UntrustedCertificateError(ClientError):
    """The server's certificate is not signed by the expected CA, or is not valid now."""


class WrongHostError(ClientError):
    """The server's certificate is trusted, but was made for other names."""


class DeadlineError(ClientError):
    """No answer came within the deadline."""


class GatewayError(ClientError):
    """The gateway answered instead of the model: no route (404), no ready pod (502, 503)..."""


class ModelNotFoundError(ClientError):
    """The server was reached and does not serve this model or this version."""


class ServerError(ClientError):
    """The server answered with an error of its own."""


class ClusterError(ClientError):
    """kubectl cannot reach the cluster, the model's Service or its pod."""
