"""Checks that no pull Secret is to be copied from a namespace that the stack itself makes."""

from __future__ import annotations

from collections.abc import Iterator

from components.config.mistakes import Mistake
from components.config.parsed import Parsed
from components.config.pull_secrets import ExistingSecret
from components.config.secret_scan import shown


def check(config: Parsed) -> Iterator[Mistake]:
    for index, entry in enumerate(config.images.pull_secrets):
        if not isinstance(entry, ExistingSecret) or entry.namespace is None:
            continue
        if entry.namespace == config.namespace or entry.namespace.startswith("slipway-"):
            yield Mistake(
                path=f"slipway:images.pull_secrets[{index}].namespace",
                shown=shown(entry.namespace),
                expected="a namespace that is there before the stack, which makes this one",
                fix="write the namespace that the Secret is in today, such as "
                f"`{'default' if config.namespace != 'default' else 'kube-system'}`; or take "
                "`namespace` out where something puts the Secret into the stack's own namespaces",
            )
