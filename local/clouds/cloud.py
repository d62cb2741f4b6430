"""What the plugin has to be told of one cloud."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.clouds.account import Account, Record
from local.clouds.fake_values import Facts, Kind

#: Why something cannot be done now, None where it can.
Rule = Callable[[Record, Account], str | None]
Function = Callable[[Mapping[str, Any], Facts], Mapping[str, Any]]
#: Why a provider of these settings refuses to work in an account, None where it does not.
Place = Callable[[Mapping[str, Any], str], str | None]


def _anywhere(settings: Mapping[str, Any], account: str) -> str | None:
    return None


class NoCredentialsError(Exception):
    """A function whose answer depends on who asks, asked without credentials."""


def who(facts: Facts) -> str:
    """The account of the credentials. Raises `NoCredentialsError` where there are none."""
    if not facts.authenticated:
        raise NoCredentialsError("no valid credential sources found: there is no account here")
    return facts.account


@dataclass(frozen=True)
class Cloud:
    """One cloud. `place` is the setting that says where everything is, region or
    project. `clusters` are its types that hand out a Kubernetes API; `by_name` are properties
    that name a resource by its plain name; `creations` and `deletions` are rules by type token."""

    name: str
    account: str
    place: str
    clusters: tuple[str, ...]
    kinds: Mapping[str, Kind]
    functions: Mapping[str, Function]
    by_name: Mapping[str, str]
    creations: Mapping[str, Rule] = field(default_factory=dict)
    deletions: Mapping[str, Rule] = field(default_factory=dict)
    #: Types that refuse to be deleted where they do not say otherwise.
    protected: tuple[str, ...] = ()
    allowed: Place = _anywhere
