"""How a secret in plain text is recognised."""

from __future__ import annotations

import re

_PATTERNS = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an AWS access key": re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a kubeconfig with credentials": re.compile(r"client-key-data[\"']?\s*:"),
    "a bearer token": re.compile(r"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\."),
    "a password in an address": re.compile(r"://[^/\s:@]+:[^/\s@]+@"),
}


def secret_in(text: str) -> str | None:
    """What secret `text` seems to hold, None where it holds none."""
    return next((what for what, pattern in _PATTERNS.items() if pattern.search(text)), None)
