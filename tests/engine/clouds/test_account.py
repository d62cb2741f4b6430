"""A simulated cloud keeps its resources, and refuses what the real one refuses."""

from __future__ import annotations

import re

import pytest

from tests.engine.clouds.conftest import StackFactory

_NETWORK = """
from pulumi_aws import ec2
vpc = ec2.Vpc("vpc", cidr_block="{cidr}", tags={{"of": "{tag}"}})
subnet = ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/24",
    availability_zone="eu-central-1a")
pulumi.export("vpc", vpc.id)
pulumi.export("subnet", subnet.id)
pulumi.export("arn", vpc.arn)
"""
_SCALING = """_SCALING = {"scaling_config": {"min_size": "1", "max_size": 2, "desired_size": 1}}"""


def _network(cidr: str = "10.0.0.0/16", tag: str = "one") -> str:
    return _NETWORK.format(cidr=cidr, tag=tag)


def test_resources_are_kept_updated_replaced_and_deleted_in_order(new_stack: StackFactory) -> None:
    stack = new_stack()
    stack.program(_network())
    assert "is simulated" in stack.preview().text
    stack.up()
    first = stack.outputs()
    assert re.fullmatch("vpc-[0-9a-f]{17}", first["vpc"])
    assert first["arn"] == f"arn:aws:ec2:eu-central-1:123456789012:vpc/{first['vpc']}"
    assert set(stack.up("--expect-no-changes").counts()) == {"unchanged"}

    stack.program(_network(tag="two"))
    assert stack.up().counts()["updated"] == 1
    assert stack.outputs() == first

    stack.program(_network(cidr="10.1.0.0/16"))
    stack.up()
    assert stack.outputs()["vpc"] != first["vpc"]
    stack.destroy()
    assert stack.log("aws") == [
        ("create", "vpc"),
        ("create", "subnet"),
        ("update", "vpc"),
        ("create", "vpc"),
        ("create", "subnet"),
        ("delete", "subnet"),
        ("delete", "vpc"),
        ("delete", "subnet"),
        ("delete", "vpc"),
    ]


@pytest.mark.parametrize(
    ("line", "path", "reason"),
    [
        ('eks.Cluster("c", role_arn="r", vpc_config={"subnetids": ["a"]})',
         "vpcConfig.subnetids", "did you mean 'subnetIds'?"),
        ('eks.Cluster("c", role_arn="r", vpc_config={"subnet_ids": "a"})',
         "vpcConfig.subnetIds", "is 'a': expected a list"),
        ('eks.Cluster("c", role_arn="r", vpc_config={})', "vpcConfig.subnetIds", "is required"),
        ('eks.Cluster("c", role_arn=7, vpc_config={"subnet_ids": []})',
         "roleArn", "is 7: expected a string"),
        ('eks.NodeGroup("n", cluster_name="c", node_role_arn="r", subnet_ids=["a"], **_SCALING)',
         "scalingConfig.minSize", "is '1': expected an integer"),
    ],
)  # fmt: skip
def test_inputs_that_the_sdk_does_not_accept_are_refused_with_their_path(
    new_stack: StackFactory, line: str, path: str, reason: str
) -> None:
    stack = new_stack()
    stack.program(f"from pulumi_aws import eks\n{_SCALING}\n{line}\n")
    refused = stack.preview(check=False)
    assert refused.code != 0
    assert path in refused.text
    assert reason in refused.text


def test_a_resource_that_another_stack_uses_cannot_be_deleted(new_stack: StackFactory) -> None:
    stack, other = new_stack(), new_stack()
    stack.program(_network())
    stack.up()
    subnet = stack.outputs()["subnet"]
    other.program(
        "from pulumi_aws import ec2\n"
        f'ec2.NatGateway("nat", subnet_id="{subnet}", connectivity_type="private")\n'
    )
    other.up()
    refused = stack.pulumi("destroy", "--yes", "--skip-preview", check=False)
    assert refused.code != 0
    assert f"DependencyViolation: Subnet {subnet} is still used by NatGateway nat-" in refused.text
    other.destroy()
    stack.destroy()


def test_an_injected_fault_occurs_once(new_stack: StackFactory) -> None:
    stack = new_stack()
    stack.program(_network())
    reason = "VpcLimitExceeded: the maximum number of VPCs has been reached"
    stack.inject("aws", {"op": "create", "type": "aws:ec2/vpc:*", "reason": reason, "times": 1})
    failed = stack.up(check=False)
    assert failed.code != 0
    assert reason in failed.text
    stack.up()
    assert stack.log("aws")[0] == ("refused create", "vpc")


def test_an_unknown_function_is_refused_with_its_name(new_stack: StackFactory) -> None:
    stack = new_stack()
    stack.program("import pulumi_aws as aws\naws.get_billing_service_account()\n")
    refused = stack.preview(check=False)
    assert refused.code != 0
    assert "aws:index/getBillingServiceAccount:getBillingServiceAccount is not answered" in (
        refused.text
    )
