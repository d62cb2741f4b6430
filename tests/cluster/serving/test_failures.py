"""Models that never become ready: what serves goes on serving, and `up` says why, each cause in
its own words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.environment import stand_ins
from local.paths import Clone
from tests.cluster.asked import HALF_PLUS_TWO, asked_all_the_time
from tests.cluster.checkout import Checkout

#: Names that no registry answers for are asked for this long on a node without a way out.
_RESOLVING = "75s"


def model(path: str = "half_plus_two", **changes: Any) -> dict[str, Any]:
    source = {"kind": "pvc", "claim": "models", "path": path}
    return {"runtime": "tfserving", "source": source, "startup_timeout": "40s", **changes}


# A model that cannot be, and what is said of it.
FAILING: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "memory": (
        model(resources={"limits": {"memory": "24Mi"}}),
        ("out of memory: it was killed at its memory limit of 24Mi (OOMKilled)",),
    ),
    "image": (
        model(image="example/none:1", startup_timeout=_RESOLVING),
        ("its image slipway.local/example/none:1 cannot be pulled",),
    ),
    "large": (
        model(resources={"requests": {"cpu": 100}}),
        ("no node takes it: 0/1 nodes are available: 1 Insufficient cpu",),
    ),
    "broken": (
        model("broken"),
        (
            "it ended with exit code 255",
            "Failed to start server",
            "{name: broken version: 1} due to error: DATA_LOSS",
        ),
    ),
    "absent": (
        model("absent"),
        ("it runs and is not ready", "Could not find base path /volumes/models/absent"),
    ),
    "fetch": (
        {
            "runtime": "tfserving",
            "source": {"kind": "image", "image": "tensorflow/serving:2.19.1", "path": "/none"},
            "startup_timeout": "40s",
        },
        # The real image has `cp` and says that /none is not there; the local one has none.
        ("init container fetch-fetch: it",),
    ),
    "empty": (
        model("empty"),
        ("it runs and is not ready", "No versions of servable empty found under base path"),
    ),
}
pytestmark = pytest.mark.skipif(
    "kubernetes" not in stand_ins(Clone.here()),
    reason="the official Kubernetes plugin is in use: these words are the stand-in's",
)


@dataclass(frozen=True)
class Failure:
    """An `up` that failed, and the calls to the model that served before."""

    code: int
    printed: str
    asked: dict[str, dict[str, Any]]

    def said_of(self, name: str) -> str:
        """What the engine printed at its end of a model's Deployment."""
        diagnostics = self.printed.partition("Diagnostics:")[2]
        found = diagnostics.partition(f"Deployment ({name}-server):")[2].partition("\n\n")[0]
        assert found, f"nothing of {name}:\n{self.printed}"
        return found


def untold(checkout: Checkout) -> str:
    """A kubeconfig of the cluster that does not say which images are on its node: with it, an image
    that is not there is refused before anything is made."""
    path = checkout.root / ".slipway" / "kubeconfig-untold"
    document = json.loads(Path(checkout.exports["KUBECONFIG"]).read_text())
    for each in document["clusters"]:
        del each["cluster"]["extensions"]
    path.touch(mode=0o600)
    path.write_text(json.dumps(document))
    return str(path)


@pytest.fixture(scope="module")
def failed(dev: Checkout) -> Iterator[Failure]:
    """One `up` of all of them, in which the model that serves is given a directory that is not
    there."""
    (dev.models / "empty").mkdir()
    shutil.copytree(dev.root / "models" / "half_plus_two", dev.models / "broken")
    (dev.models / "broken" / "1" / "saved_model.pb").write_text("no model")
    config = dev.config()
    config["config"]["slipway:models"] |= {name: said for name, (said, _) in FAILING.items()}
    config["config"]["slipway:models"]["half_plus_two"] = model("gone")
    config["config"]["slipway:limits"] = {"message_size": "1Mi"}
    dev.write_config(config)
    try:
        with asked_all_the_time(dev, "half_plus_two") as asked:
            up = ("up", "--yes", "--skip-preview", "--parallel", "32", "--stack", "dev")
            done = dev.run("pulumi", *up, check=False, env={"KUBECONFIG": untold(dev)})
        yield Failure(done.returncode, done.stdout + done.stderr, asked)
    finally:
        dev.restore_config()
        dev.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
        for name in ("empty", "broken"):
            shutil.rmtree(dev.models / name)


def test_a_version_that_never_becomes_ready_fails_up_and_leaves_the_old_one_serving(
    failed: Failure, dev: Checkout
) -> None:
    assert failed.code != 0
    for way in ("grpc", "rest"):
        assert failed.asked[way]["failed"] == 0, failed.asked[way]["first"]
        assert failed.asked[way]["calls"] > 300, way
    assert dev.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO


def test_up_says_that_the_old_one_is_still_there(failed: Failure) -> None:
    said = failed.said_of("half-plus-two")
    assert "0 of 1 new pods available, 1 of the version before still there, 1 available" in said
    assert "Could not find base path /volumes/models/gone" in said


@pytest.mark.parametrize("name", FAILING)
def test_each_cause_has_its_own_words(failed: Failure, name: str) -> None:
    said = failed.said_of(name)
    for words in FAILING[name][1]:
        assert words in said, said
    others = {each[0] for other, (_, each) in FAILING.items() if other != name}
    assert not [words for words in others - {FAILING[name][1][0]} if words in said]
