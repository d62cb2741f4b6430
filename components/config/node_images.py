"""Images that a stack needs, on a cluster whose nodes pull from no registry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from components.config.addon_options import AddonOptions
from components.config.image_names import at_mirror
from components.config.plan import plan
from components.config.report import Mistake
from components.config.secret_scan import shown
from components.config.servers import merged_server_options, servers

if TYPE_CHECKING:
    from components.config.stack_config import StackConfig


_CONTROLLER = "slipway:gateway.controller"
_ADDONS = ("slipway:addons.", "slipway:metrics")


@dataclass(frozen=True)
class NodeImages:
    """The images that the nodes have (`present`), and those that `make up` can put there
    (`obtainable`), each by a name that begins with `mirror`."""

    mirror: str
    present: frozenset[str]
    obtainable: frozenset[str]


def needed(config: StackConfig) -> Iterator[tuple[str, str]]:
    """The images that the stack's pods run, by their upstream references, each with the key that
    asks for it. Without those of models that are placed on nodes which `slipway:cluster.node_pools`
    describes, and of what a cloud's cluster itself needs."""
    if config.gateway is not None:
        for reference in config.gateway.images(config.cluster.default_controller):
            yield _CONTROLLER, reference
    for planned in plan(config):
        if isinstance(planned.options, AddonOptions):
            named = planned.name in config.chosen_addons
            asks = f"slipway:addons.{planned.name}" if named else planned.reasons[0]
            for reference in planned.options.images():
                yield asks, reference
    for members in servers(config.models).values():
        options = merged_server_options(list(members.values()))
        if options.accelerator or options.node_pool:
            continue
        asks = next((name for name, each in members.items() if each.image), next(iter(members)))
        yield f"slipway:models.{asks}.image", options.server_image()
        for name, member in members.items():
            for reference in member.source.images():
                yield f"slipway:models.{name}.source", reference


def missing(config: StackConfig) -> Iterator[Mistake]:
    """What keeps the pods of `config` from images that they need, where its nodes pull none."""
    node = config.cluster.node_images()
    if node is None:
        return
    told = config.images
    if told.mirror != node.mirror:
        yield Mistake(
            path="slipway:images.mirror",
            shown=told.mirror and shown(told.mirror),
            expected=f"`{node.mirror}`: the cluster reaches no registry, and its nodes have images "
            "under that name",
            fix=f"write `{node.mirror}`",
        )
    if told.pull_policy != "IfNotPresent":
        yield Mistake(
            path="slipway:images.pull_policy",
            shown=shown(told.pull_policy),
            expected="`IfNotPresent`: the cluster reaches no registry to ask",
            fix="write `IfNotPresent`",
        )
    seen: set[str] = set()
    for path, reference in needed(config):
        image = at_mirror(reference, node.mirror).partition("@")[0]
        if image not in node.present and image not in seen:
            seen.add(image)
            yield _absent(path, image, node)


def _absent(path: str, image: str, node: NodeImages) -> Mistake:
    name = image.removeprefix(f"{node.mirror}/")
    if image in node.obtainable:
        fix = (
            "run `make up`, which gets it for the stack dev; for another stack, run "
            f"`python3 -m local images {name}`"
        )
    elif path == _CONTROLLER or path.startswith(_ADDONS):
        # Left out, it is something whose image the node has or can get.
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
