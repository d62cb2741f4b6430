"""Reads a Kubernetes API with Kubernetes' own client library, given the text of a kubeconfig.

This module is imported only when a namespace is created or an operation failed: the import of the
library takes a third of a second."""

from __future__ import annotations

import functools
import json

import yaml
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import ConfigException, new_client_from_config_dict
from urllib3.exceptions import HTTPError

from why.cluster import AskingError, Fetch, NotFoundError

#: Seconds to connect, and to wait for the next part of a response.
_TIMEOUT = (3.0, 10.0)


@functools.lru_cache(maxsize=1)
def api_reader(kubeconfig: str) -> Fetch:
    """A function that reads the API of `kubeconfig`'s current context. An exec plugin of the
    kubeconfig runs at once. Raises `AskingError`."""
    configuration = Configuration()
    configuration.retries = False  # urllib3's retries would take four times as long
    try:
        client: ApiClient = new_client_from_config_dict(  # type: ignore[no-untyped-call]
            yaml.safe_load(kubeconfig), persist_config=False, client_configuration=configuration
        )
    except (ConfigException, yaml.YAMLError, OSError, TypeError, ValueError) as error:
        # The error's text may quote the kubeconfig, and so a key.
        kind = type(error).__name__
        raise AskingError(f"the stack's kubeconfig cannot be used ({kind})") from None

    def fetch(path: str) -> str:
        request = client.param_serialize("GET", path, auth_settings=["BearerToken"])
        try:
            answer = client.call_api(*request, _request_timeout=_TIMEOUT)
            content: bytes = answer.read()  # type: ignore[no-untyped-call]
        except (HTTPError, OSError) as error:
            server = configuration.host
            raise AskingError(f"{server} gives no answer ({_cause(error)})") from None
        body = (content or b"").decode(errors="replace")
        if answer.status == 404:
            raise NotFoundError(_message(body))
        if answer.status != 200:
            raise AskingError(f"its API server answers {answer.status}: {_message(body)}")
        return body

    return fetch


def _cause(error: BaseException) -> str:
    """The system's message, such as `Connection refused`, or the name of the error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__


def _message(body: str) -> str:
    """The message of the API's `Status` object."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return "without a reason"
