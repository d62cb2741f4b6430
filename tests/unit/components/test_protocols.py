"""The serving protocols as data, and the paths that the nginx gateway renders from them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from components.gateways import nginx_paths
from components.protocols import (
    OPEN_INFERENCE_V2,
    TENSORFLOW_SERVING,
    HttpMethod,
    RestPath,
    ServingProtocol,
)

PROTOCOLS = [TENSORFLOW_SERVING, OPEN_INFERENCE_V2]
VARIABLES = {"model": "m", "version": "12", "label": "canary_2"}
#: What the Ingress objects of a model `m` have in their paths.
RENDERED = {
    TENSORFLOW_SERVING.name: [
        (
            r"(?:tensorflow\.serving\.PredictionService/"
            r"(?:Classify|Regress|Predict|MultiInference|GetModelMetadata)"
            r"|tensorflow\.serving\.ModelService/(?:GetModelStatus)"
            r"|grpc\.health\.v1\.Health/(?:Check|Watch))$"
        ),
        None,
        (
            r"(?:v1/models/m(?:/versions/[0-9]+|/labels/[A-Za-z0-9_]+)?(?:/metadata)?"
            r"|v1/models/m(?:/versions/[0-9]+|/labels/[A-Za-z0-9_]+)?"
            r":(?:predict|classify|regress))$"
        ),
    ],
    OPEN_INFERENCE_V2.name: [
        (
            r"(?:inference\.GRPCInferenceService/(?:ServerLive|ServerReady|ServerMetadata"
            r"|ModelReady|ModelMetadata|ModelConfig|ModelStatistics|ModelInfer)"
            r"|grpc\.health\.v1\.Health/(?:Check|Watch))$"
        ),
        r"(?:inference\.GRPCInferenceService/(?:ModelStreamInfer))$",
        (
            r"(?:v2|v2/health/(?:live|ready)|v2/models/m(?:/versions/[0-9]+)?"
            r"|v2/models/m(?:/versions/[0-9]+)?"
            r"/(?:ready|config|stats|infer|generate|generate_stream))$"
        ),
    ],
}


def calls(protocol: ServingProtocol) -> Iterator[tuple[HttpMethod, str]]:
    """Every routed REST call, with each of its versions and without one."""
    for rest in protocol.rest_routed:
        for version in ("", *rest.versions):
            for suffix, method in rest.calls.items():
                yield method, f"{rest.path}{version}{suffix}".format(**VARIABLES)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda it: it.name)
def test_the_paths_of_ingress_objects_stay_as_they_are(protocol: ServingProtocol) -> None:
    assert RENDERED[protocol.name] == [
        nginx_paths.unary_methods(protocol),
        nginx_paths.streaming_methods(protocol),
        nginx_paths.rest_paths(protocol, "m"),
    ]


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda it: it.name)
def test_a_protocol_has_names_and_templates_and_no_regular_expression(
    protocol: ServingProtocol,
) -> None:
    for service in protocol.grpc:
        assert re.fullmatch(r"[A-Za-z0-9_.]+", service.name)
        for method in (*service.routed, *service.streamed, *service.refused):
            assert re.fullmatch(r"[A-Za-z]+", method)
    for rest in protocol.rest_routed:
        for template in (rest.path, *rest.versions, *rest.calls):
            literal = template.format(**VARIABLES)
            assert re.fullmatch(r"[A-Za-z0-9_/:]*", literal), template


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda it: it.name)
def test_every_rest_call_of_a_protocol_is_matched_whole(protocol: ServingProtocol) -> None:
    pattern = nginx_paths.rest_paths(protocol, "m")
    paths = [path for _, path in calls(protocol)]
    assert protocol.predict.format(model="m") in paths
    for path in paths:
        assert re.match(pattern, path), path
        assert not re.match(pattern, f"{path}/more"), path
        of_another = path.replace("models/m", "models/other")
        assert of_another == path or not re.match(pattern, of_another), path


def test_models_are_called_by_post_and_asked_about_by_get() -> None:
    by_post = {
        path.rpartition("/m")[2]
        for protocol in PROTOCOLS
        for method, path in calls(protocol)
        if method is HttpMethod.POST and "versions" not in path and "labels" not in path
    }
    assert by_post == {
        *(":predict", ":classify", ":regress"),
        *("/infer", "/generate", "/generate_stream"),
    }


@pytest.mark.parametrize(
    ("suffixes", "rendered"),
    [
        (("",), "p"),
        (("/a",), "p/a"),
        (("/a", "/b"), "p/(?:a|b)"),
        (("", "/a"), "p(?:/a)?"),
        (("", ":a", ":b"), "p(?::(?:a|b))?"),
    ],
)
def test_suffixes_of_a_path_are_rendered_as_alternatives(
    suffixes: tuple[str, ...], rendered: str
) -> None:
    rest = RestPath(path="p", calls=dict.fromkeys(suffixes, HttpMethod.GET))
    protocol = ServingProtocol(name="p", grpc=(), rest_routed=(rest,), rest_refused=(), predict="p")
    assert nginx_paths.rest_paths(protocol, "m") == f"(?:{rendered})$"
