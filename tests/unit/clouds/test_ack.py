"""What a stack on ACK makes in the cloud. What is asked for security's sake is a list, and each
line of it is seen to fail where it is taken away."""

from __future__ import annotations

import copy
import ipaddress
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components.clusters import support
from components.clusters.ack.names import cluster_name, ram_name
from components.clusters.ack.versions import ADDONS, DEFAULT_MINOR, MINORS, RELEASES
from components.config.load import load
from components.stack import deploy
from tests.unit.clouds.ack_stack import (
    CREATED,
    EXISTING,
    OSS,
    PRIVATE,
    Alibaba,
    ack,
    gpu,
    pools,
    up,
)
from tests.unit.components.engine import Recording, Resource, run
from tests.unit.components.environment import model

ROOT = Path(__file__).resolve().parents[3]
ENVIRONMENTS = [ROOT / "Pulumi.ack.yaml", ROOT / "examples/mnist-on-nas/ack.yaml"]
EVERYTHING = ack(shared_storage=True, registry={"instance": "cri-1"}, dns={"zone": "example.com"})


@pytest.fixture(scope="module")
def everything() -> Recording:
    return up(EVERYTHING)


@dataclass(frozen=True)
class Property:
    """A property that all resources of a kind have; `value` is a test of it where it is not the
    same everywhere."""

    kind: str
    path: tuple[str | int, ...]
    value: Any

    def __str__(self) -> str:
        return f"{self.kind}.{'.'.join(map(str, self.path))}"

    def holds(self, resources: list[Resource]) -> bool:
        of_kind = [each.inputs for each in resources if each.kind == self.kind]
        return bool(of_kind) and all(self._holds_of(inputs) for inputs in of_kind)

    def _holds_of(self, inputs: Any) -> bool:
        for part in self.path:
            try:
                inputs = inputs[part]
            except (KeyError, IndexError, TypeError):
                return False
        return bool(self.value(inputs)) if callable(self.value) else bool(inputs == self.value)

    def taken_away(self, resources: list[Resource]) -> Iterator[list[Resource]]:
        """The resources without the property in one of the kind, for each of them."""
        for at, each in enumerate(resources):
            if each.kind == self.kind:
                changed = copy.deepcopy(resources)
                inputs: Any = changed[at].inputs
                for part in self.path[:-1]:
                    inputs = inputs[part]
                del inputs[self.path[-1]]
                yield changed


