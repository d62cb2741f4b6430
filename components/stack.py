"""`deploy`: cluster → platform → models → routes → outputs."""

from __future__ import annotations

from typing import Any

import pulumi

from components import registry
from components.config.checks import label
from components.config.model_options import ModelOptions
from components.config.stack_config import StackConfig
from components.contracts import Cluster, Endpoint, Gateway, ModelArgs, Runtime
from components.images import Images
from components.platform.namespace import Namespace
from components.platform.volumes import Volumes


def deploy(config: StackConfig) -> dict[str, Any]:
    """Register everything that `config` asks for.

    Returns the stack's outputs: `endpoints`, `gateway`, `cluster` and the secret `kubeconfig`.
    """
    cluster: Cluster = registry.implementation("clusters", config.cluster.kind)(
        "cluster", config.cluster
    )
    opts = pulumi.ResourceOptions(providers=[cluster.provider])
    namespace = Namespace("models", config.namespace, opts).name
    volumes = Volumes("volumes", config.volumes, namespace, cluster, opts)
    gateway: Gateway = registry.implementation("gateways", config.gateway.kind)(
        "gateway",
        config.gateway,
        config=config,
        cluster=cluster,
        namespace=namespace,
        opts=opts,
    )
    endpoints = {
        model: _serve(model, options, config, namespace, volumes, gateway, opts)
        for model, options in config.models.items()
    }
    return {
        "endpoints": {model: endpoint.outputs() for model, endpoint in endpoints.items()},
        "gateway": {
            "address": gateway.address,
            "host": gateway.host,
            "ca_certificate": gateway.ca_certificate,
        },
        "cluster": {"kind": cluster.kind, "name": cluster.name},
        "kubeconfig": pulumi.Output.secret(cluster.kubeconfig),
    }


def _serve(
    model: str,
    options: ModelOptions,
    config: StackConfig,
    namespace: pulumi.Output[str],
    volumes: Volumes,
    gateway: Gateway,
    opts: pulumi.ResourceOptions,
) -> Endpoint:
    source = registry.implementation("sources", options.source.kind)(options.source, volumes.claims)
    runtime: Runtime = registry.implementation("runtimes", options.runtime)(
        label(model),
        ModelArgs(
            model=model,
            options=options,
            source=source,
            namespace=namespace,
            images=Images(config.images.mirror),
            limits=config.limits,
            clients=gateway.clients,
        ),
        opts,
    )
    return gateway.route(model, runtime, opts)
