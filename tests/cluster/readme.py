"""The README's blocks of code."""

from __future__ import annotations

import re

from tests.cluster.checkout import ROOT


def blocks(language: str) -> list[str]:
    readme = (ROOT / "README.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
