"""Types of options that hold an ID or an ARN of AWS."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator

from components.config.options import mistake


def _matching(pattern: str, expected: str, fix: str) -> Any:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise mistake(expected, fix)
        return value

    return AfterValidator(check)


VpcId = Annotated[
    str, _matching(r"vpc-[0-9a-f]{8,17}", "a VPC's id such as `vpc-0a1b2c3d4e5f60718`", "copy it")
]
SubnetId = Annotated[
    str, _matching(r"subnet-[0-9a-f]{8,17}", "a subnet's id such as `subnet-0a1b2c3d`", "copy it")
]
KeyArn = Annotated[
    str,
    _matching(
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[0-9a-f-]+",
        "the ARN of a KMS key, `arn:aws:kms:REGION:ACCOUNT:key/ID`",
        "copy the key's ARN, not an alias'",
    ),
]
PrincipalArn = Annotated[
    str,
    _matching(
        r"arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+",
        "the ARN of an IAM role or user, `arn:aws:iam::ACCOUNT:role/NAME`",
        "copy the role's own ARN, not that of one of its sessions",
    ),
]

AccountId = Annotated[
    str,
    _matching(
        r"[0-9]{12}",
        "an AWS account's id, 12 digits",
        "run `aws sts get-caller-identity`, which shows it",
    ),
]
