"""Labels of what the stack makes in Google Cloud."""

from __future__ import annotations

import re

import pulumi


def slug(text: str) -> str:
    """`text` as a label's value or a resource's name may be."""
    return re.sub(r"[^a-z0-9-]+", "-", text.lower())[:63].strip("-")


def resource_labels() -> dict[str, str]:
    """Whose it is, for bills and searches."""
    return {"managed-by": "slipway", "stack": slug(pulumi.get_stack())}
