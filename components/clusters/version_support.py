"""The end of support of Kubernetes' minor versions in a cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from components.config.options import listed, mistake


@dataclass(frozen=True, kw_only=True)
class Minor:
    """The support of one minor version in one cloud: the last day of standard support, and of
    extended support, which costs extra, if the cloud offers it."""

    until: date
    extended_until: date | None = None


def known(version: str, minors: Mapping[str, Minor]) -> str:
    """`version`, if the cloud has it. Raises a `mistake` if not."""
    if version not in minors:
        raise mistake(
            f"a minor version of Kubernetes that is known here: {listed(sorted(minors))}",
            f'write the newest, in quotes: `version: "{max(minors, key=_number)}"`',
        )
    return version


def warning(version: str, minors: Mapping[str, Minor], today: date) -> str | None:
    """The warning about `version` on the day `today`, None while it has standard support."""
    minor = minors[version]
    if today <= minor.until:
        return None
    newest = max(minors, key=_number)
    message = f"slipway:cluster.version: Kubernetes {version} is out of support since {minor.until}"
    if minor.extended_until and today <= minor.extended_until:
        message += f"; extended support costs extra and ends on {minor.extended_until}"
    return f"{message}: upgrade, one minor at a time, to {newest}"


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