CLUSTER, POOL, DISKS = "ManagedKubernetes", "NodePool", "StorageClass"
SECURE = [
    Property(CLUSTER, ("slbInternetEnabled",), False),
    Property(CLUSTER, ("controlPlaneEndpointsConfig", "loadBalancersConfigs"), len),
    Property(CLUSTER, ("clusterSpec",), "ack.pro.small"),
    Property(CLUSTER, ("encryptionProviderKey",), "cluster-encryption-key-id"),
    Property(CLUSTER, ("disableEncryption",), False),
    Property(CLUSTER, ("deletionProtection",), True),
    Property(CLUSTER, ("auditLogConfig", "enabled"), True),
    Property(CLUSTER, ("auditLogConfig", "slsProjectName"), "slipway-dev-logs"),
    Property(
        CLUSTER,
        ("controlPlaneLogComponents",),
        lambda parts: {"apiserver", "kcm", "scheduler", "ccm"} <= {*parts},
    ),
    Property(CLUSTER, ("controlPlaneLogProject",), "slipway-dev-logs"),
    Property(CLUSTER, ("controlPlaneLogTtl",), "90"),
    Property(CLUSTER, ("enableRrsa",), True),
    Property(CLUSTER, ("skipSetCertificateAuthority",), True),
    Property(CLUSTER, ("isEnterpriseSecurityGroup",), True),
    Property(
        CLUSTER,
        ("addons", 0, "config"),
        lambda config: json.loads(config)["NetworkPolicy"] == "true",
    ),
    Property(POOL, ("instanceMetadataOptions", "httpTokens"), "required"),
    Property(POOL, ("systemDiskEncrypted",), True),
    Property(POOL, ("systemDiskKmsKey",), "cluster-encryption-key-id"),
    Property(POOL, ("systemDiskEncryptAlgorithm",), "aes-256"),
    Property(POOL, ("ramRoleName",), "slipway-dev-nodes"),
    Property(POOL, ("management", "autoRepair"), True),
    Property(POOL, ("management", "autoVulFix"), True),
    Property(POOL, ("scalingConfig", "isBondEip"), False),
    Property(
        POOL, ("vswitchIds",), lambda ids: all("network-nodes-" in identifier for identifier in ids)
    ),
    Property("Key", ("automaticRotation",), "Enabled"),
    Property("Key", ("rotationInterval",), "365d"),
    Property("Key", ("deletionProtection",), "Enabled"),
    Property("FlowLog", ("trafficType",), "All"),
    Property("FlowLog", ("resourceType",), "VPC"),
    Property("FlowLog", ("resourceId",), "cluster-network-vpc-id"),
    Property("Store", ("encryptConf", "enable"), True),
    Property("Store", ("retentionPeriod",), 90),
    Property("LoadBalancer", ("securityGroupIds",), lambda groups: len(groups) == 1),
    Property("SecurityGroup", ("innerAccessPolicy",), "Drop"),
    Property("SecurityGroupRule", ("portRange",), "6443/6443"),
    Property("SecurityGroupRule", ("ipProtocol",), "tcp"),
    Property("FileSystem", ("encryptType",), 1),
    Property("AccessRule", ("sourceCidrIp",), "10.0.0.0/16"),
    Property("RegistryEnterpriseNamespace", ("defaultVisibility",), "PRIVATE"),
    Property("RegistryEnterpriseNamespace", ("autoCreate",), False),
    Property("RegistryEnterpriseRepo", ("repoType",), "PRIVATE"),
    Property("RegistryEnterpriseRepo", ("tagImmutability",), True),
]
#: What nodes do not have: ways in from outside, and passwords.
NEVER = [
    (POOL, "internetMaxBandwidthOut"),
    (POOL, "password"),
    (POOL, "kmsEncryptedPassword"),
    (POOL, "keyName"),
    (POOL, "userData"),
    (CLUSTER, "clientCert"),
    (CLUSTER, "clientKey"),
    (CLUSTER, "userCa"),
]


@pytest.mark.parametrize("wanted", SECURE, ids=str)
def test_what_keeps_the_cluster_secure_is_asked_for(
    everything: Recording, wanted: Property
) -> None:
    assert wanted.holds(everything.resources)


@pytest.mark.parametrize("wanted", SECURE, ids=str)
def test_what_is_taken_away_is_missed(everything: Recording, wanted: Property) -> None:
    broken = list(wanted.taken_away(everything.resources))
    assert broken
    assert not any(wanted.holds(resources) for resources in broken)


def unwanted(resources: list[Resource]) -> set[tuple[str, str]]:
    return {
        (kind, key)
        for kind, key in NEVER
        for each in resources
        if each.kind == kind and each.inputs.get(key) is not None
    }


@pytest.mark.parametrize(("kind", "key"), NEVER)
def test_nodes_have_no_way_in_and_no_password(everything: Recording, kind: str, key: str) -> None:
    assert unwanted(everything.resources) == set()
    given = copy.deepcopy(everything.resources)
    next(each for each in given if each.kind == kind).inputs[key] = "x"
    assert unwanted(given) == {(kind, key)}


def callers(recording: Recording, door: str) -> set[str]:
    group = f"cluster-control-plane-{door}-callers-id"
    return {
        each.inputs["cidrIp"]
        for each in recording.of("SecurityGroupRule")
        if each.inputs["securityGroupId"] == group
    }


