"""The rules for clusters, as plain data and predicates that do not import Pulumi."""

from __future__ import annotations

from . import ack, eks, gke
from .left_out import LEFT_OUT
from .rule import Rule

__all__ = ["CLOUDS", "LEFT_OUT", "RULES", "Rule"]

CLOUDS = {"EKS": eks.RULES, "GKE": gke.RULES, "ACK": ack.RULES}
RULES = tuple(rule for rules in CLOUDS.values() for rule in rules)
