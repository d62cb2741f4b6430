"""Whether Alibaba Cloud's SDK is there."""

from __future__ import annotations

import importlib.util

from components.config.options import mistake


def installed(kind: str) -> str:
    """`kind`, where the SDK that it needs is in the program's environment; a mistake where not."""
    if kind == "ack" and importlib.util.find_spec("pulumi_alicloud") is None:
        raise mistake(
            "pulumi-alicloud in the program's environment, which only stacks on ACK need",
            "run `.venv/bin/pip install -r requirements-ack.txt -c constraints.txt`",
        )
    return kind