def test_the_public_api_lets_in_who_is_named_and_nobody_else(everything: Recording) -> None:
    assert callers(everything, "public") == {"203.0.113.0/24"}
    assert callers(everything, "private") == {"10.0.0.0/16", "100.104.0.0/16"}
    doors = {each.name: each.inputs["addressType"] for each in everything.of("LoadBalancer")}
    assert doors == {
        "cluster-control-plane-private-door": "Intranet",
        "cluster-control-plane-public-door": "Internet",
    }


def test_a_private_api_has_no_public_door() -> None:
    recording = up(ack(access=PRIVATE))
    (door,) = recording.of("LoadBalancer")
    assert door.inputs["addressType"] == "Intranet"
    assert callers(recording, "private") == {"10.0.0.0/16", "100.104.0.0/16", "10.8.0.0/24"}
    cluster = recording.one(CLUSTER).inputs
    (told,) = cluster["controlPlaneEndpointsConfig"]["loadBalancersConfigs"]
    assert told == {"endpointType": "private", "loadBalancerId": f"{door.name}-id"}


def kubeconfig(recording: Recording) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(recording.outputs["kubeconfig"])
    return document


def test_the_kubeconfig_is_a_secret_without_a_secret_in_it(everything: Recording) -> None:
    assert "kubeconfig" in everything.secret_outputs
    document = kubeconfig(everything)
    (user,) = document["users"]
    assert set(user["user"]) == {"exec"}
    called = user["user"]["exec"]
    assert called["command"] == "ack-ram-tool"
    assert called["args"][:2] == ["credential-plugin", "get-credential"]
    minutes = called["args"][called["args"].index("--expiration") + 1]
    assert int(minutes.removesuffix("m")) <= 60
    (cluster,) = document["clusters"]
    assert cluster["cluster"] == {
        "server": "https://cluster-control-plane-public-door.nlb.example.com:6443",
        "certificate-authority-data": "QVVUSE9SSVRZ",
    }
    assert "S0VZ" not in everything.outputs["kubeconfig"]


def test_the_api_is_called_at_the_private_door_where_there_is_no_other() -> None:
    (cluster,) = kubeconfig(up(ack(access=PRIVATE)))["clusters"]
    assert "private-door" in cluster["cluster"]["server"]


def test_nodes_and_pods_have_ranges_of_their_own_in_each_zone() -> None:
    for cidr in ("10.0.0.0/8", "10.0.0.0/16", "192.168.0.0/20"):
        zones = [f"cn-hangzhou-{each}" for each in "ghij"]
        recording = up(ack(vpc={"kind": "create", "cidr": cidr, "zones": zones}))
        ranges = [ipaddress.ip_network(each.inputs["cidrBlock"]) for each in recording.of("Switch")]
        assert len(ranges) == 8
        assert all(each.subnet_of(ipaddress.ip_network(cidr)) for each in ranges)  # type: ignore[arg-type]
        assert all(16 <= each.prefixlen <= 29 for each in ranges)
        assert not any(
            one.overlaps(other) for at, one in enumerate(ranges) for other in ranges[at + 1 :]
        )


def test_everything_leaves_by_one_address() -> None:
    recording = up()
    snat = recording.one("SnatEntry").inputs
    assert snat["sourceCidr"] == "10.0.0.0/16"
    assert snat["snatIp"] == recording.one("EipAddress").outputs.get("ipAddress", "203.0.113.9")
    assert recording.one("EipAssociation").inputs["instanceType"] == "Nat"


def test_a_network_that_is_there_is_left_as_it_is() -> None:
    recording = up(ack(vpc=EXISTING))
    for kind in ("Network", "Switch", "NatGateway", "EipAddress", "SnatEntry"):
        assert [each.name for each in recording.of(kind) if "alicloud" in each.type] == []
    cluster = recording.one(CLUSTER).inputs
    assert cluster["vswitchIds"] == ["vsw-1", "vsw-2"]
    assert cluster["podVswitchIds"] == ["vsw-3", "vsw-4"]
    assert recording.one("FlowLog").inputs["resourceId"] == "vpc-1"
    assert callers(recording, "private") >= {"192.168.0.0/16"}


