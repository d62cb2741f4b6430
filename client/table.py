"""Text tables with aligned columns, and colours on a terminal."""

import os
import sys
from collections.abc import Sequence

_COLOURS = {"good": "\033[32m", "bad": "\033[31m"}
_END = "\033[0m"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The rows below a header, columns two spaces apart, without truncation."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (header, *rows)
    )


def coloured(text: str, kind: str) -> str:
    """`text` in the colour of "good" or "bad", if stdout is a terminal and NO_COLOR is unset."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"{_COLOURS[kind]}{text}{_END}"
