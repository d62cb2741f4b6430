"""Checks that `slipway:secrets` has every secret that is referred to."""

from __future__ import annotations

from collections.abc import Iterator

from components.config.mistakes import Mistake, key_path
from components.config.options import listed, secret_references
from components.config.parsed import Parsed
from components.config.secret_scan import set_secret, shown


def check(config: Parsed) -> Iterator[Mistake]:
    names = sorted(config.names("secrets"))
    known = f"; there is {listed(names)}" if names else ""
    parts = {
        "addons": config.addons,
        "cluster": config.cluster,
        "gateway": config.gateway,
        "images": config.images,
        "metrics": config.metrics,
        "models": config.models,
    }
    for location, name in secret_references(parts):
        if name not in names:
            yield Mistake(
                path=key_path((*location, "secret")),
                shown=shown(name),
                expected=f"the name of a value in `slipway:secrets`{known}",
                # Some write the secret itself here, so the command does not repeat it.
                fix=f"run {set_secret('NAME')}, and write `{{secret: NAME}}`",
            )
