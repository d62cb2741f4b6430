"""`Cloud`: the data from which the plugin simulates one cloud."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.clouds.account import Account, Record
from local.clouds.fake_values import Facts, Kind

#: Returns the reason to refuse an operation on a resource, None to allow it.
Rule = Callable[[Record, Account], str | None]
Function = Callable[[Mapping[str, Any], Facts], Mapping[str, Any]]
#: Returns the reason why a provider with these settings refuses an account, None if it accepts it.
AccountCheck = Callable[[Mapping[str, Any], str], str | None]


def _accept(settings: Mapping[str, Any], account: str) -> str | None:
    return None


class NoCredentialsError(Exception):
    """A function that needs credentials was called without them."""


def caller_account(facts: Facts) -> str:
    """The account of the credentials. Raises `NoCredentialsError` if there are none."""
    if not facts.authenticated:
        raise NoCredentialsError("no valid credential sources found: there is no account here")
    return facts.account


@dataclass(frozen=True)
class Cloud:
    """One cloud. `place` is the provider setting with the location of all resources, region or
    project. `clusters` are the types with a Kubernetes API. `by_name` are the properties that refer
    to a resource by its plain name, with the type that they refer to. `creations` and `deletions`
    are rules by type token."""

    name: str
    account: str
    place: str
    clusters: tuple[str, ...]
    kinds: Mapping[str, Kind]
    functions: Mapping[str, Function]
    by_name: Mapping[str, str]
    creations: Mapping[str, Rule] = field(default_factory=dict)
    deletions: Mapping[str, Rule] = field(default_factory=dict)
    #: Types whose deletion protection is on by default.
    protected: tuple[str, ...] = ()
    allowed: AccountCheck = _accept
