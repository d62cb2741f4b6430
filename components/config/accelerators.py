"""Accelerators: what a model asks for, and what the nodes of a pool have."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from components.config.options import Options, likely, listed, mistake

#: What a vendor's device plugin calls its devices, by the first word of an accelerator's kind.
_RESOURCES = {"nvidia": "nvidia.com/gpu"}
_KIND = r"[a-z0-9]+(-[a-z0-9]+)*"
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_KEY = r"([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
_TAINT = re.compile(
    rf"{_KEY}(=([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?)?:({'|'.join(_EFFECTS)})"
)


def _kind(raw: Any) -> Any:
    vendors = listed(_RESOURCES)
    expected = f"a vendor ({vendors}), or one of its devices such as `nvidia-l4`"
    if not isinstance(raw, str):
        raise mistake(expected, "write one text value")
    if re.fullmatch(_KIND, raw) and raw.partition("-")[0] in _RESOURCES:
        return raw
    raise likely(
        _kind,
        expected,
        f"write {vendors} for any of its devices, or name one",
        re.sub(r"[^a-z0-9]+", "-", raw.lower()).strip("-"),
    )


def _taint(raw: Any) -> Any:
    expected = "a taint as kubectl writes it, such as `nvidia.com/gpu=present:NoSchedule`"
    if not isinstance(raw, str):
        raise mistake(expected, "write one text value")
    if _TAINT.fullmatch(raw):
        return raw
    key, colon, effect = raw.partition(":")
    if not _TAINT.fullmatch(f"{key}:{_EFFECTS[0]}"):
        raise mistake(expected, "write a key, a value and an effect")
    near = difflib.get_close_matches(effect, _EFFECTS, n=1) or _EFFECTS
    whole = listed(f"{key}:{each}" for each in near)
    raise mistake(expected, f"write {whole}" if colon else f"add the effect: {whole}")


Kind = Annotated[
    str, BeforeValidator(_kind), WithJsonSchema({"type": "string", "pattern": f"^{_KIND}$"})
]
Taint = Annotated[
    str,
    BeforeValidator(_taint),
    WithJsonSchema({"type": "string", "description": "key=value:effect"}),
]


class Accelerator(Options):
    """Devices of one kind on one node."""

    kind: Kind
    """`nvidia` for any device of that vendor, or one of them, such as `nvidia-l4`"""
    count: int = Field(default=1, ge=1, le=64)

    @property
    def written(self) -> str:
        """As a stack file has it."""
        return f"{{kind: {self.kind}, count: {self.count}}}"

    @property
    def resource(self) -> str:
        """The extended resource that the kind's device plugin offers."""
        return _RESOURCES[self.kind.partition("-")[0]]

    def is_on(self, node: Accelerator | None) -> bool:
        """Whether a node that has `node` has these."""
        return (
            node is not None
            and (node.kind == self.kind or node.kind.startswith(f"{self.kind}-"))
            and node.count >= self.count
        )


class NodePoolOptions(Options):
    """Nodes of one make that the cluster has. Slipway labels and taints none: this says what is."""

    accelerator: Accelerator | None = None
    """What each of its nodes has"""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels that all of its nodes have and others have not; without any, every node that offers
    the accelerator's resource counts as one of the pool"""
    taints: tuple[Taint, ...] = Field(default=(), strict=False)
    """Its taints, as `key=value:effect`. They alone keep models without an accelerator away"""

    @property
    def open(self) -> bool:
        """Whether pods that tolerate nothing may run there."""
        return all(taint.endswith(":PreferNoSchedule") for taint in self.taints)


def matched(asked: Accelerator, pools: Mapping[str, NodePoolOptions]) -> Accelerator:
    """`asked`, where a pool has it.

    Raises a `mistake`.
    """
    there = {name: pool.accelerator for name, pool in pools.items() if pool.accelerator}
    if any(asked.is_on(accelerator) for accelerator in there.values()):
        return asked
    if there:
        have = ", ".join(f"`{name}` ({each.kind}, {each.count})" for name, each in there.items())
        fitting = dict.fromkeys(each.written for each in there.values())
        raise mistake(f"what a node of some pool has: {have}", f"write {listed(fitting)}")
    expected = "a cluster with such nodes: `slipway:cluster` has no node pool with an accelerator"
    if pools:
        raise mistake(expected, "take `accelerator` out, or give the cluster such a pool")
    # A cluster whose nodes are described alone: one that makes its nodes has some.
    described = f"node_pools: {{gpu: {{accelerator: {asked.written}}}}}"
    raise mistake(expected, f"write `{described}` in `slipway:cluster`, or take `accelerator` out")


def chosen(name: Any, pools: Mapping[str, NodePoolOptions], asked: Accelerator | None) -> Any:
    """`name`, where that pool has nodes to know by a label, and on them what is `asked`.

    Raises a `mistake`.
    """
    pool = pools.get(name) if isinstance(name, str) else None
    if pool is None:
        there = f": {listed(pools)}" if pools else ", which has none"
        usable = [
            key
            for key, each in pools.items()
            if each.labels and (asked is None or asked.is_on(each.accelerator))
        ]
        known = f"write {listed(usable)}, or " if usable else ""
        raise mistake(f"a node pool of `slipway:cluster`{there}", f"{known}take `node_pool` out")
    if not pool.labels:
        raise mistake(
            f"a node pool with `labels`, by which its nodes are known: `{name}` has none",
            "take `node_pool` out, or write the labels that its nodes have under that pool",
        )
    if asked and not asked.is_on(pool.accelerator):
        raise mistake(
            f"a node pool with {asked.count} `{asked.kind}` a node",
            "take `node_pool` out: a replica runs where its accelerator is",
        )
    return name
