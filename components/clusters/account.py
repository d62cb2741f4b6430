"""Which account of a cloud a stack is made in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pulumi

from components.clusters.providers import ambient

#: What the SDK and the engine put before a provider's own words.
_BEFORE = re.compile(r"^(invoke of \S+ failed: )?(invocation of \S+ returned an error: )?")
_LONGEST = 200


def report_place(cloud: str, package: str, place: Mapping[str, str], of: pulumi.Resource) -> None:
    """Prints where the stack is made, such as `{"region": "eu-central-1"}`, and what the
    environment says otherwise."""
    said = ", ".join(f"{key} {value}" for key, value in place.items())
    for key, value in place.items():
        other = ambient(package, key)
        if other and other != value:
            said += f"; {key} {other}, which the environment names, is not used"
    pulumi.log.info(f"{cloud}: {said}", of)


def checked_account(cloud: str, pinned: str | None, ask: Callable[[], str | None]) -> str:
    """The account that the credentials are of, as `ask` says, in words for `report_place`.

    Waits for the answer, so that nothing of the cloud is registered before. Raises
    `pulumi.RunError` where it is not `pinned`, and where that cannot be told at `up`; a preview
    goes on without credentials.
    """
    account, why = _answer(ask)
    if pinned is None:
        return account or f"not known ({why})"
    if account == pinned:
        return f"{account}, as `slipway:cluster.account` says"
    if account is not None:
        raise pulumi.RunError(
            f"slipway:cluster.account is `{pinned}`, and the credentials of {cloud} are of account "
            f"`{account}`: nothing was made there. Use credentials of `{pinned}`, such as another "
            "profile, or change the key"
        )
    if pulumi.runtime.is_dry_run():
        return f"not known ({why}); `up` takes {pinned} alone"
    raise pulumi.RunError(
        f"slipway:cluster.account is `{pinned}`, and {cloud} does not say which account the "
        f"credentials are of ({why}): nothing was made"
    )


def _answer(ask: Callable[[], str | None]) -> tuple[str | None, str]:
    """The account, and why it is None."""
    try:
        return ask(), "no answer"
    except pulumi.RunError:  # the engine is shutting down
        raise
    except Exception as error:  # noqa: BLE001 (invokes raise plain ones)
        first = str(error).strip().partition("\n")[0]
        return None, _BEFORE.sub("", first)[:_LONGEST]
