"""Accelerators that models request, and node pools that have them."""

from __future__ import annotations

import difflib
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from components.config.options import Options, likely, listed, mistake

#: The extended resource of a vendor's device plugin, by the first word of an accelerator's kind.
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
        """The accelerator as YAML for a stack file."""
        return f"{{kind: {self.kind}, count: {self.count}}}"

    @property
    def resource(self) -> str:
        """The extended resource that the vendor's device plugin advertises."""
        return _RESOURCES[self.kind.partition("-")[0]]

    def is_on(self, node: Accelerator | None) -> bool:
        """Whether a node with the devices `node` has these devices."""
        return (
            node is not None
            and (node.kind == self.kind or node.kind.startswith(f"{self.kind}-"))
            and node.count >= self.count
        )


class NodePoolOptions(Options):
    """A description of nodes of the same type that the cluster has. Slipway neither labels nor
    taints them."""

    accelerator: Accelerator | None = None
    """The accelerator of each node"""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels that all nodes of the pool have and no others. Without any, all nodes that advertise
    the accelerator's resource are in the pool"""
    taints: tuple[Taint, ...] = Field(default=(), strict=False)
    """Taints of the nodes, as `key=value:effect`. Only taints keep models without an accelerator off
    the nodes"""

    @property
    def open(self) -> bool:
        """Whether pods without tolerations may run on its nodes."""
        return all(taint.endswith(":PreferNoSchedule") for taint in self.taints)
