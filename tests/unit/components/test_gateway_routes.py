"""The Ingress objects of a model: the calls that they route, and to which backend."""

from __future__ import annotations

import pytest

from components.protocols import OPEN_INFERENCE_V2, TENSORFLOW_SERVING, ServingProtocol
from tests.unit.components.engine import ADDRESS
from tests.unit.components.environment import model
from tests.unit.components.gateway import annotations, reaches, route, up


def test_a_model_has_a_grpc_and_a_rest_route_with_their_own_backend_protocol() -> None:
    recording = up()
    assert annotations(route(recording, "grpc"))["backend-protocol"] == "GRPC"
    assert annotations(route(recording, "rest"))["backend-protocol"] == "HTTP"


def test_the_prefix_is_removed_before_the_backend_sees_the_path() -> None:
    recording = up()
    call = "/half_plus_two/tensorflow.serving.PredictionService/Predict"
    assert reaches(route(recording, "grpc"), call) == call.removeprefix("/half_plus_two")
    assert annotations(route(recording, "grpc"))["rewrite-target"] == "/$1"
    health = "/half_plus_two/grpc.health.v1.Health/Check"
    assert reaches(route(recording, "grpc"), health) == "/grpc.health.v1.Health/Check"
    rest = "/half_plus_two/v1/models/half_plus_two:predict"
    assert reaches(route(recording, "rest"), rest) == "/v1/models/half_plus_two:predict"


@pytest.mark.parametrize("protocol", [TENSORFLOW_SERVING, OPEN_INFERENCE_V2])
def test_routed_methods_reach_the_backend_and_refused_ones_do_not(
    protocol: ServingProtocol,
) -> None:
    runtime = {TENSORFLOW_SERVING.name: "tfserving", OPEN_INFERENCE_V2.name: "triton"}
    recording = up(models={"m": model(runtime=runtime[protocol.name])})
    grpc, rest = route(recording, "grpc", "m"), route(recording, "rest", "m")
    for service in protocol.grpc:
        for method in service.routed:
            path = f"/{service.name}/{method}"
            assert reaches(grpc, f"/m{path}") == path
            assert reaches(grpc, f"/m{path}/more") is None
        for method in (*service.streamed, *service.refused, "Unknown"):
            assert reaches(grpc, f"/m/{service.name}/{method}") is None, method
    assert reaches(rest, "/m/" + protocol.predict.format(model="m")) is not None
    for path in protocol.rest_refused:
        assert reaches(rest, "/m/" + path.format(model="m")) is None, path


def test_no_other_service_and_no_other_path_is_routed() -> None:
    recording = up()
    for url in (
        "/half_plus_two/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/half_plus_two/tensorflowXserving.PredictionService/Predict",
        "/half_plus_two/tensorflow.serving.PredictionService/Predict/../X",
        "/half_plus_two/x/tensorflow.serving.PredictionService/Predict",
        "/tensorflow.serving.PredictionService/Predict",
    ):
        assert reaches(route(recording, "grpc"), url) is None, url
    for path in (
        "monitoring/metrics",
        "v1/models/other:predict",
        "v1/models/half_plus_two/versions/..%2f..%2fother:predict",
        "v1/models/half_plus_two/labels/a/b:predict",
        "v1/models/half_plus_two:predict/more",
    ):
        assert reaches(route(recording, "rest"), f"/half_plus_two/{path}") is None, path
    for path in ("", "/metadata", "/versions/3:predict", "/labels/canary/metadata"):
        url = f"/v1/models/half_plus_two{path}"
        assert reaches(route(recording, "rest"), f"/half_plus_two{url}") == url


def test_streaming_methods_are_routed_if_the_model_has_streaming() -> None:
    stream = "/inference.GRPCInferenceService/ModelStreamInfer"
    closed = up(models={"m": model(runtime="triton")})
    assert closed.of("Ingress", "m-route-stream") == []
    opened = route(up(models={"m": model(runtime="triton", streaming=True)}), "stream", "m")
    assert reaches(opened, f"/m{stream}") == stream
    assert reaches(opened, "/m/inference.GRPCInferenceService/ModelInfer") is None
    assert annotations(opened)["backend-protocol"] == "GRPC"
    assert "proxy-request-buffering" not in annotations(opened), "a stream has no end to wait for"


