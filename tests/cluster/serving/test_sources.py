"""The files that a pod copies from a bucket, and what `up` prints for unavailable models."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.images.recipes import TRITON
from tests.cluster.checkout import Checkout
from tests.cluster.continuous_calls import HALF_PLUS_TWO, calling_continuously
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
#: Model → its options, and the reason that `up` prints.
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
    """The dev stack with a model from S3."""
    up(dev, {"from_s3": tfserving(s3())})
    return dev


def test_a_pod_copies_only_the_configured_version_of_its_own_model(served: Checkout) -> None:
    selector = ("-l", "app.kubernetes.io/instance=from-s3", "-c", "fetch-from-s3", "--tail=-1")
    log = served.kubectl("logs", *NAMESPACE, *selector)
    copied = [line for line in log.splitlines() if "Downloaded object" in line]
    assert copied
    assert all("half_plus_two/1/" in line for line in copied)


def test_no_object_and_no_state_contains_a_key(served: Checkout, filled: Buckets) -> None:
    key = filled.credentials.split()[-1]
    objects = served.kubectl("get", "deployments,pods,configmaps", *NAMESPACE, "-o", "json")
    assert "fetch-from-s3" in objects
    assert key not in objects
    state = served.pulumi("stack", "export", "--show-secrets", "--stack", "dev").stdout
    assert "fetch-from-s3" in state
    assert key not in state


def test_another_version_is_rolled_out_without_a_failed_call(served: Checkout) -> None:
    with calling_continuously(served, "from_s3", HALF_PLUS_TWO, HALF_PLUS_THREE) as calls:
        up(served, {"from_s3": tfserving(s3(version=2))})
    print(calls)
    for way in ("grpc", "rest"):
        assert calls[way]["failed"] == 0, calls[way]["first"]
        assert calls[way]["answers"] == [HALF_PLUS_TWO, HALF_PLUS_THREE], way
        assert calls[way]["calls"] > 100, way


#: An event about a missing driver comes after two minutes.
TIMEOUTS = {"from_oss": "150s"}
#: Models of one `up`: their containers restart again and again, on two cores.
AT_ONCE = 4


@pytest.fixture(scope="module")
def printed(dev: Checkout, filled: Buckets) -> str:
    """What `up` prints for unavailable models, a few at a time."""
    bad = {
        name: {**model, "startup_timeout": TIMEOUTS.get(name, "40s")}
        for name, (model, _) in BAD.items()
    }
    names, outputs = list(bad), []
    for first in range(0, len(names), AT_ONCE):
        some = {name: bad[name] for name in names[first : first + AT_ONCE]}
        # Without the option the engine stops after the first failure.
        outputs.append(up(dev, some, "--continue-on-error", check=False))
    return "".join(outputs)


@pytest.mark.parametrize("model", BAD)
def test_up_gives_unavailable_files_as_the_reason(printed: str, model: str) -> None:
    name = model.replace("_", "-")
    assert f"{name}-se" in printed  # its server or its Service, whichever comes first
    _, reason = BAD[model]
    entries = printed.split("\n  kubernetes:")
    own = [entry for entry in entries if f"({name}-se" in entry]
    assert any(reason in entry for entry in own), own


@pytest.mark.parametrize(("model", "mode"), [("from-nfs", "RWX"), ("from-oss", "ROX")])
@pytest.mark.usefixtures("printed")
def test_a_volume_of_a_remote_file_system_is_bound_to_its_claim_and_its_pod_scheduled(
    dev: Checkout, model: str, mode: str
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
    assert pods[0]["spec"]["nodeName"], "it was not scheduled, so its claim was not bound"


@pytest.mark.usefixtures("printed")
def test_volumes_are_removed_with_their_models(dev: Checkout) -> None:
    assert "from-nfs" in dev.kubectl("get", "pv", "-o", "name")
    up(dev, {})
    assert "from-" not in dev.kubectl("get", "pv", "-o", "name")
    assert "from-" not in dev.kubectl("get", *NAMESPACE, "pvc", "-o", "name")