def pool(recording: Recording, name: str) -> dict[str, Any]:
    return recording.one(POOL, f"cluster-pool-{name}").inputs


def test_a_pool_scales_between_its_bounds_and_up_leaves_its_number_alone() -> None:
    made = pool(up(), "gpu")
    assert made["scalingConfig"] == {
        "enable": True,
        "minSize": 0,
        "maxSize": 2,
        "type": "gpu",
        "isBondEip": False,
    }
    assert "desiredSize" not in made


def test_a_pool_of_a_fixed_number_needs_no_autoscaler() -> None:
    recording = up(pools(min=2, max=2))
    assert pool(recording, "default")["desiredSize"] == "2"
    assert "scalingConfig" not in pool(recording, "default")
    assert recording.of("AutoscalingConfig") == []


def test_the_autoscaler_makes_the_first_node_and_takes_nodes_with_copied_files() -> None:
    scaler = up().one("AutoscalingConfig").inputs
    assert scaler["scaleUpFromZero"] is True
    assert scaler["skipNodesWithLocalStorage"] is False


def test_nodes_with_gpus_are_kept_for_who_needs_them() -> None:
    recording = up(gpu(driver="550.144.03", taints=["team=vision:NoSchedule"], labels={"a": "b"}))
    made = pool(recording, "gpu")
    assert made["taints"] == [
        {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"},
        {"key": "team", "value": "vision", "effect": "NoSchedule"},
    ]
    labels = {each["key"]: each["value"] for each in made["labels"]}
    assert labels == {
        "slipway/node-pool": "gpu",
        "a": "b",
        "ack.aliyun.com/nvidia-driver-version": "550.144.03",
    }
    assert pool(recording, "default")["taints"] == []


def test_a_model_with_a_gpu_runs_on_the_pool_that_has_it() -> None:
    one = {"m": model(source=OSS, accelerator={"kind": "nvidia"})}
    spec = up(models=one).one("Deployment", "m-server").inputs["spec"]["template"]["spec"]
    (term,) = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    assert term["matchExpressions"] == [
        {"key": "slipway/node-pool", "operator": "In", "values": ["gpu"]}
    ]
    assert [each["key"] for each in spec["tolerations"]] == ["nvidia.com/gpu"]


def test_spot_nodes_stand_on_a_floor_of_others() -> None:
    made = pool(up(pools(spot={"on_demand": 1}, alternatives=["ecs.g8i.xlarge"])), "default")
    assert made["spotStrategy"] == "SpotAsPriceGo"
    assert made["onDemandBaseCapacity"] == "1"
    assert made["onDemandPercentageAboveBaseCapacity"] == "0"
    assert made["instanceTypes"] == ["ecs.g7.xlarge", "ecs.g8i.xlarge"]
    assert made["spotInstancePools"] == 2
    assert pool(up(), "default")["spotStrategy"] == "NoSpot"


def test_a_pool_is_in_the_zones_that_it_names() -> None:
    made = pool(up(pools(zones=["cn-hangzhou-j"])), "default")
    assert made["vswitchIds"] == ["cluster-network-nodes-cn-hangzhou-j-id"]


def test_a_disk_is_as_large_as_asked_in_gib() -> None:
    assert pool(up(pools(disk="120G")), "default")["systemDiskSize"] == 112


def test_nodes_are_upgraded_when_the_stack_says_so_and_not_before() -> None:
    assert "upgradePolicy" not in pool(up(), "default")
    made = pool(up(pools(upgrade=True)), "default")
    assert made["upgradePolicy"] == {
        "kubernetesVersion": RELEASES[DEFAULT_MINOR],
        "useReplace": True,
    }
    assert made["rollingPolicy"] == {"maxParallelism": 1, "pausePolicy": "NotPause"}
    assert up().one(CLUSTER).inputs["upgradePolicy"] == {"controlPlaneOnly": True}


def roles(recording: Recording) -> dict[str, dict[str, Any]]:
    return {
        each.inputs["roleName"]: json.loads(each.inputs["assumeRolePolicyDocument"])
        for each in recording.of("Role")
        if each.type.startswith("alicloud:")
    }


def policies(recording: Recording) -> dict[str, dict[str, Any]]:
    return {
        each.inputs["policyName"]: json.loads(each.inputs["policyDocument"])
        for each in recording.of("Policy")
    }


def test_a_role_reads_one_model_s_directory_and_trusts_one_account() -> None:
    recording = up()
    account = recording.one("ServiceAccount", "half-plus-two-reads-account").inputs["metadata"]
    assert account == {"name": "models-half-plus-two", "namespace": "ack-csi-fuse"}
    trust = roles(recording)["slipway-dev-reads-half-plus-two"]["Statement"]
    assert trust == [
        {
            "Action": "sts:AssumeRole",
            "Effect": "Allow",
            "Principal": {"Federated": ["acs:ram::1:oidc-provider/ack-rrsa-c1"]},
            "Condition": {
                "StringEquals": {
                    "oidc:aud": "sts.aliyuncs.com",
                    "oidc:iss": "https://oidc-ack.example.com/c1",
                    "oidc:sub": "system:serviceaccount:ack-csi-fuse:models-half-plus-two",
                }
            },
        }
    ]
    assert policies(recording)["slipway-dev-reads-half-plus-two"]["Statement"] == [
        {
            "Action": ["oss:GetObject"],
            "Effect": "Allow",
            "Resource": ["acs:oss:*:*:bucket/models/half_plus_two/*"],
        },
        {
            "Action": ["oss:ListObjects"],
            "Effect": "Allow",
            "Resource": ["acs:oss:*:*:bucket"],
            "Condition": {
                "StringLike": {"oss:Prefix": ["models/half_plus_two/", "models/half_plus_two/*"]}
            },
        },
    ]


def test_the_driver_mounts_by_that_role_and_the_pod_has_no_account() -> None:
    recording = up()
    volume = recording.one("PersistentVolume").inputs["spec"]["csi"]["volumeAttributes"]
    assert volume["authType"] == "rrsa"
    assert volume["roleName"] == "slipway-dev-reads-half-plus-two"
    assert volume["serviceAccountName"] == "models-half-plus-two"
    spec = recording.one("Deployment", "half-plus-two-server").inputs["spec"]["template"]["spec"]
    assert "serviceAccountName" not in spec
    # It may read before it is mounted.
    assert "half-plus-two-reads-reads" in recording.needs(recording.one("PersistentVolume"))


def test_models_of_one_server_share_a_role_that_reads_both() -> None:
    models = {
        name: model(server="both", source={**OSS, "uri": f"oss://bucket/{name}"})
        for name in ("a", "b")
    }
    recording = up(models=models)
    statements = policies(recording)["slipway-dev-reads-both"]["Statement"]
    assert [each["Resource"][0] for each in statements if "oss:GetObject" in each["Action"]] == [
        "acs:oss:*:*:bucket/a/*",
        "acs:oss:*:*:bucket/b/*",
    ]


def test_a_model_elsewhere_needs_no_role() -> None:
    recording = up(models={"m": model(source={**OSS, "role": "own"})})
    assert set(roles(recording)) == {"slipway-dev-nodes"}
    volume = recording.one("PersistentVolume").inputs["spec"]["csi"]["volumeAttributes"]
    assert volume["roleName"] == "own"
    assert "serviceAccountName" not in volume


def test_nodes_may_do_nothing_in_the_cloud() -> None:
    recording = up()
    assert roles(recording)["slipway-dev-nodes"]["Statement"] == [
        {
            "Action": "sts:AssumeRole",
            "Effect": "Allow",
            "Principal": {"Service": ["ecs.aliyuncs.com"]},
        }
    ]
    attached = [each.inputs["roleName"] for each in recording.of("RolePolicyAttachment")]
    assert "slipway-dev-nodes" not in attached


def test_images_are_pulled_from_one_namespace_of_one_registry(everything: Recording) -> None:
    assert policies(everything)["slipway-dev-pulls"]["Statement"] == [
        {
            "Action": ["cr:GetAuthorizationToken", "cr:ListInstanceEndpoint"],
            "Effect": "Allow",
            "Resource": ["acs:cr:*:*:instance/cri-1"],
        },
        {
            "Action": ["cr:PullRepository"],
            "Effect": "Allow",
            "Resource": ["acs:cr:*:*:repository/cri-1/slipway-dev/*"],
        },
    ]
    trust = roles(everything)
    assert trust["slipway-dev-pull"]["Statement"][0]["Principal"] == {
        "RAM": ["acs:ram::1:role/cluster-registry-caller"]
    }
    subject = trust["slipway-dev-pull-caller"]["Statement"][0]["Condition"]["StringEquals"]
    assert subject["oidc:sub"] == ("system:serviceaccount:kube-system:aliyun-acr-credential-helper")
    addon = everything.one(
        "KubernetesAddon", "cluster-addon-managed-aliyun-acr-credential-helper"
    ).inputs
    config = json.loads(addon["config"])
    assert config["watchNamespace"] == "models"
    assert config["enableRRSA"] is True
    assert (
        config["AcrInstanceInfo"][0]["assumeRoleARN"] == "acs:ram::1:role/cluster-registry-puller"
    )


def test_without_a_registry_nobody_pulls_with_a_password() -> None:
    recording = up()
    assert "managed-aliyun-acr-credential-helper" not in [
        each.inputs["name"] for each in recording.of("KubernetesAddon")
    ]
    assert recording.of("RegistryEnterpriseNamespace") == []


def test_add_ons_have_their_pins_and_the_network_plugin_comes_with_the_cluster() -> None:
    recording = up()
    made = {each.inputs["name"]: each.inputs for each in recording.of("KubernetesAddon")}
    assert {name: inputs.get("version") for name, inputs in made.items()} == dict(ADDONS)
    cluster = recording.one(CLUSTER)
    assert [each["name"] for each in cluster.inputs["addons"]] == [
        "terway-eniip",
        "nginx-ingress-controller",
    ]
    assert cluster.ignore_changes == ["addons"]


def test_what_containers_write_is_kept() -> None:
    recording = up(ack(log_days=30, log_project="logs-of-prod"))
    config = recording.one("LogTailConfig").inputs
    (source,) = json.loads(config["inputDetail"])["plugin"]["inputs"]
    assert source["detail"] == {"Stdout": True, "Stderr": True}
    attached = recording.one("LogTailAttachment")
    assert attached.inputs["machineGroupName"] == "k8s-group-cluster-control-plane-cluster-id"
    assert "cluster-addon-loongcollector" in recording.needs(attached)
    assert recording.one("Project").inputs["projectName"] == "logs-of-prod"
    assert {each.inputs["retentionPeriod"] for each in recording.of("Store")} == {30}


def classes(recording: Recording) -> dict[str, dict[str, Any]]:
    return {each.inputs["metadata"]["name"]: each.inputs for each in recording.of(DISKS)}


def test_disks_of_volumes_are_encrypted_with_the_cluster_s_key_by_default() -> None:
    disks = classes(up())["slipway-disk"]
    assert disks["parameters"]["encrypted"] == "true"
    assert disks["parameters"]["kmsKeyId"] == "cluster-encryption-key-id"
    annotations = disks["metadata"]["annotations"]
    assert annotations == {"storageclass.kubernetes.io/is-default-class": "true"}


def test_a_volume_gets_the_class_that_its_access_mode_needs() -> None:
    volumes = {
        "own": {"size": "1Gi"},
        "shared": {"size": "1Gi", "access_mode": "ReadWriteMany"},
        "named": {"size": "1Gi", "storage_class": "fast"},
    }
    recording = up(ack(shared_storage=True), volumes=volumes)
    used = {
        each.inputs["metadata"]["name"]: each.inputs["spec"]["storageClassName"]
        for each in recording.of("PersistentVolumeClaim")
        if each.name.startswith("volumes-")
    }
    assert used == {"own": "slipway-disk", "shared": "slipway-shared", "named": "fast"}
    shared = classes(recording)["slipway-shared"]
    assert shared["parameters"]["server"] == "1-abc.cn-hangzhou.nas.aliyuncs.com:/"


def test_a_volume_of_many_nodes_without_shared_storage_is_refused() -> None:
    volumes = {"shared": {"size": "1Gi", "access_mode": "ReadWriteMany"}}
    with pytest.raises(pulumi.RunError, match="shared_storage: true"):
        up(volumes=volumes)


def test_the_gateway_has_a_network_load_balancer_in_all_zones_that_keeps_who_calls() -> None:
    recording = up(gateway={"kind": "nginx", "host": "a.example.com", "allow": ["198.51.100.0/24"]})
    service = recording.one("Service", "gateway-controller-service").inputs
    assert service["spec"]["loadBalancerClass"] == "alibabacloud.com/nlb"
    assert service["spec"]["loadBalancerSourceRanges"] == ["198.51.100.0/24"]
    prefix = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer"
    assert service["metadata"]["annotations"] == {
        f"{prefix}-address-type": "internet",
        f"{prefix}-zone-maps": "cn-hangzhou-i:cluster-network-nodes-cn-hangzhou-i-id,"
        "cn-hangzhou-j:cluster-network-nodes-cn-hangzhou-j-id",
        f"{prefix}-cross-zone-enabled": "on",
        f"{prefix}-preserve-client-ip": "on",
    }


def test_an_exposed_model_has_such_a_load_balancer_too() -> None:
    exposed = model(source=OSS, expose={"kind": "load_balancer", "port": 9090})
    service = up(models={"m": exposed}).one("Service", "m-balancer").inputs
    assert service["spec"]["loadBalancerClass"] == "alibabacloud.com/nlb"


@pytest.mark.parametrize(
    ("host", "address", "record"),
    [
        ("models.example.com", {"ip": "203.0.113.7"}, ("models", "A", "203.0.113.7")),
        ("a.b.example.com", {"hostname": "x.nlb.com"}, ("a.b", "CNAME", "x.nlb.com")),
        ("example.com", {"ip": "2001:db8::1"}, ("@", "AAAA", "2001:db8::1")),
    ],
)
def test_the_host_has_a_record_in_the_zone(
    host: str, address: dict[str, str], record: tuple[str, str, str]
) -> None:
    gateway = {"kind": "nginx", "host": host}
    recording = up(ack(dns={"zone": "example.com"}), gateway=gateway, address=address)
    made = recording.one("AlidnsRecord").inputs
    assert (made["rr"], made["type"], made["value"]) == record
    assert made["domainName"] == "example.com"


def test_without_a_zone_there_is_no_record() -> None:
    assert up().of("AlidnsRecord") == []


def test_objects_come_after_nodes_and_add_ons_and_go_before_them(everything: Recording) -> None:
    provider = next(each for each in everything.resources if each.name == "cluster-provider")
    needs = everything.needs(provider)
    assert {"cluster-pool-default", "cluster-pool-gpu", "cluster-pool-autoscaler"} <= needs
    assert {f"cluster-addon-{name}" for name in ADDONS} <= needs
    for each in everything.of_package("kubernetes"):
        assert each.provider.startswith(f"{provider.urn}::"), each.name


def test_the_network_is_whole_before_the_cluster_and_the_cluster_before_its_nodes(
    everything: Recording,
) -> None:
    cluster = everything.one(CLUSTER)
    assert {
        "cluster-network-snat",
        "cluster-network-pods-cn-hangzhou-j",
        "cluster-encryption-key",
        "cluster-control-plane-public-door",
        "cluster-control-plane-public-caller-203-0-113-0-24",
        "cluster-logs-project",
    } <= everything.needs(cluster)
    for each in everything.of(POOL):
        assert cluster.name in everything.needs(each)


def test_everything_in_the_cloud_is_in_the_region_of_the_stack(everything: Recording) -> None:
    cloud = next(each for each in everything.resources if each.name == "cluster-cloud")
    assert cloud.inputs["region"] == "cn-hangzhou"
    for each in everything.of_package("alicloud"):
        assert each.provider.startswith(f"{cloud.urn}::"), each.name


@pytest.mark.parametrize("minor", MINORS)
def test_a_version_is_a_release_of_ack(minor: str) -> None:
    assert RELEASES[minor].startswith(f"{minor}.")
    assert up(ack(version=minor)).one(CLUSTER).inputs["version"] == RELEASES[minor]


def test_a_version_out_of_support_is_told_of_at_preview(monkeypatch: pytest.MonkeyPatch) -> None:
    late = max(each.until for each in MINORS.values()) + timedelta(days=1)

    class Later(date):
        @classmethod
        def today(cls) -> date:
            return late

    assert not [line for line in up(preview=True).warnings if "support" in line]
    monkeypatch.setattr("components.clusters.ack.cluster.date", Later)
    (said,) = [line for line in up(preview=True).warnings if "support" in line]
    assert DEFAULT_MINOR in said
    assert support.warning(DEFAULT_MINOR, MINORS, late)


def test_without_deletion_protection_the_cloud_protects_nothing() -> None:
    recording = up(ack(deletion_protection=False))
    assert recording.one(CLUSTER).inputs["deletionProtection"] is False
    assert recording.one("Key").inputs["deletionProtection"] == "Disabled"
    assert [each.name for each in recording.resources if each.protect] == []


def test_deletion_protection_stops_a_destroy_before_it_begins(everything: Recording) -> None:
    protected = {each.kind for each in everything.resources if each.protect}
    assert protected == {CLUSTER, "Key"}


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.parent.name)
def test_an_environment_of_the_repository_is_made_as_it_stands(path: Path) -> None:
    config = yaml.safe_load(path.read_text())["config"]
    recording = run(
        lambda: deploy(load()),
        {key.removeprefix("slipway:"): value for key, value in config.items()},
        cloud=Alibaba(),
    )
    made = recording.of_package("alicloud")
    asked = [line for line in SECURE if any(each.kind == line.kind for each in made)]
    assert len(asked) > len(SECURE) / 2
    assert [str(line) for line in asked if not line.holds(made)] == []
    assert len(recording.of("Deployment")) == len(config["slipway:models"]) + 1


