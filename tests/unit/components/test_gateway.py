"""How a model is reached from outside."""

from __future__ import annotations

import json
import re
from typing import Any

import pulumi
import pytest

from components.config.limits_options import LimitsOptions
from components.config.load import load
from components.config.quantities import byte_count
from components.gateways.controllers import ingress_nginx
from components.protocols import OPEN_INFERENCE_V2, TENSORFLOW_SERVING, ServingProtocol
from components.stack import deploy
from tests.unit.components.engine import ADDRESS, Recording, run
from tests.unit.components.environment import model, stack_file

NGINX = "nginx.ingress.kubernetes.io"


def up(
    limits: dict[str, Any] | None = None,
    models: dict[str, Any] | None = None,
    address: dict[str, str] | None = None,
    **gateway: Any,
) -> Recording:
    changed = {**stack_file()["gateway"], **gateway}
    config = stack_file(
        gateway={key: value for key, value in changed.items() if value is not None}, limits=limits
    )
    return run(
        lambda: deploy(load()), {**config, "models": models or config["models"]}, address=address
    )


def route(recording: Recording, protocol: str, name: str = "half-plus-two") -> dict[str, Any]:
    return recording.one("Ingress", f"{name}-route-{protocol}").inputs


def annotations(ingress: dict[str, Any]) -> dict[str, str]:
    return {
        key.removeprefix(f"{NGINX}/"): value
        for key, value in ingress["metadata"]["annotations"].items()
    }


def path(ingress: dict[str, Any]) -> str:
    (rule,) = ingress["spec"]["rules"]
    (entry,) = rule["http"]["paths"]
    assert entry["pathType"] == "ImplementationSpecific"
    return str(entry["path"])


def reaches(ingress: dict[str, Any], url: str) -> str | None:
    """The path that the backend sees, as the controllers match: from the start, any case."""
    found = re.match(path(ingress), url, re.IGNORECASE)
    return "/" + found[1] if found else None


def arguments(recording: Recording) -> list[str]:
    deployment = recording.one("Deployment", "gateway-controller-server")
    container = deployment.inputs["spec"]["template"]["spec"]["containers"][0]
    return list(container["args"])


def test_a_model_has_a_grpc_and_a_rest_route_with_their_own_backend_protocol() -> None:
    recording = up()
    assert annotations(route(recording, "grpc"))["backend-protocol"] == "GRPC"
    assert annotations(route(recording, "rest"))["backend-protocol"] == "HTTP"


def test_the_prefix_is_rewritten_away() -> None:
    recording = up()
    call = "/half_plus_two/tensorflow.serving.PredictionService/Predict"
    assert reaches(route(recording, "grpc"), call) == call.removeprefix("/half_plus_two")
    assert annotations(route(recording, "grpc"))["rewrite-target"] == "/$1"
    health = "/half_plus_two/grpc.health.v1.Health/Check"
    assert reaches(route(recording, "grpc"), health) == "/grpc.health.v1.Health/Check"
    rest = "/half_plus_two/v1/models/half_plus_two:predict"
    assert reaches(route(recording, "rest"), rest) == "/v1/models/half_plus_two:predict"


