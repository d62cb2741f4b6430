"""What a pod holds of a bucket, and what `up` says of models that cannot be had."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.images.recipes import TRITON
from tests.cluster.asked import HALF_PLUS_TWO, asked_all_the_time
from tests.cluster.checkout import Checkout
from tests.cluster.serving.buckets import Buckets
from tests.cluster.serving.sources import NAMESPACE, gcs, image, pvc, s3, up

HALF_PLUS_THREE = [3.5, 4.0, 5.5]


def tfserving(source: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"runtime": "tfserving", "source": source, **changes}


NFS = {"kind": "nfs", "server": "127.0.0.1", "path": "/serving", "mount_options": ["vers=4.0"]}
OSS = {
    "kind": "oss",
    "uri": "oss://models/half_plus_two",
    "endpoint": "https://oss-cn-hangzhou-internal.aliyuncs.com",
    "role": "reader",
}
#: Model → what a stack file says of it, and what `up` says.
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "wrong_path": (
        tfserving(s3("half_plus_twelve")),
        "s3://models/half_plus_twelve has no version 1; it holds none: is the path right?",
    ),
    "wrong_version": (
        tfserving(s3(version=7)),
        "s3://models/half_plus_two has no version 7; it has 1 and 2",
    ),
    "no_version": (
        tfserving(s3("triton/half_plus_two", version=7)),
        "s3://models/triton/half_plus_two has no version 7; it has 1",
    ),
    "triton_version": (
        {
            "runtime": "triton",
            "image": TRITON,
            "source": pvc("triton/half_plus_two"),
            "versions": {"specific": [7]},
        },
        "model triton_version has no version 7; it has 1",
    ),
    "wrong_key": (
        tfserving(s3(key="stranger")),
        "(403) when calling the HeadBucket operation: Forbidden",
    ),
    "no_key": (tfserving(s3(key="nobody")), 'secret "nobody" not found'),
    "wrong_gcs_path": (
        tfserving(gcs("half_plus_twelve")),
        "gs://models/half_plus_twelve has no version 1; it holds none: is the path right?",
    ),
    "wrong_gcs_key": (
        tfserving(gcs(credentials="forger")),
        "GCS error for gs://models/half_plus_two",
    ),
    "wrong_copy": (tfserving(image("nothing")), "/models/nothing"),
    "wrong_mount": (tfserving(image("nothing", "volume")), "models/nothing"),
    "from_nfs": (tfserving(NFS), "MountVolume.SetUp failed for volume"),
    "from_oss": (tfserving(OSS), "ossplugin.csi.alibabacloud.com"),
}


@pytest.fixture(scope="module")
def served(dev: Checkout, filled: Buckets) -> Checkout:
    """The dev stack with a model out of S3."""
    up(dev, {"from_s3": tfserving(s3())})
    return dev


def test_a_pod_holds_the_version_that_was_asked_for_and_no_namesake_s(served: Checkout) -> None:
    selector = ("-l", "app.kubernetes.io/instance=from-s3", "-c", "fetch-from-s3", "--tail=-1")
    log = served.kubectl("logs", *NAMESPACE, *selector)
    copied = [line for line in log.splitlines() if "Downloaded object" in line]
    assert copied
    assert all("half_plus_two/1/" in line for line in copied)


def test_no_key_stands_in_an_object_or_in_the_state(served: Checkout, filled: Buckets) -> None:
    key = filled.credentials.split()[-1]
    written = served.kubectl("get", "deployments,pods,configmaps", *NAMESPACE, "-o", "json")
    assert "fetch-from-s3" in written
    assert key not in written
    state = served.pulumi("stack", "export", "--show-secrets", "--stack", "dev").stdout
    assert "fetch-from-s3" in state
    assert key not in state


def test_another_version_is_rolled_out_without_a_failed_call(served: Checkout) -> None:
    with asked_all_the_time(served, "from_s3", HALF_PLUS_TWO, HALF_PLUS_THREE) as asked:
        up(served, {"from_s3": tfserving(s3(version=2))})
    print(asked)
    for way in ("grpc", "rest"):
        assert asked[way]["failed"] == 0, asked[way]["first"]
        assert asked[way]["answers"] == [HALF_PLUS_TWO, HALF_PLUS_THREE], way
        assert asked[way]["calls"] > 100, way


#: A driver that is not there is waited for two minutes before an event says so.
PATIENCE = {"from_oss": "150s"}
#: Their containers start again and again, on the cores that there are.
AT_ONCE = 4


@pytest.fixture(scope="module")
def told(dev: Checkout, filled: Buckets) -> str:
    """What `up` says of models that cannot be had, a few at a time."""
    bad = {
        name: {**model, "startup_timeout": PATIENCE.get(name, "40s")}
        for name, (model, _) in BAD.items()
    }
    names, said = list(bad), []
    for first in range(0, len(names), AT_ONCE):
        some = {name: bad[name] for name in names[first : first + AT_ONCE]}
        # The first that fails would keep the engine from the others.
        said.append(up(dev, some, "--continue-on-error", check=False))
    return "".join(said)


@pytest.mark.parametrize("model", BAD)
def test_files_that_cannot_be_had_are_the_reason_that_up_gives(told: str, model: str) -> None:
    name = model.replace("_", "-")
    assert f"{name}-se" in told  # its server or its Service, whichever is told first
    _, reason = BAD[model]
    entries = told.split("\n  kubernetes:")
    own = [entry for entry in entries if f"({name}-se" in entry]
    assert any(reason in entry for entry in own), own


@pytest.mark.parametrize(("model", "mode"), [("from-nfs", "RWX"), ("from-oss", "ROX")])
def test_a_volume_of_files_elsewhere_is_bound_to_its_claim_and_its_pod_admitted(
    dev: Checkout, told: str, model: str, mode: str
) -> None:
    claims = json.loads(dev.kubectl("get", *NAMESPACE, "pvc", "-o", "json"))["items"]
    (claim,) = [each for each in claims if each["metadata"]["name"].startswith(model)]
    assert claim["status"]["phase"] == "Bound"
    volume = json.loads(dev.kubectl("get", "pv", claim["spec"]["volumeName"], "-o", "json"))
    assert volume["spec"]["claimRef"]["name"] == claim["metadata"]["name"]
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    row = dev.kubectl("get", "pv", volume["metadata"]["name"], "--no-headers").split()
    assert row[2] == mode
    selector = ("-l", f"app.kubernetes.io/instance={model}", "-o", "json")
    pods = json.loads(dev.kubectl("get", *NAMESPACE, "pods", *selector))["items"]
    assert pods
    assert pods[0]["spec"]["nodeName"], "it was scheduled, so its claim was bound"


def test_volumes_go_with_their_models(dev: Checkout, told: str) -> None:
    assert "from-nfs" in dev.kubectl("get", "pv", "-o", "name")
    up(dev, {})
    assert "from-" not in dev.kubectl("get", "pv", "-o", "name")
    assert "from-" not in dev.kubectl("get", *NAMESPACE, "pvc", "-o", "name")