def test_a_key_of_the_user_s_own_is_used_everywhere() -> None:
    recording = up(ack(encryption_key="key-own"))
    assert recording.of("Key") == []
    assert recording.one(CLUSTER).inputs["encryptionProviderKey"] == "key-own"
    assert {each.inputs["systemDiskKmsKey"] for each in recording.of(POOL)} == {"key-own"}
    assert classes(recording)["slipway-disk"]["parameters"]["kmsKeyId"] == "key-own"


@pytest.mark.parametrize(
    ("stack_name", "name"),
    [("dev", "slipway-dev"), ("Prod_EU.1", "slipway-prod-eu-1")],
)
def test_a_stack_s_name_becomes_one_that_the_cloud_takes(stack_name: str, name: str) -> None:
    assert cluster_name(stack_name) == name


def test_names_of_roles_are_short_and_differ() -> None:
    long = [ram_name("slipway-dev", "reads", "m" * 60 + str(at)) for at in range(2)]
    assert all(len(name) <= 64 for name in long)
    assert len({*long}) == 2


def test_the_network_of_a_vpc_that_is_made_can_be_seen_in_a_preview() -> None:
    recording = up(ack(vpc={**CREATED, "cidr": "172.30.0.0/16"}), preview=True)
    assert recording.one(CLUSTER)
