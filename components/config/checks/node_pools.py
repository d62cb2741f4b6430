"""Checks that the cluster has the accelerators and node pools that models ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.config.accelerators import Accelerator, NodePoolOptions
from components.config.mistakes import Mistake
from components.config.options import listed
from components.config.parsed import Parsed

_Pools = Mapping[str, NodePoolOptions]


def check(config: Parsed) -> Iterator[Mistake]:
    if config.cluster is None:
        return
    pools = config.cluster.pools()
    for model, options in config.models.items():
        wanted = options.accelerator
        if wanted and not any(wanted.is_on(each.accelerator) for each in pools.values()):
            path, shown = _place(config, model, "accelerator")
            yield _no_accelerator(path, shown, wanted, pools)
            wanted = None  # no pool has it, so its mistake would be repeated at `node_pool`
        if options.node_pool is not None:
            path, shown = _place(config, model, "node_pool")
            yield from _wrong_pool(path, shown, options.node_pool, wanted, pools)


def _place(config: Parsed, model: str, key: str) -> tuple[str, str]:
    """The path of a model's key, and its value."""
    return f"slipway:models.{model}.{key}", config.shown("models", model, key)


def _no_accelerator(path: str, shown: str, wanted: Accelerator, pools: _Pools) -> Mistake:
    offered = {name: pool.accelerator for name, pool in pools.items() if pool.accelerator}
    if offered:
        have = ", ".join(f"`{name}` ({each.kind}, {each.count})" for name, each in offered.items())
        fitting = dict.fromkeys(each.written for each in offered.values())
        return Mistake(
            path=path,
            shown=shown,
            expected=f"what a node of some pool has: {have}",
            fix=f"write {listed(fitting)}",
        )
    # A cluster that the stack makes has pools. Of another the stack file describes them.
    described = f"node_pools: {{gpu: {{accelerator: {wanted.written}}}}}"
    return Mistake(
        path=path,
        shown=shown,
        expected="a cluster with such nodes: `slipway:cluster` has no node pool with an accelerator",
        fix="take `accelerator` out, or give the cluster such a pool"
        if pools
        else f"write `{described}` in `slipway:cluster`, or take `accelerator` out",
    )


def _wrong_pool(
    path: str, shown: str, name: str, wanted: Accelerator | None, pools: _Pools
) -> Iterator[Mistake]:
    """The pool `name` has to have a label, which selects its nodes, and the accelerator that is
    `wanted`."""
    pool = pools.get(name)
    if pool is None:
        known = f": {listed(pools)}" if pools else ", which has none"
        usable = [
            key
            for key, each in pools.items()
            if each.labels and (wanted is None or wanted.is_on(each.accelerator))
        ]
        write = f"write {listed(usable)}, or " if usable else ""
        yield Mistake(
            path=path,
            shown=shown,
            expected=f"a node pool of `slipway:cluster`{known}",
            fix=f"{write}take `node_pool` out",
        )
    elif not pool.labels:
        yield Mistake(
            path=path,
            shown=shown,
            expected=f"a node pool with `labels`, by which its nodes are known: `{name}` has none",
            fix="take `node_pool` out, or write the labels that its nodes have under that pool",
        )
    elif wanted and not wanted.is_on(pool.accelerator):
        yield Mistake(
            path=path,
            shown=shown,
            expected=f"a node pool with {wanted.count} `{wanted.kind}` a node",
            fix="take `node_pool` out: a replica runs where its accelerator is",
        )
