"""Which account of a cloud a stack is made in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pulumi

from components.clusters.providers import ambient


def report_place(cloud: str, package: str, place: Mapping[str, str], of: pulumi.Resource) -> None:
    """Prints where the stack is made, such as `{"region": "eu-central-1"}`, and what the
    environment says otherwise."""
    said = ", ".join(f"{key} {value}" for key, value in place.items())
    for key, value in place.items():
        other = ambient(package, key)
        if other and other != value:
            said += f"; {key} {other}, which the environment names, is not used"
    pulumi.log.info(f"{cloud}: {said}", of)


def checked_account(
    cloud: str, pinned: str | None, ask: Callable[[], str | None], of: pulumi.Resource
) -> str:
    """The account that the credentials are of, as `ask` says, or `not known`.

    Waits for the answer, so that nothing of the cloud is registered before. Raises
    `pulumi.RunError` where it is not `pinned`, and where that cannot be told at `up`; a preview
    goes on without credentials.
    """
    try:
        account, why = ask(), "no answer"
    except pulumi.RunError:
        raise
    except Exception as error:  # noqa: BLE001 (invokes raise plain ones)
        account, why = None, str(error).strip().partition("\n")[0]
    if account == pinned and account is not None:
        return f"{account}, as `slipway:cluster.account` says"
    if account is not None and pinned is not None:
        raise pulumi.RunError(
            f"slipway:cluster.account is `{pinned}`, and the credentials of {cloud} are of account "
            f"`{account}`: nothing was made there. Use credentials of `{pinned}`, such as another "
            "profile, or change the key"
        )
    if account is None and pinned is not None and not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(
            f"slipway:cluster.account is `{pinned}`, and {cloud} does not say which account the "
            f"credentials are of ({why}): nothing was made"
        )
    return account or "not known (no credentials that the cloud accepts)"
