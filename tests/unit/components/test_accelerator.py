"""Models on nodes with accelerators."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import model, stack_file

L4 = {
    "accelerator": {"kind": "nvidia-l4", "count": 2},
    "labels": {"pool": "l4"},
    "taints": ["nvidia.com/gpu=present:NoSchedule"],
}
A100 = {
    "accelerator": {"kind": "nvidia-a100", "count": 8},
    "labels": {"pool": "a100", "zone": "b"},
    "taints": ["nvidia.com/gpu=present:NoSchedule", "dedicated:NoExecute"],
}
ONE: dict[str, Any] = {"kind": "nvidia"}


def up(pools: dict[str, Any], access_mode: str = "ReadWriteMany", **changes: Any) -> Recording:
    config = stack_file(
        cluster={"kind": "existing", "node_pools": pools},
        volumes={"models": {"size": "1Gi", "access_mode": access_mode}},
        models={"half_plus_two": model(**changes)},
    )
    return run(lambda: deploy(load()), config)


def pod(recording: Recording) -> dict[str, Any]:
    spec = recording.one("Deployment", "half-plus-two-server").inputs["spec"]
    found: dict[str, Any] = spec["template"]["spec"]
    return found


def terms(recording: Recording) -> list[dict[str, list[str]]]:
    """The nodes that a pod may run on: a node has the labels of one of the entries."""
    required = pod(recording)["affinity"]["nodeAffinity"][
        "requiredDuringSchedulingIgnoredDuringExecution"
    ]
    return [
        {
            each["key"]: each["values"]
            for each in term["matchExpressions"]
            if each["operator"] == "In"
        }
        for term in required["nodeSelectorTerms"]
    ]


def test_a_replica_has_its_devices_to_itself() -> None:
    (container,) = pod(up({"gpu": L4}, accelerator={**ONE, "count": 2}))["containers"]
    for side in ("requests", "limits"):
        assert container["resources"][side]["nvidia.com/gpu"] == "2"


def test_the_device_plugin_alone_chooses_the_devices_of_a_container() -> None:
    (container,) = pod(up({"gpu": L4}, accelerator=ONE))["containers"]
    assert "NVIDIA_VISIBLE_DEVICES" not in str(container.get("env"))


def test_the_image_is_the_variant_for_that_vendor() -> None:
    (container,) = pod(up({"gpu": L4}, accelerator=ONE))["containers"]
    assert container["image"].endswith("-gpu")
    (container,) = pod(up({"gpu": L4}))["containers"]
    assert not container["image"].endswith("-gpu")


def test_an_image_of_one_s_own_is_not_replaced_by_a_variant() -> None:
    image = "registry.example.com/serving:1"
    (container,) = pod(up({"gpu": L4}, accelerator=ONE, image=image))["containers"]
    assert container["image"] == image


def test_a_pod_runs_on_its_pool_and_tolerates_its_taints() -> None:
    recording = up({"gpu": L4}, accelerator={"kind": "nvidia-l4"})
    assert terms(recording) == [{"pool": ["l4"]}]
    assert pod(recording)["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Equal", "value": "present", "effect": "NoSchedule"}
    ]


def test_a_vendor_s_name_stands_for_all_of_its_devices() -> None:
    recording = up({"l4": L4, "a100": A100}, accelerator=ONE)
    assert terms(recording) == [{"pool": ["l4"]}, {"pool": ["a100"], "zone": ["b"]}]
    assert [each["key"] for each in pod(recording)["tolerations"]] == [
        "nvidia.com/gpu",
        "dedicated",
    ]


@pytest.mark.parametrize("requested", [{"kind": "nvidia-a100"}, {"kind": "nvidia", "count": 4}])
def test_a_pool_without_the_requested_accelerator_is_not_used(requested: dict[str, Any]) -> None:
    recording = up({"l4": L4, "a100": A100}, accelerator=requested)
    assert terms(recording) == [{"pool": ["a100"], "zone": ["b"]}]


def test_without_labels_the_extended_resource_alone_selects_the_nodes() -> None:
    found = pod(up({"gpu": {**L4, "labels": {}}}, accelerator=ONE))
    assert "nodeAffinity" not in found.get("affinity", {})


def test_a_model_without_an_accelerator_tolerates_nothing() -> None:
    found = pod(up({"gpu": L4}))
    assert "tolerations" not in found
    assert "affinity" not in found
    assert "nvidia" not in str(found["containers"][0]["resources"])


def test_pods_that_share_a_volume_stay_on_one_node_of_the_pool() -> None:
    found = pod(up({"gpu": L4}, access_mode="ReadWriteOnce", accelerator=ONE))
    assert set(found["affinity"]) == {"nodeAffinity", "podAffinity"}


@pytest.mark.parametrize("taints", [[], ["nvidia.com/gpu:PreferNoSchedule"]])
def test_a_pool_that_other_pods_may_run_on_is_a_warning(taints: list[str]) -> None:
    (warning,) = up({"gpu": {**L4, "taints": taints}}).warnings
    assert "slipway:cluster.node_pools.gpu has no taint" in warning
    assert "kubectl taint nodes NODE nvidia.com/gpu=present:NoSchedule" in warning
    assert up({"gpu": L4}).warnings == []


@pytest.mark.parametrize(
    ("surge", "strategy"),
    [(True, {"maxUnavailable": 0, "maxSurge": 1}), (False, {"maxUnavailable": 1, "maxSurge": 0})],
)
def test_a_new_pod_starts_beside_the_old_ones_or_replaces_one(
    surge: bool, strategy: dict[str, int]
) -> None:
    recording = up({"gpu": L4}, accelerator=ONE, surge=surge)
    spec = recording.one("Deployment", "half-plus-two-server").inputs["spec"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": strategy}


WEB = {"labels": {"pool": "web"}, "taints": ["dedicated=web:NoSchedule"]}


def test_a_model_runs_on_the_pool_that_it_names_and_on_no_other() -> None:
    recording = up({"web": WEB, "gpu": L4}, node_pool="web")
    assert terms(recording) == [{"pool": ["web"]}]
    assert pod(recording)["tolerations"] == [
        {"key": "dedicated", "operator": "Equal", "value": "web", "effect": "NoSchedule"}
    ]
    (container,) = pod(recording)["containers"]
    assert "nvidia.com/gpu" not in container["resources"]["limits"]


def test_of_two_pools_with_an_accelerator_a_model_may_name_one() -> None:
    other = {**L4, "labels": {"pool": "l4-spot"}}
    recording = up({"gpu": L4, "spot": other}, accelerator=ONE, node_pool="spot")
    assert terms(recording) == [{"pool": ["l4-spot"]}]
    assert pod(recording)["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"


@pytest.mark.parametrize(
    ("pools", "changes", "expected"),
    [
        ({"web": WEB}, {"node_pool": "wbe"}, "a node pool of `slipway:cluster`: `web`"),
        ({}, {"node_pool": "web"}, "which has none"),
        ({"web": {}}, {"node_pool": "web"}, "by which its nodes are known: `web` has none"),
        (
            {"web": WEB, "gpu": L4},
            {"node_pool": "web", "accelerator": ONE},
            "a node pool with 1 `nvidia` a node",
        ),
    ],
    ids=["unknown", "none", "unlabelled", "without the accelerator"],
)
def test_a_pool_that_a_model_cannot_run_on_is_refused(
    pools: dict[str, Any], changes: dict[str, Any], expected: str
) -> None:
    with pytest.raises(pulumi.RunError) as error:
        up(pools, **changes)
    assert "slipway:models.half_plus_two.node_pool is" in str(error.value)
    assert expected in str(error.value)
