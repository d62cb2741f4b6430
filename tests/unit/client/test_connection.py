import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import trustme

from client import Limits, connect
from client.errors import (
    DeadChannelError,
    OutputsError,
    UntrustedCertificateError,
    WrongHostError,
)
from client.trust import root_certificates
from tests.unit.client.conftest import HOST
from tests.unit.client.fake_serving import FakeServing, GrpcGateway
from tests.unit.client.http2 import Http2Gateway

X = np.array([1, 2, 5], np.float32)
Start = Callable[..., GrpcGateway]


def predict(outputs: dict[str, Any], connect_timeout: float = 1.5) -> list[float]:
    with connect(outputs, "half_plus_two", limits=Limits(connect=connect_timeout)) as model:
        answer: list[float] = model.predict({"x": X})["y"].tolist()
        return answer


def dial(outputs: dict[str, Any], target: str) -> None:
    outputs["endpoints"]["half_plus_two"]["grpc"]["target"] = target


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def test_a_dead_channel_names_the_address_the_time_waited_and_the_reason(
    outputs: dict[str, Any],
) -> None:
    port = free_port()
    dial(outputs, f"127.0.0.1:{port}")
    started = time.monotonic()
    with pytest.raises(
        DeadChannelError, match=rf"127.0.0.1:{port} \(for {HOST}\).*within 1\.\d s.*refused"
    ) as error:
        predict(outputs)
    assert time.monotonic() - started < 8
    assert "client check" in error.value.fix


def test_a_silent_listener_fails_within_the_timeout(outputs: dict[str, Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        dial(outputs, f"127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(DeadChannelError, match="last it said: nothing"):
            predict(outputs)
    assert time.monotonic() - started < 8


def test_a_name_that_does_not_resolve_is_reported(outputs: dict[str, Any]) -> None:
    dial(outputs, "no-such-host.invalid:443")
    with pytest.raises(DeadChannelError, match=r"no-such-host.invalid:443"):
        predict(outputs)


def test_a_gateway_that_starts_during_the_wait_is_used(
    outputs: dict[str, Any], serving: FakeServing, start: Start, leaf: trustme.LeafCert
) -> None:
    """A forwarder listens at the address only after the first connections were refused."""
    late, port = start(leaf), free_port()
    dial(outputs, f"127.0.0.1:{port}")

    def forward() -> None:
        with socket.create_server(("127.0.0.1", port)) as server:
            client, _ = server.accept()
            upstream = socket.create_connection(("127.0.0.1", late.port))
            for source, sink in ((client, upstream), (upstream, client)):
                threading.Thread(target=pump, args=(source, sink), daemon=True).start()

    timer = threading.Timer(1, forward)
    timer.start()
    try:
        assert predict(outputs, connect_timeout=10) == [2.5, 3.0, 4.5]
    finally:
        timer.join(5)


def pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)


def test_a_foreign_ca_is_refused_at_once_and_the_expected_one_is_named(
    outputs: dict[str, Any], start: Start
) -> None:
    dial(outputs, start(trustme.CA().issue_cert(HOST)).target)
    started = time.monotonic()
    with pytest.raises(UntrustedCertificateError, match="Slipway test") as error:
        predict(outputs, connect_timeout=10)
    assert time.monotonic() - started < 5
    assert "pulumi up" in error.value.fix


def test_without_a_ca_the_systems_roots_decide(outputs: dict[str, Any]) -> None:
    outputs["gateway"]["ca_certificate"] = None
    with pytest.raises(UntrustedCertificateError, match=r"system's roots"):
        predict(outputs)


def test_grpc_uses_the_systems_bundle_if_there_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, ca: trustme.CA
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(ca.cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert root_certificates(None) == ca.cert_pem.bytes()


def test_a_system_bundle_is_enough_to_call_a_publicly_certified_gateway(
    outputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Any, ca: trustme.CA
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(ca.cert_pem.bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    outputs["gateway"]["ca_certificate"] = None
    assert predict(outputs) == [2.5, 3.0, 4.5]


def test_a_certificate_for_another_host_is_distinguished_from_an_untrusted_one(
    outputs: dict[str, Any], start: Start, ca: trustme.CA
) -> None:
    dial(outputs, start(ca.issue_cert("other.localhost")).target)
    with pytest.raises(WrongHostError, match=r"not made for 'models.localhost'") as error:
        predict(outputs)
    assert "slipway:gateway host" in error.value.fix


def test_an_expired_certificate_is_reported_as_expired(
    outputs: dict[str, Any], start: Start, ca: trustme.CA
) -> None:
    import datetime

    past = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC)
    dial(outputs, start(ca.issue_cert(HOST, not_after=past)).target)
    with pytest.raises(UntrustedCertificateError, match="expired"):
        predict(outputs)


def test_an_ip_is_checked_against_the_certificates_ip_names(
    outputs: dict[str, Any], start: Start, ca: trustme.CA
) -> None:
    grpc = outputs["endpoints"]["half_plus_two"]["grpc"]
    grpc["target"] = start(ca.issue_cert("127.0.0.1")).target
    grpc["authority"] = "127.0.0.1"
    assert predict(outputs) == [2.5, 3.0, 4.5]
    grpc["target"] = start(ca.issue_cert("127.0.0.2")).target
    with pytest.raises(WrongHostError, match=r"not made for '127.0.0.1'"):
        predict(outputs)


def test_a_ca_that_is_no_certificate_is_named_by_its_output(outputs: dict[str, Any]) -> None:
    outputs["gateway"]["ca_certificate"] = "not a certificate"
    with pytest.raises(OutputsError, match=r"gateway\.ca_certificate"):
        connect(outputs, "half_plus_two")


def test_an_endpoint_without_tls_is_called_without_tls_and_prefix(
    outputs: dict[str, Any], serving: FakeServing, start: Start
) -> None:
    grpc = outputs["endpoints"]["half_plus_two"]["grpc"]
    grpc.update(target=start(None, "").target, tls=False, path="")
    assert predict(outputs) == [2.5, 3.0, 4.5]
    assert serving.paths[-1] == "/tensorflow.serving.PredictionService/Predict"


def test_a_server_without_http2_is_reported(
    outputs: dict[str, Any], leaf: trustme.LeafCert
) -> None:
    server = Http2Gateway(leaf, 200, alpn="http/1.1")
    dial(outputs, server.target)
    try:
        with pytest.raises(DeadChannelError, match="speaks TLS but not HTTP/2"):
            predict(outputs)
    finally:
        server.stop()


def test_a_ready_channel_is_not_polled(outputs: dict[str, Any]) -> None:
    def pollers() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if "_run" in thread.name]

    with connect(outputs, "half_plus_two") as model:
        model.ready()
        end = time.monotonic() + 5
        while pollers() and time.monotonic() < end:
            pollers()[0].join(0.1)
        assert pollers() == []


def test_a_proxy_in_the_environment_is_not_used(
    outputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert predict(outputs) == [2.5, 3.0, 4.5]
    with connect(outputs, "half_plus_two", transport="rest") as model:
        assert model.predict({"x": X})["y"].tolist() == [2.5, 3.0, 4.5]
