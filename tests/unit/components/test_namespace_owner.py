"""The check before a namespace is created, against an API server with one answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components.platform.namespace_owner import OWNER, before_create
from tests.unit.components.engine import run

OURS = "organization/slipway/dev"
Answers = Callable[[int, dict[str, Any]], str]


@pytest.fixture
def kubeconfig_of() -> Iterator[Answers]:
    """Starts an API server that has one answer; returns a kubeconfig for it."""
    servers = []

    def start(status: int, answer: dict[str, Any]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                assert self.path == "/api/v1/namespaces/models"
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return kubeconfig(server.server_address[1])

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def kubeconfig(port: int) -> str:
    return json.dumps(
        {
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
            "users": [{"name": "u", "user": {"token": "swordfish-token"}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
    )


def namespace(**annotations: str) -> dict[str, Any]:
    metadata = {"name": "models", "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def refusal(kubeconfig: str | None, *, adopts: bool = False, preview: bool = False) -> str:
    """The error by which the creation of `models` fails; "" if it does not."""

    def program() -> dict[str, Any]:
        cluster: Any = SimpleNamespace(kubeconfig=pulumi.Output.from_input(kubeconfig))
        cluster.adopts = adopts
        (hook,) = before_create("models", "models", cluster).before_create or ()
        arguments: Any = None

        async def check() -> str:
            try:
                await hook(arguments)  # type: ignore[misc]
            except ValueError as error:
                return str(error)
            return ""

        return {"refusal": pulumi.Output.from_input(check())}

    return str(run(program, {}, preview=preview).outputs["refusal"])


def test_a_namespace_that_does_not_exist_is_created(kubeconfig_of: Answers) -> None:
    assert refusal(kubeconfig_of(404, {"kind": "Status", "code": 404})) == ""


@pytest.mark.parametrize("adopts", [True, False])
@pytest.mark.parametrize("preview", [True, False])
def test_a_namespace_of_another_stack_is_refused_with_that_stack_and_the_fix(
    kubeconfig_of: Answers, adopts: bool, preview: bool
) -> None:
    for existing, who in (
        (namespace(), "not made by Slipway"),
        (namespace(**{OWNER: "organization/slipway/theirs"}), "by stack `organization/slipway/th"),
    ):
        told = refusal(kubeconfig_of(200, existing), adopts=adopts, preview=preview)
        assert "namespace `models` exists already" in told
        assert who in told
        assert "choose another `slipway:namespace`" in told


def test_a_namespace_of_this_stack_s_killed_update_is_accepted_on_a_cluster_that_adopts(
    kubeconfig_of: Answers,
) -> None:
    text = kubeconfig_of(200, namespace(**{OWNER: OURS}))
    assert refusal(text, adopts=True) == ""
    told = refusal(text)
    assert f"made by stack `{OURS}`" in told
    assert "`kubectl delete namespace models`" in told
    assert "another `slipway:namespace`" not in told


@pytest.mark.parametrize("status", [403, 500])
def test_an_api_server_that_refuses_the_request_fails_the_update_and_not_the_preview(
    kubeconfig_of: Answers, status: int
) -> None:
    text = kubeconfig_of(status, {"kind": "Status", "code": status})
    told = refusal(text)
    assert "the cluster does not say whether namespace `models` exists" in told
    assert str(status) in told
    assert "swordfish" not in told
    assert refusal(text, preview=True) == ""


def test_the_error_of_an_unreachable_api_server_names_it_and_quotes_no_credential(
    kubeconfig_of: Answers,
) -> None:
    told = refusal(kubeconfig(1))
    assert "Connection refused" in told
    assert "swordfish" not in told
    assert refusal(kubeconfig(1), preview=True) == ""