def test_a_model_gets_no_calls_of_one_whose_name_has_the_same_beginning() -> None:
    recording = up(models={"a": model(), "ab": model()})
    for protocol, rest in (
        ("grpc", "tensorflow.serving.PredictionService/Predict"),
        ("rest", "v1/models/ab"),
    ):
        assert reaches(route(recording, protocol, "a"), f"/ab/{rest}") is None
        assert reaches(route(recording, protocol, "ab"), f"/a/{rest}") is None
        assert reaches(route(recording, protocol, "ab"), f"/ab/{rest}") == f"/{rest}"


def test_all_models_share_one_host_and_one_certificate() -> None:
    recording = up(models={"a": model(), "b": model()})
    assert len(recording.of("Ingress")) == 4
    for ingress in recording.of("Ingress"):
        assert ingress.inputs["spec"]["rules"][0]["host"] == "models.localhost"
        assert ingress.inputs["spec"]["tls"] == [
            {"hosts": ["models.localhost"], "secretName": "gateway-tls-secret-1a2b3c4d"}
        ]
        assert ingress.inputs["spec"]["ingressClassName"] == "nginx"
        assert ingress.inputs["metadata"]["namespace"] == "models"


def test_a_route_names_the_port_of_its_protocol() -> None:
    recording = up()
    for protocol, port in (("grpc", 8500), ("rest", 8501)):
        entry = route(recording, protocol)["spec"]["rules"][0]["http"]["paths"][0]
        assert entry["backend"]["service"] == {
            "name": "half-plus-two-service-1a2b3c4d",
            "port": {"number": port},
        }


@pytest.mark.parametrize("runtime", ["tfserving", "triton"])
def test_a_service_tells_gateways_that_its_grpc_port_speaks_http_2_without_tls(
    runtime: str,
) -> None:
    service = up(models={"m": model(runtime=runtime)}).one("Service", "m-service").inputs
    protocols = {each["name"]: each.get("appProtocol") for each in service["spec"]["ports"]}
    assert protocols == {"grpc": "kubernetes.io/h2c", "rest": None}


def test_the_endpoint_of_a_model_is_all_that_a_client_needs_to_call_it() -> None:
    assert up().outputs["endpoints"]["half_plus_two"] == {
        "runtime": "tfserving",
        "protocol": "tensorflow-serving",
        "grpc": {
            "target": f"{ADDRESS}:443",
            "authority": "models.localhost",
            "path": "/half_plus_two",
            "tls": True,
        },
        "rest": {
            "url": "https://models.localhost/half_plus_two/v1/models/half_plus_two:predict",
            "connect_to": f"{ADDRESS}:443",
        },
    }


def test_a_route_depends_on_the_server_the_controller_and_the_certificate() -> None:
    recording = up()
    for protocol in ("grpc", "rest"):
        needed = recording.needs(recording.one("Ingress", f"half-plus-two-route-{protocol}"))
        assert {
            "half-plus-two-server",
            "half-plus-two-callers",
            "gateway-controller-server",
            "gateway-tls-certificate",
        } <= needed


@pytest.mark.parametrize("redirect", [True, False])
def test_plain_http_is_redirected_to_https_unless_the_stack_file_says_otherwise(
    redirect: bool,
) -> None:
    for protocol in ("grpc", "rest"):
        ingress = route(up(ssl_redirect=redirect), protocol)
        assert annotations(ingress)["ssl-redirect"] == str(redirect).lower()


#: What every Ingress object of a route has.
COMMON = {
    "use-regex": "true",
    "rewrite-target": "/$1",
    "ssl-redirect": "true",
    "proxy-read-timeout": "100",
    "proxy-send-timeout": "100",
    # An Ingress object is deployed once the controller has written its address into it.
    "pulumi.com/waitFor": "jsonpath={.status.loadBalancer.ingress}",
}
#: The controller buffers a request of gRPC's unary methods and of REST.
BUFFERED = {"proxy-request-buffering": "on", "client-body-buffer-size": "16384"}
#: `proxy-body-size` of gRPC has room for the 5 bytes before a message.
ANNOTATIONS = {
    "grpc": {**COMMON, **BUFFERED, "backend-protocol": "GRPC", "proxy-body-size": "67108869"},
    "stream": {**COMMON, "backend-protocol": "GRPC", "proxy-body-size": "67108869"},
    "rest": {**COMMON, **BUFFERED, "backend-protocol": "HTTP", "proxy-body-size": "67108864"},
}


@pytest.mark.parametrize("kind", ANNOTATIONS)
def test_an_ingress_object_has_these_annotations_and_no_other(kind: str) -> None:
    recording = up(models={"m": model(runtime="triton", streaming=True)})
    assert annotations(route(recording, kind, "m")) == ANNOTATIONS[kind]
