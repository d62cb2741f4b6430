"""Node pools on GKE, and the disk types of their nodes and volumes."""

from __future__ import annotations

from tests.unit.clouds.gke import DEFAULT, GPU, KEY, cluster, pool, stack, up
from tests.unit.components.engine import Recording
from tests.unit.components.environment import model, stack_file


def test_a_pool_scales_between_its_bounds(plain_gke: Recording) -> None:
    assert pool(plain_gke, "default")["autoscaling"] == {
        "totalMinNodeCount": 1,
        "totalMaxNodeCount": 3,
        "locationPolicy": "BALANCED",
    }
    empty = pool(plain_gke, "gpu")
    assert empty["autoscaling"]["totalMinNodeCount"] == 0
    assert empty["initialNodeCount"] == 0
    # A changed minimum must not replace the pool.
    assert plain_gke.one("NodePool", "cluster-gpu").ignore_changes == ["initialNodeCount"]


def test_a_pool_of_gpus_has_drivers_and_a_taint_and_is_in_zones_that_have_the_gpu(
    plain_gke: Recording,
) -> None:
    nodes = pool(plain_gke, "gpu")["nodeConfig"]
    assert nodes["guestAccelerators"] == [
        {
            "type": "nvidia-l4",
            "count": 1,
            "gpuDriverInstallationConfig": {"gpuDriverVersion": "DEFAULT"},
        }
    ]
    taint = {"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}
    assert nodes["taints"] == [taint]
    assert pool(plain_gke, "gpu")["nodeLocations"] == [f"us-central1-{zone}" for zone in "abc"]
    assert pool(plain_gke, "gpu")["autoscaling"]["locationPolicy"] == "ANY"
    assert "nodeLocations" not in pool(plain_gke, "default")
    some = up(vpc={"kind": "create", "zones": ["us-central1-b", "us-central1-f"]})
    assert pool(some, "gpu")["nodeLocations"] == ["us-central1-b"]
    assert some.one("Cluster").inputs["nodeLocations"] == ["us-central1-b", "us-central1-f"]


def test_a_model_with_a_gpu_runs_on_the_pool_that_has_it() -> None:
    models = {"half_plus_two": model(accelerator={"kind": "nvidia-l4"})}
    recording = up({**stack_file(), "cluster": cluster(), "models": models})
    spec = recording.one("Deployment", "half-plus-two-server").inputs["spec"]["template"]["spec"]
    (term,) = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][
        "nodeSelectorTerms"
    ]
    (wanted,) = term["matchExpressions"]
    labels = pool(recording, "gpu")["nodeConfig"]["labels"]
    assert labels[wanted["key"]] in wanted["values"]
    assert [each["key"] for each in spec["tolerations"]] == ["nvidia.com/gpu"]


def test_a_pool_for_dra_has_neither_driver_nor_device_plugin() -> None:
    recording = up(node_pools={"default": DEFAULT, "gpu": {**GPU, "gpu_driver": "dra"}})
    nodes = pool(recording, "gpu")["nodeConfig"]
    (device,) = nodes["guestAccelerators"]
    assert device["gpuDriverInstallationConfig"]["gpuDriverVersion"] == "INSTALLATION_DISABLED"
    assert nodes["labels"]["gke-no-default-nvidia-gpu-device-plugin"] == "true"


def test_a_spot_pool_has_a_second_pool_with_its_on_demand_nodes() -> None:
    spot = {**DEFAULT, "min": 2, "max": 5, "spot": {"on_demand": 1}}
    recording = up(node_pools={"default": DEFAULT, "web": spot})
    sizes = {
        name: (each["autoscaling"]["totalMinNodeCount"], each["autoscaling"]["totalMaxNodeCount"])
        for name in ("web", "web-floor")
        for each in [pool(recording, name)]
    }
    assert sizes == {"web": (1, 4), "web-floor": (1, 1)}
    kinds = [pool(recording, name)["nodeConfig"] for name in ("web", "web-floor")]
    assert [each["spot"] for each in kinds] == [True, False]
    # Pods choose the pool, not its spot or on-demand part.
    assert kinds[0]["labels"] == kinds[1]["labels"]
    assert pool(recording, "web")["autoscaling"]["locationPolicy"] == "ANY"


def test_a_spot_pool_with_only_on_demand_nodes_has_no_spot_part() -> None:
    floor = {**DEFAULT, "max": 2, "spot": {"on_demand": 2}}
    recording = up(node_pools={"default": DEFAULT, "web": floor})
    assert {each.name for each in recording.of("NodePool")} == {
        "cluster-default",
        "cluster-web-floor",
    }


def test_the_boot_disk_fits_the_machine_type() -> None:
    pools = {
        "default": {**DEFAULT, "disk": "50Gi"},
        "new": {**DEFAULT, "machine_type": "c4-standard-8"},
        "fast": {**DEFAULT, "disk_type": "pd-ssd"},
    }
    recording = up(node_pools=pools)
    types = [pool(recording, name)["nodeConfig"]["diskType"] for name in pools]
    assert types == ["pd-balanced", "hyperdisk-balanced", "pd-ssd"]
    assert pool(recording, "default")["nodeConfig"]["diskSizeGb"] == 50


def test_the_disks_of_volumes_fit_the_machine_types() -> None:
    new = {**DEFAULT, "machine_type": "n4-standard-4"}
    for pools, disk in (
        ({"default": new}, "hyperdisk-balanced"),
        ({"default": new, "old": DEFAULT}, "pd-balanced"),
    ):
        storage_class = up(node_pools=pools).one("StorageClass", "cluster-disk")
        assert storage_class.inputs["parameters"]["type"] == disk


def test_volumes_are_on_encrypted_disks_and_shared_ones_on_encrypted_filestore() -> None:
    volumes = {"one": {"size": "1Gi"}, "many": {"size": "1Ti", "access_mode": "ReadWriteMany"}}
    recording = up({**stack(), "volumes": volumes})
    by_name = {
        name: each.inputs
        for each in recording.of("StorageClass")
        for name in [f"{each.name}-1a2b3c4d"]
    }
    chosen = {
        claim: by_name[
            recording.one("PersistentVolumeClaim", f"volumes-{claim}").inputs["spec"][
                "storageClassName"
            ]
        ]
        for claim in volumes
    }
    assert chosen["one"]["provisioner"] == "pd.csi.storage.gke.io"
    assert chosen["one"]["parameters"]["disk-encryption-kms-key"] == KEY
    default = "storageclass.kubernetes.io/is-default-class"
    assert chosen["one"]["metadata"]["annotations"] == {default: "true"}
    assert chosen["many"]["provisioner"] == "filestore.csi.storage.gke.io"
    assert chosen["many"]["parameters"]["instance-encryption-kms-key"] == KEY
    assert "metadata" not in chosen["many"] or not chosen["many"]["metadata"].get("annotations")
