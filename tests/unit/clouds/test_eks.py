"""A cluster on Amazon EKS: what is registered, in which order, and what it lets in."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from components.clusters.eks import cluster as eks_cluster
from components.config.load import load
from components.stack import deploy
from tests.unit.clouds import aws
from tests.unit.clouds.aws import (
    ACCOUNT,
    BOTH_POOLS,
    DEFAULT_POOL,
    EXISTING,
    GPU_POOL,
    KEY,
    PRIVATE,
    S3,
    VPC,
    ZONES,
    up,
)
from tests.unit.components.engine import Recording, Resource, run
from tests.unit.components.environment import model, stack_file

ROOT = Path(__file__).parents[3]


def statements(resource: Resource, key: str = "policy") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(resource.inputs[key])["Statement"]
    return found


def on_the_cluster(recording: Recording) -> list[Resource]:
    return [each for each in recording.of_package("kubernetes") if each.custom]


def test_everything_on_the_cluster_is_made_after_its_nodes_and_goes_before_them() -> None:
    recording = up(node_pools=BOTH_POOLS, shared_storage=True)
    (provider,) = recording.of_package("pulumi:providers")[-1:]
    provider = recording.one("kubernetes", "cluster-provider")
    needed = recording.needs(provider)
    assert {each.name for each in recording.of("NodeGroup")} <= needed
    assert {each.name for each in recording.of("Addon")} <= needed
    assert {each.name for each in recording.of("MountTarget")} <= needed
    assert {each.provider.partition("::cluster-provider")[1] for each in on_the_cluster(recording)}
    for each in on_the_cluster(recording):
        assert provider.urn in each.provider, each.name


def test_the_network_is_there_before_the_cluster_and_stays_until_it_is_gone() -> None:
    recording = up()
    needed = recording.needs(recording.one("Cluster"))
    network = [each.name for each in recording.resources if each.name.startswith("cluster-network")]
    assert {name for name in network if recording.of("NatGateway", name)} <= needed
    assert {each.name for each in recording.of("Route")} <= needed
    assert {each.name for each in recording.of("RouteTableAssociation")} <= needed
    assert "cluster-logs-control-plane" in needed
    assert "cluster-control-plane-role-amazoneksclusterpolicy" in needed


def test_pods_have_a_network_before_nodes_and_as_long_as_they_are_there() -> None:
    recording = up()
    for group in recording.of("NodeGroup"):
        needed = recording.needs(group)
        assert {"cluster-addon-vpc-cni", "cluster-addon-kube-proxy"} <= needed
        assert "cluster-addon-eks-pod-identity-agent" in needed
        assert "cluster-node-role-pull" in needed
    for name in ("coredns", "aws-ebs-csi-driver", "amazon-cloudwatch-observability"):
        assert "cluster-nodes-default" in recording.needs(
            recording.one("Addon", f"cluster-addon-{name}")
        )


def test_nodes_are_in_private_subnets_only() -> None:
    recording = up()
    private = {f"cluster-network-private-{zone}-id" for zone in ZONES}
    assert set(recording.one("NodeGroup").inputs["subnetIds"]) == private
    assert set(recording.one("Cluster").inputs["vpcConfig"]["subnetIds"]) == private
    gateways = {
        each.name: each.inputs.get("natGatewayId") or each.inputs["gatewayId"]
        for each in recording.of("Route")
    }
    assert gateways == {
        "cluster-network-public-out": "cluster-network-internet-id",
        **{
            f"cluster-network-private-{zone}-out": f"cluster-network-nat-{zone}-id"
            for zone in ZONES
        },
    }


def test_one_nat_gateway_serves_all_zones_where_that_is_asked() -> None:
    recording = up(vpc={**VPC, "nat": "one"})
    (gateway,) = recording.of("NatGateway")
    routes = [each.inputs.get("natGatewayId") for each in recording.of("Route")]
    assert routes.count(f"{gateway.name}-id") == len(ZONES)


def test_subnets_do_not_overlap_and_say_which_load_balancers_they_are_for() -> None:
    from ipaddress import ip_network

    recording = up(vpc={**VPC, "cidr": "10.4.0.0/20"})
    subnets = recording.of("Subnet")
    blocks = [ip_network(each.inputs["cidrBlock"]) for each in subnets]
    assert len(blocks) == 2 * len(ZONES)
    assert not [(a, b) for at, a in enumerate(blocks) for b in blocks[at + 1 :] if a.overlaps(b)]
    assert all(block.subnet_of(ip_network("10.4.0.0/20")) for block in blocks)
    for each in subnets:
        role = "internal-elb" if "private" in each.name else "elb"
        assert each.inputs["tags"][f"kubernetes.io/role/{role}"] == "1"


def test_what_names_no_security_group_gets_through_to_nothing() -> None:
    group = up().one("DefaultSecurityGroup").inputs
    assert not group.get("ingress") and not group.get("egress")


def test_a_network_that_is_there_is_not_touched() -> None:
    recording = up(vpc=EXISTING)
    assert recording.of("Vpc") == recording.of("Subnet") == recording.of("FlowLog") == []
    ids = set(EXISTING["private_subnets"].values())  # type: ignore[attr-defined]
    assert set(recording.one("Cluster").inputs["vpcConfig"]["subnetIds"]) == ids
    assert set(recording.one("NodeGroup").inputs["subnetIds"]) == ids


def test_a_private_api_lets_in_the_ranges_that_up_comes_from_and_no_others() -> None:
    recording = up(access=PRIVATE)
    rules = [each.inputs for each in recording.of("SecurityGroupIngressRule")]
    assert {rule.get("cidrIpv4") or rule.get("cidrIpv6") for rule in rules} == set(PRIVATE["from"])
    assert {(rule["fromPort"], rule["toPort"], rule["ipProtocol"]) for rule in rules} == {
        (443, 443, "tcp")
    }
    assert {rule["securityGroupId"] for rule in rules} == {"sg-0c1u57e4"}
    assert "publicAccessCidrs" not in recording.one("Cluster").inputs["vpcConfig"]


def test_no_key_and_no_certificate_stands_in_the_kubeconfig() -> None:
    recording = up()
    (user,) = json.loads(recording.outputs["kubeconfig"])["users"]
    assert set(user["user"]) == {"exec"}
    asked = user["user"]["exec"]
    assert asked["command"] == "aws"
    assert asked["args"][:2] == ["eks", "get-token"]
    assert asked["args"][-4:] == ["--region", "eu-central-1", "--cluster-name", "slipway-dev"]
    assert "kubeconfig" in recording.secret_outputs
    assert recording.of("AccessKey") == []


def test_a_model_reads_its_prefix_and_nothing_else() -> None:
    recording = up()
    role = recording.one("Role", "half-plus-two-reads")
    assert statements(recording.one("RolePolicy", "half-plus-two-reads-models")) == [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": "arn:aws:s3:::example-models/team/half_plus_two/*",
        },
        {
            "Effect": "Allow",
            "Action": ["s3:ListBucket"],
            "Resource": "arn:aws:s3:::example-models",
            "Condition": {"StringLike": {"s3:prefix": ["team/half_plus_two/*"]}},
        },
    ]
    (trust,) = statements(role, "assumeRolePolicy")
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert trust["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-arn": f"arn:aws:eks:eu-central-1:{ACCOUNT}:cluster/slipway-dev",
        "aws:RequestTag/kubernetes-namespace": "models",
        "aws:RequestTag/kubernetes-service-account": "half-plus-two",
    }
    association = recording.one("PodIdentityAssociation", "half-plus-two-identity")
    assert association.inputs["serviceAccount"] == "half-plus-two"
    assert association.inputs["namespace"] == "models"
    needed = recording.needs(recording.one("Deployment", "half-plus-two-server"))
    assert {"half-plus-two-identity", "half-plus-two-reads-models"} <= needed


def test_a_model_without_a_bucket_has_no_role() -> None:
    recording = up(models={"half_plus_two": model(source={**S3, "credentials": "key"})})
    assert not [each for each in recording.of("Role") if "reads" in each.name]


def test_nodes_pull_from_the_cluster_s_repositories_and_amazon_s_and_from_no_others() -> None:
    token, pull = statements(up().one("RolePolicy", "cluster-node-role-pull"))
    assert token["Action"] == ["ecr:GetAuthorizationToken"]
    assert {action.partition(":")[0] for action in pull["Action"]} == {"ecr"}
    assert not [action for action in pull["Action"] if "Put" in action or "*" in action]
    assert pull["Resource"] == [
        f"arn:aws:ecr:eu-central-1:{ACCOUNT}:repository/slipway-dev/models",
        "arn:aws:ecr:eu-central-1:602401143452:repository/*",
    ]
    attached = [each.name for each in up().of("RolePolicyAttachment") if "node-role" in each.name]
    assert attached == ["cluster-node-role-amazoneksworkernodepolicy"]


def test_the_outputs_say_where_images_are_pushed() -> None:
    url = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/slipway-dev"
    assert up().outputs["cluster"]["registry"] == url


@pytest.mark.parametrize(
    ("pool", "image"),
    [
        ({}, "AL2023_x86_64_STANDARD"),
        ({"machine_type": "m7g.large"}, "AL2023_ARM_64_STANDARD"),
        (GPU_POOL, "AL2023_x86_64_NVIDIA"),
        ({"image_family": "BOTTLEROCKET"}, "BOTTLEROCKET_x86_64"),
        ({**GPU_POOL, "image_family": "BOTTLEROCKET"}, "BOTTLEROCKET_x86_64_NVIDIA"),
        (
            {"machine_type": "g5g.xlarge", "accelerator": {"kind": "nvidia-t4g"}},
            "AL2023_ARM_64_NVIDIA",
        ),
    ],
)
def test_the_nodes_image_is_the_one_that_the_machine_needs(
    pool: dict[str, Any], image: str
) -> None:
    pools = {"default": DEFAULT_POOL, "other": {**DEFAULT_POOL, **pool}}
    recording = up(node_pools=pools)
    assert recording.one("NodeGroup", "cluster-nodes-other").inputs["amiType"] == image


def test_a_pool_of_gpus_is_tainted_labelled_and_offers_them() -> None:
    recording = up(node_pools=BOTH_POOLS, models={"m": model(accelerator={"kind": "nvidia"})})
    group = recording.one("NodeGroup", "cluster-nodes-gpu").inputs
    assert group["taints"] == [
        {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}
    ]
    assert group["labels"]["slipway/node-pool"] == "gpu"
    assert group["labels"]["k8s.amazonaws.com/accelerator"] == "nvidia-l4"
    assert group["scalingConfig"] == {"desiredSize": 0, "minSize": 0, "maxSize": 2}
    plugin = recording.one("DaemonSet").inputs["spec"]["template"]["spec"]
    terms = plugin["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (here,) = terms["nodeSelectorTerms"][0]["matchExpressions"]
    assert (here["key"], here["values"]) == ("slipway/node-pool", ["gpu"])
    pod = recording.one("Deployment", "m-server").inputs["spec"]["template"]["spec"]
    assert pod["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Equal", "value": "present", "effect": "NoSchedule"}
    ]
    assert "slipway/node-pool" in json.dumps(pod["affinity"])


@pytest.mark.parametrize(
    "pools",
    [
        {"default": DEFAULT_POOL},
        {"default": DEFAULT_POOL, "gpu": {**GPU_POOL, "image_family": "BOTTLEROCKET"}},
        {"default": DEFAULT_POOL, "gpu": {**GPU_POOL, "gpu_driver": "dra"}},
    ],
)
def test_a_device_plugin_runs_only_where_the_image_brings_none(pools: dict[str, Any]) -> None:
    assert up(node_pools=pools).of("DaemonSet") == []


def test_a_spot_pool_keeps_a_floor_of_nodes_that_nobody_takes_back() -> None:
    pool = {**DEFAULT_POOL, "min": 3, "max": 10, "spot": {"on_demand": 2}}
    recording = up(node_pools={"default": DEFAULT_POOL, "batch": pool})
    spot = recording.one("NodeGroup", "cluster-nodes-batch-spot").inputs
    floor = recording.one("NodeGroup", "cluster-nodes-batch-floor").inputs
    assert (spot["capacityType"], floor["capacityType"]) == ("SPOT", "ON_DEMAND")
    assert (spot["scalingConfig"]["minSize"], spot["scalingConfig"]["maxSize"]) == (1, 8)
    assert (floor["scalingConfig"]["minSize"], floor["scalingConfig"]["maxSize"]) == (2, 2)
    assert spot["labels"] == floor["labels"]


def test_a_pool_without_a_floor_is_spot_alone() -> None:
    pools = {"default": DEFAULT_POOL, "batch": {**DEFAULT_POOL, "spot": {}}}
    groups = [each.name for each in up(node_pools=pools).of("NodeGroup")]
    assert sorted(groups) == ["cluster-nodes-batch-spot", "cluster-nodes-default"]


def test_a_pool_that_is_all_floor_has_no_spot_nodes() -> None:
    pool = {**DEFAULT_POOL, "spot": {"on_demand": 3}}
    groups = [each.name for each in up(node_pools={"default": pool}).of("NodeGroup")]
    assert groups == ["cluster-nodes-default-floor"]


def test_a_pool_can_be_in_some_zones_and_bring_labels_taints_and_a_disk() -> None:
    pool = {
        **DEFAULT_POOL,
        "zones": ["eu-central-1b"],
        "labels": {"team": "spark"},
        "taints": ["team=spark:NoExecute"],
        "disk": "50G",
    }
    recording = up(node_pools={"default": DEFAULT_POOL, "batch": pool})
    group = recording.one("NodeGroup", "cluster-nodes-batch").inputs
    assert group["subnetIds"] == ["cluster-network-private-eu-central-1b-id"]
    assert group["labels"] == {"slipway/node-pool": "batch", "team": "spark"}
    assert group["taints"] == [{"key": "team", "value": "spark", "effect": "NO_EXECUTE"}]
    template = recording.one("LaunchTemplate", "cluster-nodes-batch-template").inputs
    assert template["blockDeviceMappings"][0]["ebs"]["volumeSize"] == 47


def test_up_does_not_take_back_the_nodes_that_the_autoscaler_made() -> None:
    recording = up()
    assert recording.one("NodeGroup").ignore_changes == ["scalingConfig.desiredSize"]
    server = recording.one("Deployment", "cluster-autoscaler-server").inputs["spec"]
    (container,) = server["template"]["spec"]["containers"]
    assert "--node-group-auto-discovery=asg:tag=k8s.io/cluster-autoscaler/enabled," in " ".join(
        container["args"]
    )
    _, change = statements(recording.one("RolePolicy", "cluster-autoscaler-role-groups"))
    owned = {"aws:ResourceTag/k8s.io/cluster-autoscaler/slipway-dev": "owned"}
    assert change["Condition"] == {"StringEquals": owned}
    assert not [each for each in up(autoscaler="none").resources if "autoscaler" in each.name]


def test_load_balancers_serve_all_zones_and_keep_the_caller_s_address() -> None:
    service = up().one("Service", "gateway-controller-service").inputs
    prefix = "service.beta.kubernetes.io/aws-load-balancer"
    assert service["metadata"]["annotations"] == {
        f"{prefix}-type": "nlb",
        f"{prefix}-cross-zone-load-balancing-enabled": "true",
    }
    assert service["spec"]["externalTrafficPolicy"] == "Local"
    inner = up(internal_load_balancers=True).one("Service", "gateway-controller-service").inputs
    assert inner["metadata"]["annotations"][f"{prefix}-internal"] == "true"


def test_the_gateway_s_host_resolves_to_its_load_balancer_and_is_in_the_certificate() -> None:
    gateway = {
        "kind": "nginx",
        "controller": "traefik",
        "host": "models.example.com",
        "tls": {"kind": "self-signed"},
    }
    recording = up(dns={"zone": "example.com"}, gateway=gateway)
    record = recording.one("Record").inputs
    assert (record["zoneId"], record["name"], record["type"]) == (
        "Z0ZONE",
        "models.example.com",
        "A",
    )
    (alias,) = record["aliases"]
    assert alias["name"] == "gateway-0a1b.elb.eu-central-1.amazonaws.com"
    assert alias["zoneId"] == "Z3BALANCER"
    assert "gateway-controller-service" in recording.needs(recording.one("Record"))
    certificate = recording.one("SelfSignedCert", "gateway-tls-certificate").inputs
    assert certificate["dnsNames"] == ["models.example.com"]
    assert up(gateway=gateway).of("Record") == []


@pytest.mark.parametrize(
    ("mode", "storage_class"),
    [("ReadWriteOnce", "cluster-storage-disk"), ("ReadWriteMany", "cluster-storage-files")],
)
def test_a_volume_is_made_of_what_its_access_mode_needs(mode: str, storage_class: str) -> None:
    volumes = {"models": {"size": "1Gi", "access_mode": mode}}
    pvc = {"kind": "pvc", "claim": "models", "path": "half_plus_two"}
    recording = up(shared_storage=True, volumes=volumes, models={"m": model(source=pvc)})
    claim = recording.one("PersistentVolumeClaim")
    assert claim.inputs["spec"]["storageClassName"].startswith(storage_class)
    assert storage_class in recording.needs(claim)


def test_files_are_reached_from_the_cluster_s_nodes_alone() -> None:
    recording = up(shared_storage=True)
    rule = recording.one("SecurityGroupIngressRule").inputs
    assert rule["referencedSecurityGroupId"] == "sg-0c1u57e4"
    assert (rule["fromPort"], rule["toPort"]) == (2049, 2049)
    zones = {each.inputs["subnetId"] for each in recording.of("MountTarget")}
    assert zones == {f"cluster-network-private-{zone}-id" for zone in ZONES}


def test_what_calls_aws_on_the_cluster_has_a_role_of_its_own() -> None:
    recording = up(shared_storage=True)
    accounts = {
        each.inputs["addonName"]: [
            one["serviceAccount"] for one in each.inputs.get("podIdentityAssociations", ())
        ]
        for each in recording.of("Addon")
    }
    assert accounts == {
        "eks-pod-identity-agent": [],
        "vpc-cni": ["aws-node"],
        "kube-proxy": [],
        "coredns": [],
        "aws-ebs-csi-driver": ["ebs-csi-controller-sa"],
        "aws-efs-csi-driver": ["efs-csi-controller-sa"],
        "amazon-cloudwatch-observability": ["cloudwatch-agent"],
    }


def test_network_policies_are_enforced() -> None:
    addon = up().one("Addon", "cluster-addon-vpc-cni").inputs
    assert json.loads(addon["configurationValues"]) == {"enableNetworkPolicy": "true"}


def test_every_add_on_is_pinned_to_a_version_of_the_cluster_s_minor() -> None:
    for minor in ("1.34", "1.35", "1.36"):
        recording = up(version=minor, shared_storage=True)
        assert all(each.inputs["addonVersion"] for each in recording.of("Addon"))
        proxy = recording.one("Addon", "cluster-addon-kube-proxy").inputs
        assert proxy["addonVersion"].startswith(f"v{minor}.")
        assert recording.one("NodeGroup").inputs["version"] == minor
        assert recording.one("Cluster").inputs["version"] == minor
        server = recording.one("Deployment", "cluster-autoscaler-server").inputs["spec"]
        assert f"cluster-autoscaler:v{minor}." in json.dumps(server)


@pytest.mark.parametrize(
    ("today", "told"),
    [
        (date(2026, 12, 2), None),
        (date(2026, 12, 3), "out of support since 2026-12-02; extended support costs extra"),
        (date(2027, 12, 3), "out of support since 2026-12-02: upgrade"),
    ],
)
def test_a_preview_tells_of_a_version_out_of_support(
    today: date, told: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Calendar(date):
        @classmethod
        def today(cls) -> date:
            return today

    monkeypatch.setattr(eks_cluster, "date", Calendar)
    found = [each for each in up(preview=True, version="1.34").warnings if "support" in each]
    assert bool(found) == bool(told)
    assert told is None or told in found[0]


def test_administrators_get_an_entry_each() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/platform"
    recording = up(administrators={"platform": arn})
    assert recording.one("AccessEntry").inputs["principalArn"] == arn
    policy = recording.one("AccessPolicyAssociation").inputs
    assert policy["policyArn"].endswith(":cluster-access-policy/AmazonEKSClusterAdminPolicy")
    assert policy["accessScope"] == {"type": "cluster"}


def test_a_key_that_is_there_encrypts_everything() -> None:
    recording = up(encryption_key=KEY)
    assert recording.of("Key") == []
    assert recording.one("Cluster").inputs["encryptionConfig"]["provider"]["keyArn"] == KEY


def test_only_the_account_its_logs_and_its_autoscaling_use_the_key() -> None:
    root, logs, scaling = statements(up().one("Key"))
    assert root["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert logs["Principal"] == {"Service": "logs.eu-central-1.amazonaws.com"}
    assert logs["Condition"]
    assert scaling["Condition"]["StringEquals"] == {"kms:CallerAccount": ACCOUNT}
    assert "autoscaling.amazonaws.com" in json.dumps(scaling["Condition"]["ArnLike"])


def test_a_cluster_without_protection_can_be_destroyed_with_its_images() -> None:
    recording = up(deletion_protection=False)
    cluster = recording.one("Cluster")
    assert (cluster.inputs["deletionProtection"], cluster.protect) == (False, False)
    assert recording.one("Repository").inputs["forceDelete"] is True
    assert up().one("Repository").inputs["forceDelete"] is False


def test_images_of_the_cluster_itself_come_from_the_mirror(tmp_path: Path) -> None:
    config = stack_file(
        cluster=aws.cluster(node_pools=BOTH_POOLS),
        images={"mirror": "mirror.example.com"},
        volumes=None,
        models={},
    )
    recording = run(lambda: deploy(load()), config, cloud=aws.Aws())
    pods = [
        each.inputs["spec"]["template"]["spec"]
        for each in [*recording.of("Deployment"), *recording.of("DaemonSet")]
    ]
    images = [container["image"] for pod in pods for container in pod["containers"]]
    assert len(images) >= 3
    assert all(image.startswith("mirror.example.com/") for image in images)


def test_two_clouds_that_a_stack_does_not_use_are_not_loaded() -> None:
    program = (
        "import sys\n"
        "from components.clusters.eks.cluster import EksCluster\n"
        "print(sorted(name for name in sys.modules if name.startswith('pulumi_')))\n"
        "from tests.unit.clouds.aws import up\n"
        "up()\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules"
        " if name.startswith(('pulumi_aws', 'pulumi_gcp', 'pulumi_alicloud'))}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["[]", "['pulumi_aws']"]
