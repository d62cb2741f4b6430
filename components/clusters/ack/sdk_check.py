"""`check_sdk`: reports a missing SDK of Alibaba Cloud when the stack file is validated."""

from __future__ import annotations

import importlib.util

from components.config.options import mistake


def check_sdk(kind: str) -> str:
    """`kind`, if the SDK that clusters of this kind need is installed. Raises a `mistake` if not."""
    if kind == "ack" and importlib.util.find_spec("pulumi_alicloud") is None:
        raise mistake(
            "pulumi-alicloud in the program's environment, which only stacks on ACK need",
            "run `.venv/bin/pip install -r requirements-ack.txt -c constraints.txt`",
        )
    return kind
