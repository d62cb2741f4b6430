"""`deploy`: cluster → platform → models → routes → outputs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pulumi

from components import failure_hook, registry
from components.answering import answering, or_none
from components.config.durations import seconds
from components.config.model_options import ModelOptions
from components.config.quantities import byte_count
from components.config.servers import of_the_server, servers
from components.config.stack_config import GatewayOptions, StackConfig
from components.contracts import (
    Cluster,
    Endpoint,
    Gateway,
    Runtime,
    ServedModel,
    ServerArgs,
    SourceArgs,
)
from components.generations import Generations
from components.images import Images
from components.platform.load_balancer import LoadBalancer
from components.platform.namespace import Namespace
from components.platform.volumes import Volumes

#: What an engine home in which clouds are simulated sets to 1.
SIMULATED = "SLIPWAY_SIMULATED"


def deploy(config: StackConfig) -> dict[str, Any]:
    """Register everything that `config` asks for.

    Returns the stack's outputs: `endpoints`, `gateway`, `cluster` and the secret `kubeconfig`, and
    `simulated` where the clouds are.
    """
    images = _images(config)
    cluster: Cluster = registry.implementation("clusters", config.cluster.kind)(
        "cluster", config.cluster, images
    )
    failure_hook.ask_by(cluster.kubeconfig)
    opts = pulumi.ResourceOptions(providers=[cluster.provider])
    _metrics(config, cluster, images, opts)
    outputs: dict[str, Any] = {
        "endpoints": {},
        "gateway": None,
        "cluster": {
            "kind": cluster.kind,
            "name": cluster.name,
            **({"registry": cluster.registry} if cluster.registry else {}),
            **({"identity": cluster.workload_identity} if cluster.workload_identity else {}),
        },
        "kubeconfig": pulumi.Output.secret(cluster.kubeconfig),
    }
    if config.gateway is not None:
        outputs |= _models(config, config.gateway, cluster, images, opts)
    for name in images.unused():
        pulumi.log.warn(f"slipway:images.digests.{name} pins nothing: no image here has that name")
    for registry_name in images.unused_registries():
        pulumi.log.warn(
            f"slipway:images.pull_secrets has a login for `{registry_name}`, but no image of this "
            "stack is pulled from there"
        )
    return {"simulated": True, **outputs} if os.environ.get(SIMULATED) == "1" else outputs


def _images(config: StackConfig) -> Images:
    options = config.images
    return Images(
        options.mirror,
        options.pull_policy,
        options.digests,
        options.charts,
        credentials=options.pull_secrets,
        secrets=_secrets(config),
    )


def _secrets(config: StackConfig) -> dict[str, pulumi.Output[str]]:
    return {
        key: pulumi.Output.secret(value.get_secret_value()) for key, value in config.secrets.items()
    }


def _models(
    config: StackConfig,
    options: GatewayOptions,
    cluster: Cluster,
    images: Images,
    opts: pulumi.ResourceOptions,
) -> dict[str, Any]:
    """The gateway, the models behind it, and their outputs."""
    namespace = Namespace("models", config.namespace, cluster, opts).name
    volumes = Volumes("volumes", config.volumes, namespace, cluster, opts)
    gateway: Gateway = registry.implementation("gateways", options.kind)(
        "gateway",
        options,
        config=config,
        cluster=cluster,
        namespace=namespace,
        images=images,
        opts=opts,
    )
    if options.host:
        cluster.publish(options.host, gateway.address)
    models_images = images.within("models", namespace, opts)
    endpoints: dict[str, Endpoint] = {}
    by_server = servers(config.models)
    generations = Generations(by_server)
    for name, members in by_server.items():
        runtime = _serve(
            name,
            members,
            config,
            cluster,
            namespace,
            volumes,
            gateway,
            models_images,
            generations.of(name),
            opts,
        )
        exposed = of_the_server(list(members.values())).expose
        way = LoadBalancer(name, exposed, cluster, runtime, opts) if exposed else gateway
        endpoints |= {model: way.route(model, runtime, opts) for model in members}
    return {
        "endpoints": answering({model: endpoints[model] for model in config.models}),
        "gateway": or_none(
            {
                "address": gateway.address,
                "host": gateway.host,
                "ca_certificate": gateway.ca_certificate,
                "message_bytes": byte_count(config.limits.message_size),
                "deadline_seconds": seconds(config.limits.deadline),
            }
        ),
        **({"servers": generations.outputs} if generations.outputs else {}),
    }


def _metrics(
    config: StackConfig, cluster: Cluster, images: Images, opts: pulumi.ResourceOptions
) -> None:
    """What autoscalers read, where there are any or the stack asks for it."""
    chosen = config.chosen_metrics(cluster.default_metrics)
    if chosen is not None:
        registry.implementation("metrics", chosen.kind)("metrics", chosen, images, cluster, opts)


def _serve(
    name: str,
    members: Mapping[str, ModelOptions],
    config: StackConfig,
    cluster: Cluster,
    namespace: pulumi.Output[str],
    volumes: Volumes,
    gateway: Gateway,
    images: Images,
    generation: pulumi.Output[str] | None,
    opts: pulumi.ResourceOptions,
) -> Runtime:
    models = [
        ServedModel(
            name=model,
            options=options,
            source=registry.implementation("sources", options.source.kind)(
                options.source,
                SourceArgs(
                    model=model,
                    namespace=namespace,
                    claims=volumes.claims,
                    images=images,
                    opts=opts,
                ),
            ),
        )
        for model, options in members.items()
    ]
    options = of_the_server(list(members.values()))
    runtime: Runtime = registry.implementation("runtimes", options.runtime)(
        name,
        ServerArgs(
            models=models,
            options=options,
            cluster=cluster,
            namespace=namespace,
            images=images,
            limits=config.limits,
            clients=gateway.clients,
            secrets=images.secrets,
            generation=generation,
        ),
        opts,
    )
    return runtime
