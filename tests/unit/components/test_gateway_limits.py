"""The gateway's bounds on a request, most of them from `slipway:limits`."""

from __future__ import annotations

from typing import Any

import pytest

from components.config.limits_options import LimitsOptions
from components.config.quantities import byte_count
from tests.unit.components.gateway import (
    annotations,
    arguments,
    chart_values,
    route,
    traefik_configuration,
    traefik_volume,
    up,
)


def test_a_request_is_buffered_so_that_its_size_is_known_before_the_server_gets_it() -> None:
    recording = up()
    for protocol in ("grpc", "rest"):
        found = annotations(route(recording, protocol))
        assert found["proxy-request-buffering"] == "on"
        assert found["client-body-buffer-size"] == "16384"


def test_every_timeout_and_bound_of_the_gateway_follows_the_limits() -> None:
    recording = up(limits={"message_size": "128Mi", "deadline": "2m", "streams": 9, "idle": "5m"})
    for protocol, frame in (("grpc", 5), ("rest", 0)):
        found = annotations(route(recording, protocol))
        assert found["proxy-body-size"] == str(128 * 1024 * 1024 + frame)
        assert found["proxy-read-timeout"] == found["proxy-send-timeout"] == "130"
    for entry in ("web", "websecure"):
        transport = f"--entrypoints.{entry}.transport"
        assert f"{transport}.respondingtimeouts.readtimeout=130s" in arguments(recording)
        assert f"{transport}.respondingtimeouts.writetimeout=0s" in arguments(recording)
        assert f"{transport}.respondingtimeouts.idletimeout=300s" in arguments(recording)
        assert f"--entrypoints.{entry}.http2.maxconcurrentstreams=9" in arguments(recording)


def test_a_call_of_90_s_and_64_MiB_passes_by_default() -> None:
    recording = up()
    found = annotations(route(recording, "grpc"))
    assert int(found["proxy-body-size"]) >= 64 * 1024 * 1024
    assert int(found["proxy-read-timeout"]) > 90
    entry = "--entrypoints.websecure.transport.respondingtimeouts.readtimeout=100s"
    assert entry in arguments(recording)


def test_compressed_requests_are_refused_by_a_router_above_all_routes() -> None:
    http = traefik_configuration(up())["http"]
    for name, entry in (("compressed", "web"), ("compressed-tls", "websecure")):
        router = http["routers"][name]
        assert router["entryPoints"] == [entry]
        assert ("tls" in router) == (entry == "websecure")
        assert router["priority"] > 10_000, "a route's own is the length of its rule"
        (middleware,) = router["middlewares"]
        assert http["middlewares"][middleware]["ipAllowList"]["rejectStatusCode"] == 415
    config = chart_values()["config"]
    assert "if ($http_content_encoding) { return 415; }" in config["server-snippet"]


@pytest.mark.parametrize("limits", [{}, {"streams": 1000, "message_size": "2047Mi"}])
def test_every_controller_has_memory_for_64_connections_with_all_streams_full(
    limits: dict[str, Any],
) -> None:
    """Measured: a stream of Traefik with 30 KB of headers and 16 KB of body takes 92 KiB."""
    recording = up(limits=limits)
    streams = limits.get("streams", 128)
    for entry in ("web", "websecure"):
        assert f"--entrypoints.{entry}.http.maxheaderbytes={16 * 1024}" in arguments(recording)
    held = (
        64
        * streams
        * (2 * 16 * 1024 + int(annotations(route(recording, "grpc"))["client-body-buffer-size"]))
    )
    server = recording.one("Deployment", "gateway-controller-server").inputs["spec"]["template"]
    container = server["spec"]["containers"][0]
    spool = int(traefik_volume(recording, "tmp")["emptyDir"]["sizeLimit"])
    assert traefik_volume(recording, "tmp")["emptyDir"]["medium"] == "Memory"
    assert spool == max(512 * 2**20, 4 * byte_count(limits.get("message_size", "64Mi")))
    memory = byte_count(container["resources"]["limits"]["memory"])
    (heap,) = [int(it["value"]) for it in container["env"] if it["name"] == "GOMEMLIMIT"]
    assert held < heap == 128 * 2**20 + 64 * streams * 64 * 2**10
    assert heap + spool <= memory
    chart = chart_values(limits=LimitsOptions(**limits))
    assert chart["config"]["large-client-header-buffers"] == "2 8k"
    assert chart["config"]["http2-max-concurrent-streams"] == str(streams)
    assert held < byte_count(chart["resources"]["limits"]["memory"])
