import base64
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import trustme

from client import Limits, connect
from client.errors import (
    DeadChannelError,
    DeadlineError,
    GatewayError,
    MessageTooLargeError,
    ModelNotFoundError,
    ServerError,
    UntrustedCertificateError,
    WrongHostError,
)
from tests.unit.client.conftest import HOST, REST
from tests.unit.client.fake_serving import RestGateway, rest_metadata
from tests.unit.client.test_connection import free_port

X = np.array([1, 2, 5], np.float32)


@pytest.fixture
def other() -> Iterator[Any]:
    """Starts a REST gateway with another certificate."""
    started: list[RestGateway] = []

    def run(leaf: trustme.LeafCert) -> RestGateway:
        started.append(RestGateway(leaf))
        return started[-1]

    yield run
    for server in started:
        server.stop()


def predict(outputs: dict[str, Any], x: Any = X, **limits: Any) -> Any:
    with connect(outputs, "half_plus_two", transport="rest", limits=Limits(**limits)) as model:
        return model.predict({"x": x})["y"]


def address(outputs: dict[str, Any]) -> dict[str, Any]:
    rest: dict[str, Any] = outputs["endpoints"]["half_plus_two"]["rest"]
    return rest


def test_the_urls_host_is_sni_and_host_while_the_client_connects_to_connect_to(
    outputs: dict[str, Any], rest: RestGateway
) -> None:
    answer = predict(outputs)
    assert answer.tolist() == [2.5, 3.0, 4.5]
    assert answer.dtype == np.float32
    assert set(rest.snis) == {HOST}
    assert {host for _, host, _ in rest.seen} == {HOST}
    assert rest.seen[-1][0] == f"{REST}:predict"


def test_one_connection_is_kept_for_many_calls(outputs: dict[str, Any], rest: RestGateway) -> None:
    with connect(outputs, "half_plus_two", transport="rest") as model:
        for _ in range(5):
            model.predict({"x": X})
    assert len(rest.snis) == 1


def test_without_connect_to_the_client_connects_to_the_urls_host_and_verifies_an_ip(
    outputs: dict[str, Any], rest: RestGateway, other: Any, ca: trustme.CA
) -> None:
    server = other(ca.issue_cert("127.0.0.1"))
    server.answers = rest.answers
    address(outputs).update(url=f"https://{server.target}{REST}:predict", connect_to=None)
    assert predict(outputs).tolist() == [2.5, 3.0, 4.5]
    wrong = other(ca.issue_cert("127.0.0.2"))
    address(outputs)["url"] = f"https://{wrong.target}{REST}:predict"
    with pytest.raises(WrongHostError, match=r"not made for '127.0.0.1'"):
        predict(outputs)


def test_a_foreign_ca_is_refused_and_the_expected_one_is_named(
    outputs: dict[str, Any], other: Any
) -> None:
    address(outputs)["connect_to"] = other(trustme.CA().issue_cert(HOST)).target
    with pytest.raises(UntrustedCertificateError, match="Slipway test"):
        predict(outputs)


def test_a_certificate_for_another_host_is_refused(
    outputs: dict[str, Any], other: Any, ca: trustme.CA
) -> None:
    address(outputs)["connect_to"] = other(ca.issue_cert("other.localhost")).target
    with pytest.raises(WrongHostError, match=r"not made for 'models.localhost'"):
        predict(outputs)


def test_a_dead_address_is_named(outputs: dict[str, Any]) -> None:
    port = free_port()
    address(outputs)["connect_to"] = f"127.0.0.1:{port}"
    with pytest.raises(DeadChannelError, match=rf"127.0.0.1:{port}.*refused"):
        predict(outputs)


def test_the_gateways_404_is_distinguished_from_the_models(
    outputs: dict[str, Any], rest: RestGateway
) -> None:
    rest.answers = {}
    with pytest.raises(GatewayError, match=r"HTTP 404.*no route"):
        predict(outputs)
    not_found = {"error": "Servable not found for request: Latest(half_plus_two)"}
    rest.answers = {f"{REST}/metadata": (404, not_found)}
    with pytest.raises(ModelNotFoundError, match="Servable not found"):
        predict(outputs)


def test_a_refused_input_keeps_the_servers_message(
    outputs: dict[str, Any], rest: RestGateway
) -> None:
    rest.answers[f"{REST}:predict"] = (400, {"error": "the graph has a hole"})
    with pytest.raises(ServerError, match="HTTP 400: the graph has a hole"):
        predict(outputs)


def test_a_page_instead_of_the_model_is_reported(
    outputs: dict[str, Any], rest: RestGateway
) -> None:
    rest.answers[f"{REST}/metadata"] = (200, {"hello": "world"})
    with pytest.raises(ServerError, match="not metadata"):
        predict(outputs)


def test_a_call_ends_at_its_deadline(outputs: dict[str, Any], rest: RestGateway) -> None:
    rest.answers[f"{REST}:predict"] = lambda _: time.sleep(3) or (200, {})
    started = time.monotonic()
    with pytest.raises(DeadlineError, match=r":predict at 127.0.0.1:\d+ did not finish its answer"):
        predict(outputs, deadline=0.5)
    assert time.monotonic() - started < 2.5
    assert len(rest.seen) == 2, "a call that timed out must not be made twice"


def test_a_body_over_the_limit_is_not_sent(outputs: dict[str, Any], rest: RestGateway) -> None:
    with pytest.raises(MessageTooLargeError, match="limit of 1000 bytes"):
        predict(outputs, np.ones(1000, np.float32), message_bytes=1000)
    assert len(rest.seen) == 1


def test_strings_are_sent_as_base64(outputs: dict[str, Any], rest: RestGateway) -> None:
    rest.answers = {
        f"{REST}/metadata": (200, rest_metadata("DT_STRING")),
        f"{REST}:predict": lambda body: (200, {"outputs": body["inputs"]["x"]}),
    }
    answer = predict(outputs, [b"\xff\x00", "abc"])
    assert answer.tolist() == [b"\xff\x00", b"abc"]
    assert rest.seen[-1][2]["inputs"]["x"][0] == {"b64": base64.b64encode(b"\xff\x00").decode()}


@pytest.mark.parametrize(("version", "named"), [(7, "versions/7"), ("canary", "labels/canary")])
def test_the_version_or_its_label_is_part_of_the_path(
    outputs: dict[str, Any], rest: RestGateway, version: int | str, named: str
) -> None:
    rest.answers = {
        f"{REST}/{named}/metadata": rest.answers[f"{REST}/metadata"],
        f"{REST}/{named}:predict": rest.answers[f"{REST}:predict"],
    }
    with connect(outputs, "half_plus_two", transport="rest", version=version) as model:
        assert model.predict({"x": X})["y"].tolist() == [2.5, 3.0, 4.5]
