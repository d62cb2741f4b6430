"""Types of options that hold an ID of Alibaba Cloud, such as `vpc-…`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from components.config.options import mistake


def _identifier(prefix: str, what: str) -> AfterValidator:
    def validate(raw: str) -> str:
        if not re.fullmatch(rf"{prefix}-[a-z0-9]+", raw):
            raise mistake(f"{what}: `{prefix}-…`", "copy it from the console")
        return raw

    return AfterValidator(validate)


def _account(raw: str) -> str:
    if not re.fullmatch(r"[0-9]{16}", raw):
        raise mistake(
            "an account's id of Alibaba Cloud, 16 digits",
            "run `aliyun sts GetCallerIdentity`, which shows it",
        )
    return raw


AccountId = Annotated[str, AfterValidator(_account)]
VpcId = Annotated[str, _identifier("vpc", "the ID of a VPC")]
VswitchId = Annotated[str, _identifier("vsw", "the ID of a vSwitch")]
InstanceId = Annotated[str, _identifier("cri", "the ID of a Container Registry instance")]
KmsInstanceId = Annotated[str, _identifier("kst", "the ID of a KMS instance")]
