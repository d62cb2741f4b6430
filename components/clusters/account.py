"""Checks and reports the cloud account and region of a stack."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pulumi

from components.clusters.providers import ambient

#: The prefixes that the SDK and the engine add to a provider's message.
_PREFIX = re.compile(r"^(invoke of \S+ failed: )?(invocation of \S+ returned an error: )?")
#: The longest quotation of a provider's message, in characters.
_LONGEST = 200


def report_place(
    cloud: str, package: str, place: Mapping[str, str], resource: pulumi.Resource
) -> None:
    """Logs for `resource` where the stack is made, such as `{"region": "eu-central-1"}`, and which
    values in the environment differ and are not used."""
    message = ", ".join(f"{key} {value}" for key, value in place.items())
    for key, value in place.items():
        other = ambient(package, key)
        if other and other != value:
            message += f"; {key} {other}, which the environment names, is not used"
    pulumi.log.info(f"{cloud}: {message}", resource)


def checked_account(cloud: str, pinned: str | None, ask: Callable[[], str | None]) -> str:
    """The account of the credentials, which `ask` looks up, as text for `report_place`.

    Blocks until the answer arrives, so that no resource of the cloud is registered before. Raises
    `pulumi.RunError` if the account is not `pinned`, or if an account is pinned and `up` cannot
    look it up. A preview continues without credentials.
    """
    account, reason = _look_up(ask)
    if pinned is None:
        return account or f"not known ({reason})"
    if account == pinned:
        return f"{account}, as `slipway:cluster.account` says"
    if account is not None:
        raise pulumi.RunError(
            f"slipway:cluster.account is `{pinned}`, and the credentials of {cloud} are of account "
            f"`{account}`: nothing was made there. Use credentials of `{pinned}`, such as another "
            "profile, or change the key"
        )
    if pulumi.runtime.is_dry_run():
        return f"not known ({reason}); `up` takes {pinned} alone"
    raise pulumi.RunError(
        f"slipway:cluster.account is `{pinned}`, and {cloud} does not say which account the "
        f"credentials are of ({reason}): nothing was made"
    )


def _look_up(ask: Callable[[], str | None]) -> tuple[str | None, str]:
    """The account, and the reason if it is None."""
    try:
        return ask(), "no answer"
    except pulumi.RunError:  # the engine is shutting down
        raise
    except Exception as error:  # noqa: BLE001 (a failed invoke raises `Exception`)
        first = str(error).strip().partition("\n")[0]
        return None, _PREFIX.sub("", first)[:_LONGEST]
