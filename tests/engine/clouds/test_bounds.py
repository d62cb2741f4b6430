"""Limits of the simulated clouds: they are never mistaken for real ones, and enforce protections."""

from __future__ import annotations

import json

import pytest

from local.clouds import ACCOUNT, SIMULATED
from local.clouds.account import API
from tests.engine.apiserver import ApiServer
from tests.engine.clouds.conftest import StackFactory

_CLUSTERS = {
    "aws": """
import json
from pulumi_aws import eks, iam
role = iam.Role("r", assume_role_policy=json.dumps({}))
allowed = iam.RolePolicyAttachment("a", role=role.name,
    policy_arn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")
cluster = eks.Cluster("c", role_arn=role.arn, vpc_config={"subnet_ids": ["subnet-1"]},
    PROTECTION, opts=ResourceOptions(depends_on=allowed))
pulumi.export("id", cluster.name)
""",
    "gcp": """
from pulumi_gcp import container
cluster = container.Cluster("c", location="europe-west4", initial_node_count=1, PROTECTION)
pulumi.export("id", cluster.id)
""",
    "alicloud": """
from pulumi_alicloud import cs
cluster = cs.ManagedKubernetes("c", PROTECTION)
pulumi.export("id", cluster.id)
""",
}


@pytest.mark.parametrize("cloud", _CLUSTERS)
def test_a_protected_cluster_is_destroyed_in_two_steps(new_stack: StackFactory, cloud: str) -> None:
    stack = new_stack()
    text = _CLUSTERS[cloud]
    stack.program(text.replace("PROTECTION", "deletion_protection=True"))
    stack.up()
    refused = stack.pulumi("destroy", "--yes", "--skip-preview", check=False)
    assert refused.code != 0
    assert "is protected by deletionProtection" in refused.text

    stack.program(text.replace("PROTECTION", "deletion_protection=False"))
    assert stack.up().counts()["updated"] == 1
    stack.destroy()
    assert [op for op, name in stack.log(cloud) if name == "c"] == [
        "create",
        "refused delete",
        "update",
        "delete",
    ]


def test_a_gke_cluster_is_protected_by_default(new_stack: StackFactory) -> None:
    stack = new_stack()
    stack.program(_CLUSTERS["gcp"].replace(", PROTECTION", ""))
    stack.up()
    refused = stack.pulumi("destroy", "--yes", "--skip-preview", check=False)
    assert "is protected by deletionProtection" in refused.text


def test_without_an_account_only_previews_work(new_stack: StackFactory) -> None:
    stack = new_stack()
    stack.program(_CLUSTERS["gcp"].replace("PROTECTION", "deletion_protection=True"))
    del stack.environment[ACCOUNT]
    assert "2 to create" in stack.preview().text
    refused = stack.up(check=False)
    assert refused.code != 0
    assert "is simulated and takes previews only" in refused.text
    assert [each for each in stack.resources() if "providers" not in each["type"]] == []


def test_the_plugin_works_only_with_its_environment_variable(new_stack: StackFactory) -> None:
    stack = new_stack()
    stack.program(_CLUSTERS["gcp"].replace("PROTECTION", "deletion_protection=True"))
    del stack.environment[SIMULATED]
    refused = stack.preview(check=False)
    assert refused.code != 0
    assert f"{SIMULATED} is not set" in refused.text


def test_a_name_that_is_taken_is_refused(new_stack: StackFactory) -> None:
    stack = new_stack()
    stack.program(
        "from pulumi_aws import ecr\n"
        'first = ecr.Repository("first", name="models")\n'
        'ecr.Repository("second", name="models", opts=ResourceOptions(depends_on=first))\n'
    )
    refused = stack.up(check=False)
    assert "Repository models exists already (made as first)" in refused.text


@pytest.mark.parametrize("cloud", ["aws", "alicloud"])
def test_a_cloud_without_a_region_is_refused(new_stack: StackFactory, cloud: str) -> None:
    stack = new_stack()
    kind = {"aws": "ec2.Vpc", "alicloud": "vpc.Network"}[cloud]
    stack.program(
        f"from pulumi_{cloud} import {kind.partition('.')[0]} as m\n"
        f'm.{kind.partition(".")[2]}("n", cidr_block="10.0.0.0/16")\n'
    )
    stack.pulumi("config", "rm", f"{cloud}:region")
    refused = stack.preview(check=False)
    assert refused.code != 0
    assert f"is neither here nor in {cloud}:region" in refused.text


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ('name="models", ', ["create", "delete", "create", "delete"]),
        ("", ["create", "create", "delete", "delete"]),
    ],
)
def test_a_resource_with_a_fixed_name_is_deleted_before_its_replacement(
    new_stack: StackFactory, name: str, order: list[str]
) -> None:
    stack = new_stack()
    text = "from pulumi_aws import ecr\necr.Repository('r', {}encryption_configurations=[{}])\n"
    stack.program(text.format(name, "{'encryption_type': 'AES256'}"))
    stack.up()
    stack.program(text.format(name, "{'encryption_type': 'KMS'}"))
    assert stack.up().counts() == {"unchanged": 1, "replaced": 1}
    stack.destroy()
    assert [op for op, _ in stack.log("aws")] == order


def test_a_preview_of_an_update_keeps_known_outputs(new_stack: StackFactory) -> None:
    stack = new_stack()
    text = _CLUSTERS["aws"].replace("PROTECTION", "deletion_protection=False, tags={'v': 'VALUE'}")
    text += 'pulumi.export("group", cluster.vpc_config.cluster_security_group_id)\n'
    stack.program(text)
    stack.up()
    stack.program(text.replace("VALUE", "2"))
    previewed = stack.preview()
    assert "1 to update" in previewed.text
    assert "group" not in previewed.text.partition("Outputs:")[2]


def test_a_cluster_whose_services_still_have_load_balancers_is_not_deleted(
    new_stack: StackFactory, cluster: ApiServer, namespace: str
) -> None:
    stack = new_stack()
    stack.program(_CLUSTERS["gcp"].replace("PROTECTION", "deletion_protection=False"))
    stack.up()
    ports = ["--tcp=80:80", "-n", namespace]
    cluster.kubectl("create", "service", "loadbalancer", "left", *ports)
    api_file = stack.account / API
    api_file.write_text(json.dumps(cluster.admission()))
    refused = stack.pulumi("destroy", "--yes", "--skip-preview", check=False)
    assert refused.code != 0
    assert "nobody would delete what these made" in refused.text
    assert f"Service {namespace}/left" in refused.text
    api_file.unlink()
    stack.destroy()
