"""Tables of AWS regions: registry accounts and GPUs, and the partition of their ARNs."""

from __future__ import annotations

from collections.abc import Mapping

_COMMON = "602401143452"
#: The account whose registry has the images of EKS' add-ons, by region. As of 2026-11-21; AWS lists
#: them at
#: https://docs.aws.amazon.com/eks/latest/userguide/add-ons-images.html.
ADDON_ACCOUNTS: Mapping[str, str] = {
    "af-south-1": "877085696533",
    "ap-east-1": "800184023465",
    "ap-east-2": "533267051163",
    "ap-northeast-1": _COMMON,
    "ap-northeast-2": _COMMON,
    "ap-northeast-3": _COMMON,
    "ap-south-1": _COMMON,
    "ap-south-2": "900889452093",
    "ap-southeast-1": _COMMON,
    "ap-southeast-2": _COMMON,
    "ap-southeast-3": "296578399912",
    "ap-southeast-4": "491585149902",
    "ap-southeast-5": "151610086707",
    "ap-southeast-6": "333609536671",
    "ap-southeast-7": "121268973566",
    "ca-central-1": _COMMON,
    "ca-west-1": "761377655185",
    "cn-north-1": "918309763551",
    "cn-northwest-1": "961992271922",
    "eu-central-1": _COMMON,
    "eu-central-2": "900612956339",
    "eu-north-1": _COMMON,
    "eu-south-1": "590381155156",
    "eu-south-2": "455263428931",
    "eu-west-1": _COMMON,
    "eu-west-2": _COMMON,
    "eu-west-3": _COMMON,
    "il-central-1": "066635153087",
    "me-central-1": "759879836304",
    "me-south-1": "558608220178",
    "mx-central-1": "730335286997",
    "sa-east-1": _COMMON,
    "us-east-1": _COMMON,
    "us-east-2": _COMMON,
    "us-gov-east-1": "151742754352",
    "us-gov-west-1": "013241004608",
    "us-west-1": _COMMON,
    "us-west-2": _COMMON,
}
#: The families with NVIDIA's GPUs that EC2 offers in each region: answers of
#: `DescribeInstanceTypeOfferings` recorded by moto (release 5.2.5 of October 2026,
#: `moto/ec2/resources/instance_type_offerings`). The offer of other regions is not known.
GPU_FAMILIES: Mapping[str, str] = {
    "af-south-1": "g4dn",
    "ap-east-1": "g4dn g5",
    "ap-northeast-1": "g4dn g5 g5g g6 g6e g6f g7e p3dn p4d p4de p5 p5en",
    "ap-northeast-2": "g4dn g5 g5g g6 g6e g6f g7e p4d p5 p5en p6-b300",
    "ap-northeast-3": "g4dn g6e",
    "ap-south-1": "g4dn g5 g6 g6e g6f g7e p4d p5 p5en p6-b200",
    "ap-south-2": "g6 g6e p6-b200 p6-b300",
    "ap-southeast-1": "g4dn g5g p4de",
    "ap-southeast-2": "g4dn g5 g6 g6f p4d p5 p5e",
    "ap-southeast-3": "g5 g5g g7e p5 p5e p5en p6-b300",
    "ap-southeast-4": "",
    "ap-southeast-5": "g6",
    "ca-central-1": "g4dn g5 g6 g6f p4d p5",
    "ca-west-1": "",
    "eu-central-1": "g4dn g5 g5g g6 g6e g6f g7 g7e p4d p4de",
    "eu-central-2": "g6",
    "eu-north-1": "g4dn g5 g6 g6e g6f g7 g7e p4d p5 p5e p5en p6-b200",
    "eu-south-1": "g4dn",
    "eu-south-2": "g5 g5g g6 g6e g6f g7 g7e p5en",
    "eu-west-1": "g4dn g5 p3dn p4d",
    "eu-west-2": "g4dn g5 g6 g6f g7e p4d p5 p5e",
    "eu-west-3": "g4dn g5 g6 p6-b200",
    "il-central-1": "g5 p4de",
    "me-central-1": "g5 g6 g6e p5en",
    "me-south-1": "g4dn",
    "sa-east-1": "g4dn g5 g6 g6f p4d p5 p5e p6-b300",
    "us-east-1": "g4dn g5 g5g g6 g6e g6f g7 g7e p3dn p4d p4de p5 p5en p6-b200 p6-b300",
    "us-east-2": "g4dn g5 g6 g6e g6f g7 g7e p4d p5 p5e p5en p6-b200",
    "us-west-1": "g4dn p5 p5en",
    "us-west-2": "g4dn g5 g5g g6 g6e g6f g7 g7e p3dn p4d p4de p5 p5e p5en p6-b200 p6-b300",
}


def partition(region: str) -> str:
    """The partition of ARNs in `region`, their part after `arn:`."""
    for prefix, name in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
        if region.startswith(prefix):
            return name
    return "aws"
