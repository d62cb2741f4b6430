"""`NodeImages`: the images of a cluster whose nodes pull from no registry."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NodeImages:
    """The images that the nodes have (`present`), and those that `make up` can put there
    (`obtainable`), each by a name that begins with `mirror`."""

    mirror: str
    present: frozenset[str]
    obtainable: frozenset[str]