@pytest.mark.parametrize("protocol", [TENSORFLOW_SERVING, OPEN_INFERENCE_V2])
def test_every_method_of_a_protocol_is_reached_or_ends_at_the_gateway(
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


def test_a_route_lets_no_other_service_through() -> None:
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


def test_streaming_methods_are_reached_where_the_model_has_streaming() -> None:
    stream = "/inference.GRPCInferenceService/ModelStreamInfer"
    closed = up(models={"m": model(runtime="triton")})
    assert closed.of("Ingress", "m-route-stream") == []
    opened = route(up(models={"m": model(runtime="triton", streaming=True)}), "stream", "m")
    assert reaches(opened, f"/m{stream}") == stream
    assert reaches(opened, "/m/inference.GRPCInferenceService/ModelInfer") is None
    assert annotations(opened)["backend-protocol"] == "GRPC"
    assert "proxy-request-buffering" not in annotations(opened), "a stream has no end to wait for"


def test_a_request_is_held_until_it_is_known_to_be_no_larger_than_the_limit() -> None:
    recording = up()
    for protocol in ("grpc", "rest"):
        found = annotations(route(recording, protocol))
        assert found["proxy-request-buffering"] == "on"
        assert found["client-body-buffer-size"] == "16384"


def test_a_model_never_catches_the_calls_of_one_whose_name_begins_the_same() -> None:
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


def test_a_route_names_the_port_of_its_protocol() -> None:
    recording = up()
    for protocol, port in (("grpc", 8500), ("rest", 8501)):
        entry = route(recording, protocol)["spec"]["rules"][0]["http"]["paths"][0]
        assert entry["backend"]["service"] == {
            "name": "half-plus-two-service-1a2b3c4d",
            "port": {"number": port},
        }


@pytest.mark.parametrize("redirect", [True, False])
def test_plain_http_is_sent_to_https_unless_it_is_wanted(redirect: bool) -> None:
    for protocol in ("grpc", "rest"):
        ingress = route(up(ssl_redirect=redirect), protocol)
        assert annotations(ingress)["ssl-redirect"] == str(redirect).lower()


def test_limits_are_in_every_place_that_could_cut_a_call() -> None:
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


def test_the_certificate_is_for_the_configured_host() -> None:
    certificate = up(host="models.example.com").one("SelfSignedCert").inputs
    assert certificate["dnsNames"] == ["models.example.com"]
    assert certificate["ipAddresses"] == []


def test_without_a_host_the_certificate_is_for_the_load_balancer_s_name() -> None:
    recording = up(host=None, address={"hostname": "lb.example.com"})
    assert recording.one("SelfSignedCert").inputs["dnsNames"] == ["lb.example.com"]
    assert route(recording, "grpc")["spec"]["rules"][0]["host"] == "lb.example.com"
    endpoint = recording.outputs["endpoints"]["half_plus_two"]["grpc"]
    assert endpoint["target"] == "lb.example.com:443"
    assert endpoint["authority"] == "lb.example.com"


def test_with_an_address_alone_the_certificate_is_for_it_and_rules_carry_no_host() -> None:
    recording = up(host=None)
    certificate = recording.one("SelfSignedCert").inputs
    assert certificate["dnsNames"] == []
    assert certificate["ipAddresses"] == [ADDRESS]
    spec = route(recording, "rest")["spec"]
    assert "host" not in spec["rules"][0]
    assert "hosts" not in spec["tls"][0]
    rest = recording.outputs["endpoints"]["half_plus_two"]["rest"]
    assert rest["url"].startswith(f"https://{ADDRESS}/half_plus_two/v1/")


def test_an_ipv6_address_is_in_brackets_where_a_port_follows() -> None:
    endpoint = up(host=None, address={"ip": "2001:db8::7"}).outputs["endpoints"]["half_plus_two"]
    assert endpoint["grpc"]["target"] == "[2001:db8::7]:443"
    assert endpoint["grpc"]["authority"] == "2001:db8::7"
    assert endpoint["rest"]["url"].startswith("https://[2001:db8::7]/half_plus_two/")


def traefik_configuration(recording: Recording) -> dict[str, Any]:
    config = recording.one("ConfigMap", "gateway-controller-config").inputs
    assert "--providers.file.filename=/etc/traefik/config/config.yaml" in arguments(recording)
    found: dict[str, Any] = json.loads(config["data"]["config.yaml"])
    return found


def traefik_volume(recording: Recording, name: str) -> dict[str, Any]:
    pod = recording.one("Deployment", "gateway-controller-server").inputs["spec"]["template"]
    (found,) = [volume for volume in pod["spec"]["volumes"] if volume["name"] == name]
    return dict(found)


def test_clients_that_name_no_host_get_the_certificate_from_traefik_s_default() -> None:
    recording = up(host=None)
    secret = recording.one("Secret", "gateway-controller-tls").inputs
    assert secret["metadata"] == {"namespace": "slipway-gateway"}
    default = traefik_configuration(recording)["tls"]["stores"]["default"]
    assert default["defaultCertificate"]["certFile"] == "/etc/traefik/config/tls.crt"
    sources = traefik_volume(recording, "config")["projected"]["sources"]
    assert sources[1]["secret"] == {"name": "gateway-controller-tls-1a2b3c4d"}


def test_traefik_begins_with_the_certificate_of_the_address_that_its_service_has() -> None:
    """An update of the certificate is a roll-out: `up` waits for pods that show it."""
    recording = up(host=None)
    secret = recording.one("Secret", "gateway-controller-tls")
    assert secret.inputs["immutable"] is True
    server = recording.one("Deployment", "gateway-controller-server")
    assert {"gateway-controller-service", secret.name} <= recording.needs(server)
    service = recording.one("Service", "gateway-controller-service")
    assert server.name not in recording.needs(service)
    annotations = service.inputs["metadata"]["annotations"]
    assert annotations["pulumi.com/waitFor"] == "jsonpath={.status.loadBalancer.ingress}"


@pytest.mark.parametrize("controller", ["traefik", "ingress-nginx"])
def test_routes_come_after_the_certificate_of_clients_that_name_no_host(controller: str) -> None:
    recording = up(host=None, controller=controller)
    route = recording.one("Ingress", "half-plus-two-route-grpc")
    assert "gateway-controller-tls" in recording.needs(route)


def test_with_a_host_there_is_no_default_certificate() -> None:
    recording = up()
    assert recording.of("Secret", "gateway-controller-tls") == []
    assert "tls" not in traefik_configuration(recording)


def test_compressed_requests_are_refused_before_any_route_is_looked_at() -> None:
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
def test_what_full_connections_hold_fits_the_memory_of_every_controller(
    limits: dict[str, Any],
) -> None:
    """Measured: 92 KiB a stream of Traefik with 30 KB of headers and 16 KB of body."""
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
    assert spool >= 4 * byte_count(limits.get("message_size", "64Mi"))
    memory = byte_count(container["resources"]["limits"]["memory"])
    (heap,) = [int(it["value"]) for it in container["env"] if it["name"] == "GOMEMLIMIT"]
    assert held < heap
    assert heap + spool <= memory
    chart = chart_values(limits=LimitsOptions(**limits))
    assert chart["config"]["large-client-header-buffers"] == "2 8k"
    assert chart["config"]["http2-max-concurrent-streams"] == str(streams)
    assert held < byte_count(chart["resources"]["limits"]["memory"])


def test_a_certificate_of_one_s_own_is_used_as_it_is() -> None:
    pem = "-----BEGIN CERTIFICATE-----\nx"
    recording = up(tls={"kind": "secret", "name": "mine", "ca_certificate": pem})
    assert recording.of("SelfSignedCert") == recording.of("PrivateKey") == []
    assert route(recording, "grpc")["spec"]["tls"][0]["secretName"] == "mine"
    assert recording.outputs["gateway"]["ca_certificate"] == pem


def test_a_certificate_that_clients_trust_anyway_has_no_authority_in_the_outputs() -> None:
    recording = up(tls={"kind": "secret", "name": "mine"})
    assert recording.outputs["gateway"]["ca_certificate"] is None


def test_a_load_balancer_without_an_address_is_an_error_that_names_it() -> None:
    with pytest.raises(pulumi.RunError, match="`slipway-gateway/gateway` has no load balancer"):
        up(address={"port": "1"})


def test_ranges_that_may_connect_are_the_load_balancer_s() -> None:
    service = up(allow=["10.0.0.0/8"]).one("Service", "gateway-controller-service").inputs
    assert service["spec"]["loadBalancerSourceRanges"] == ["10.0.0.0/8"]


def test_traefik_answers_for_the_class_of_ingress_nginx() -> None:
    recording = up()
    ingress_class = recording.one("IngressClass").inputs
    assert ingress_class["metadata"]["name"] == "nginx"
    assert ingress_class["spec"]["controller"] == "k8s.io/ingress-nginx"
    provider = "--providers.kubernetesingressnginx"
    for flag in (
        f"{provider}=true",
        f"{provider}.controllerclass=k8s.io/ingress-nginx",
        f"{provider}.publishservice=slipway-gateway/gateway",
    ):
        assert flag in arguments(recording)
    service = recording.one("Service", "gateway-controller-service").inputs
    assert service["metadata"]["name"] == "gateway"


def test_traefik_calls_nobody_home_and_shows_no_dashboard() -> None:
    given = arguments(up())
    for flag in ("global.checknewversion", "global.sendanonymoususage", "api"):
        assert f"--{flag}=false" in given


def test_traefik_reads_two_namespaces_and_nothing_else() -> None:
    recording = up()
    cluster_role = recording.one("ClusterRole").inputs
    readable = {resource for rule in cluster_role["rules"] for resource in rule["resources"]}
    assert readable == {"namespaces", "ingressclasses"}
    assert {role.inputs["metadata"]["namespace"] for role in recording.of("Role")} == {
        "models",
        "slipway-gateway",
    }
    for role in (recording.one("ClusterRole"), *recording.of("Role")):
        for rule in role.inputs["rules"]:
            writes = set(rule["verbs"]) - {"list", "watch"}
            assert writes <= ({"update"} if rule["resources"] == ["ingresses/status"] else set())
    selector = "watchnamespaceselector=kubernetes.io/metadata.name in (models,slipway-gateway)"
    assert any(each.endswith(selector) for each in arguments(recording))


def test_traefik_s_replicas_survive_a_drain() -> None:
    recording = up(controller={"kind": "traefik", "replicas": 2})
    assert recording.one("PodDisruptionBudget").inputs["spec"]["maxUnavailable"] == 1


def test_local_and_existing_clusters_are_served_by_traefik_unless_told_otherwise() -> None:
    recording = up(controller=None)
    assert recording.one("Deployment", "gateway-controller-server")


def test_a_controller_that_is_present_is_read_and_not_touched() -> None:
    present = {
        "kind": "present",
        "namespace": "ingress",
        "service": "controller",
        "ingress_class": "internal",
    }
    recording = up(controller=present)
    read = recording.one("Service", "gateway-controller-service")
    assert read.read
    assert read.inputs["id"] == "ingress/controller"
    assert recording.of("IngressClass") == []
    assert route(recording, "grpc")["spec"]["ingressClassName"] == "internal"
    peer = recording.one("NetworkPolicy", "half-plus-two-callers").inputs["spec"]["ingress"][0]
    assert peer["from"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}
    ]


