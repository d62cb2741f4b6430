"""Labels of a stack's resources in Google Cloud."""

from __future__ import annotations

import re

import pulumi


def slug(text: str) -> str:
    """`text` in the characters and the length that label values and resource names allow."""
    return re.sub(r"[^a-z0-9-]+", "-", text.lower())[:63].strip("-")


def resource_labels() -> dict[str, str]:
    """Labels by which bills and searches find the stack's resources."""
    return {"managed-by": "slipway", "stack": slug(pulumi.get_stack())}
