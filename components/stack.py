"""`deploy`: cluster → add-ons → gateway → models → routes → outputs."""

from __future__ import annotations

import os
from typing import Any

import pulumi

from components import failure_hook, outputs, registry
from components.addons.installation import InstalledAddons
from components.config.gateway_options import GatewayOptions
from components.config.plan import plan
from components.config.stack_config import StackConfig
from components.context import StackContext
from components.contracts.addon import AddonArgs
from components.contracts.cluster import Cluster
from components.contracts.routing import GatewayArgs
from components.models import Models
from components.platform.namespace import Namespace

#: The environment variable that is 1 in an engine home with simulated clouds.
SIMULATED = "SLIPWAY_SIMULATED"


def deploy(config: StackConfig) -> dict[str, Any]:
    """Register all resources of `config`.

    Returns the stack's outputs: `endpoints`, `gateway`, `cluster` and the secret `kubeconfig`, and
    `simulated` if the clouds are simulated.
    """
    context = StackContext.of(config)
    images = context.images
    cluster = registry.CLUSTERS.component(config.cluster.kind)("cluster", config.cluster, images)
    failure_hook.use_kubeconfig(cluster.kubeconfig)
    opts = pulumi.ResourceOptions(providers=[cluster.provider])
    addons = InstalledAddons(plan(config), AddonArgs(cluster=cluster, images=images), opts)
    exported = outputs.of_platform(cluster)
    if config.gateway is not None:
        exported |= _models(context, config.gateway, cluster, addons, opts)
    images.warn_of_unused()
    return {"simulated": True, **exported} if os.environ.get(SIMULATED) == "1" else exported


def _models(
    context: StackContext,
    options: GatewayOptions,
    cluster: Cluster,
    addons: InstalledAddons,
    opts: pulumi.ResourceOptions,
) -> dict[str, Any]:
    """The gateway, the models behind it, and their outputs."""
    config = context.config
    namespace = Namespace("models", config.namespace, cluster, opts).name
    args = GatewayArgs(
        cluster=cluster,
        namespace=namespace,
        images=context.images,
        limits=config.limits,
        default_controller=config.cluster.default_controller,
    )
    gateway = registry.GATEWAYS.component(options.kind)(
        "gateway", options, args, addons.after(options.requires, opts)
    )
    if options.host:
        cluster.publish(options.host, gateway.address)
    models = Models(context, cluster, namespace, gateway, addons, opts)
    return outputs.of_models(models.endpoints, models.generations, gateway, config.limits)