def test_ingress_nginx_of_another_stack_can_be_shared() -> None:
    present = {
        "kind": "present",
        "namespace": "slipway-gateway",
        "service": "ingress-nginx-controller",
    }
    assert up(controller=present).outputs["gateway"]["address"] == ADDRESS


def test_ranges_for_somebody_else_s_load_balancer_are_refused() -> None:
    present = {"kind": "present", "namespace": "ingress", "service": "controller"}
    with pytest.raises(pulumi.RunError, match="loadBalancerSourceRanges"):
        up(controller=present, allow=["10.0.0.0/8"])


class _Cluster:
    load_balancer_annotations = {"example.com/kind": "nlb"}  # noqa: RUF012
    load_balancer_class = None
    external_traffic_policy = "Local"


def chart_values(**changes: Any) -> dict[str, Any]:
    from components.gateways.controller import ControllerArgs
    from components.images import Images

    defaults: dict[str, Any] = {
        "cluster": _Cluster(),
        "models": pulumi.Output.from_input("models"),
        "images": Images(None),
        "limits": LimitsOptions(),
        "ssl_redirect": True,
        "allow": (),
        "default_certificate": None,
    }
    options = ingress_nginx.IngressNginxOptions(kind="ingress-nginx")
    return ingress_nginx.values(options, ControllerArgs(**{**defaults, **changes}))["controller"]


