"""Checks that nodes which pull from no registry have the images that the stack's pods run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from components.config.addon_options import AddonOptions
from components.config.image_names import at_mirror
from components.config.mistakes import Mistake
from components.config.node_images import NodeImages
from components.config.parsed import Parsed
from components.config.plan import Needs, PlannedAddon, plan
from components.config.secret_scan import shown
from components.config.servers import merged_server_options, servers

_CONTROLLER = "slipway:gateway.controller"
_ADDONS = ("slipway:addons.", "slipway:metrics")


def check(config: Parsed) -> Iterator[Mistake]:
    node = None if config.cluster is None else config.cluster.node_images()
    if node is None:
        return
    images = config.images
    if images.mirror != node.mirror:
        yield Mistake(
            path="slipway:images.mirror",
            shown=images.mirror and shown(images.mirror),
            expected=f"`{node.mirror}`: the cluster reaches no registry, and its nodes have images "
            "under that name",
            fix=f"write `{node.mirror}`",
        )
    if images.pull_policy != "IfNotPresent":
        yield Mistake(
            path="slipway:images.pull_policy",
            shown=shown(images.pull_policy),
            expected="`IfNotPresent`: the cluster reaches no registry to ask",
            fix="write `IfNotPresent`",
        )
    # The images of a model are known only where nothing in its options is wrong.
    whole = {name: each for name, each in config.models.items() if config.is_whole("models", name)}
    seen: set[str] = set()
    for path, reference in needed(replace(config, models=whole)):
        image = at_mirror(reference, node.mirror).partition("@")[0]
        if image not in node.present and image not in seen:
            seen.add(image)
            yield _absent(path, image, node)


def needed(config: Needs) -> Iterator[tuple[str, str]]:
    """The images that the stack's pods run, by their upstream references, each with the key that
    asks for it. Left out are models on the nodes that `slipway:cluster.node_pools` describes, and
    what the cluster of a cloud itself needs."""
    if config.gateway is not None and config.cluster is not None:
        for reference in config.gateway.images(config.cluster.default_controller):
            yield _CONTROLLER, reference
    for planned in plan(config):
        if isinstance(planned.options, AddonOptions):
            key = _addon_key(planned, config)
            for reference in planned.options.images():
                yield key, reference
    for members in servers(config.models).values():
        options = merged_server_options(list(members.values()))
        if options.accelerator or options.node_pool:
            continue
        named = next((name for name, each in members.items() if each.image), next(iter(members)))
        yield f"slipway:models.{named}.image", options.server_image()
        for name, member in members.items():
            for reference in member.source.images():
                yield f"slipway:models.{name}.source", reference


def _addon_key(planned: PlannedAddon, config: Needs) -> str:
    """The key that names the add-on, or else the first one that needs it."""
    if planned.name in config.addons:
        return f"slipway:addons.{planned.name}"
    return "slipway:metrics" if planned.name in config.chosen_addons else planned.reasons[0]


def _absent(path: str, image: str, node: NodeImages) -> Mistake:
    name = image.removeprefix(f"{node.mirror}/")
    if image in node.obtainable:
        fix = (
            "run `make up`, which gets it for the stack dev; for another stack, run "
            f"`python3 -m local images {name}`"
        )
    elif path == _CONTROLLER or path.startswith(_ADDONS):
        # The node has the image of the default, or can get it.
        fix = f"take `{re.split('[.:]', path)[-1]}` out, for the cluster's usual one"
    else:
        known = sorted(each.removeprefix(f"{node.mirror}/") for each in node.obtainable)
        fix = (
            f"name one that can be put there: {', '.join(known)}; other images run on a cluster "
            "of your own, which reaches their registry"
        )
    return Mistake(
        path=path,
        shown=None,
        expected=f"`{image}` on the local node, which has no way to a registry",
        fix=fix,
    )
