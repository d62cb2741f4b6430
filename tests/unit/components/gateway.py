"""Runs a stack with a gateway, and reads its Ingress objects and its controller."""

from __future__ import annotations

import json
import re
from typing import Any

import pulumi

from components.config.limits_options import LimitsOptions
from components.config.load import load
from components.gateways.controller import ControllerArgs
from components.gateways.controllers import ingress_nginx
from components.images import Images
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import stack_file

NGINX = "nginx.ingress.kubernetes.io"


def up(
    limits: dict[str, Any] | None = None,
    models: dict[str, Any] | None = None,
    address: dict[str, str] | None = None,
    cluster: dict[str, Any] | None = None,
    **gateway: Any,
) -> Recording:
    changed = {**stack_file()["gateway"], **gateway}
    config = stack_file(
        gateway={key: value for key, value in changed.items() if value is not None}, limits=limits
    )
    config["models"] = models or config["models"]
    config["cluster"] = cluster or config["cluster"]
    return run(lambda: deploy(load()), config, address=address)


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
    """The path that the backend sees; None if no rule matches `url`. Controllers match from the
    start of the path and ignore case."""
    found = re.match(path(ingress), url, re.IGNORECASE)
    return "/" + found[1] if found else None


def arguments(recording: Recording) -> list[str]:
    deployment = recording.one("Deployment", "gateway-controller-server")
    container = deployment.inputs["spec"]["template"]["spec"]["containers"][0]
    return list(container["args"])


def traefik_pod(recording: Recording) -> dict[str, Any]:
    deployment = recording.one("Deployment", "gateway-controller-server").inputs
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return found


def traefik_labels(recording: Recording) -> dict[str, str]:
    deployment = recording.one("Deployment", "gateway-controller-server").inputs
    found: dict[str, str] = deployment["spec"]["template"]["metadata"]["labels"]
    assert found.items() <= deployment["metadata"]["labels"].items()
    return found


def traefik_configuration(recording: Recording) -> dict[str, Any]:
    config = recording.one("ConfigMap", "gateway-controller-config").inputs
    assert "--providers.file.filename=/etc/traefik/config/config.yaml" in arguments(recording)
    found: dict[str, Any] = json.loads(config["data"]["config.yaml"])
    return found


def traefik_volume(recording: Recording, name: str) -> dict[str, Any]:
    pod = recording.one("Deployment", "gateway-controller-server").inputs["spec"]["template"]
    (found,) = [volume for volume in pod["spec"]["volumes"] if volume["name"] == name]
    return dict(found)


class _Cluster:
    load_balancer_annotations = {"example.com/kind": "nlb"}  # noqa: RUF012
    load_balancer_class = None
    external_traffic_policy = "Local"


def chart_values(**changes: Any) -> dict[str, Any]:

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