def test_ingress_nginx_gets_the_limits_the_annotations_and_no_webhook() -> None:
    values = chart_values(ssl_redirect=False)
    assert values["config"]["ssl-redirect"] == "false"
    assert values["config"]["proxy-body-size"] == str(64 * 1024 * 1024)
    assert values["config"]["client-body-timeout"] == "100"
    assert values["service"]["annotations"] == {"example.com/kind": "nlb"}
    assert values["service"]["externalTrafficPolicy"] == "Local"
    assert values["admissionWebhooks"] == {"enabled": False}
    assert values["image"] == {}


def test_ingress_nginx_comes_from_the_mirror_by_tag() -> None:
    from components.images import Images

    assert chart_values(images=Images("mirror.example.com/proxy"))["image"] == {
        "registry": "mirror.example.com",
        "image": "proxy/ingress-nginx/controller",
        "tag": "v1.15.1",
        "digest": "",
    }


def test_ingress_nginx_knows_the_certificate_of_clients_that_name_no_host() -> None:
    values = chart_values(default_certificate=lambda address: None)
    assert values["extraArgs"] == {"default-ssl-certificate": "slipway-gateway/gateway-tls"}


def test_ingress_nginx_warns_that_it_is_retired_and_pins_its_chart() -> None:
    recording = up(controller="ingress-nginx")
    assert [each for each in recording.warnings if "retired" in each]
    chart = recording.one("Chart").inputs
    assert (chart["version"], ingress_nginx.CONTROLLER_IMAGE) == (
        "4.15.1",
        "registry.k8s.io/ingress-nginx/controller:v1.15.1",
    )


def test_ingress_nginx_is_reached_by_the_address_of_its_chart_s_service() -> None:
    recording = up(controller="ingress-nginx", address={"hostname": "lb.example.com"})
    assert recording.outputs["gateway"]["address"] == "lb.example.com"


def test_a_chart_without_the_service_is_an_error_that_names_it() -> None:
    with pytest.raises(pulumi.RunError, match="has no Service `ingress-nginx-controller`"):
        ingress_nginx.find_service([])
