"""Operations that fail: what serves goes on serving, and the reason is printed, each cause in its
own words. The table of docs/why.md is made here."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.cluster.asked import HALF_PLUS_TWO, asked_all_the_time
from tests.cluster.checkout import Checkout
from tests.cluster.serving import failures
from tests.cluster.serving.failing import (
    CLAIM,
    EDGE,
    HELD,
    MODELS,
    PLAIN,
    QUOTA,
    REFUSED,
    UNREACHABLE,
    WEBHOOK,
    model,
)
from tests.cluster.serving.failures import Run

#: Seconds for one command: the provider waits for a claim for five minutes, for a namespace for three.
_TIMEOUT: Final = 420.0


def _apply(checkout: Checkout, manifest: dict[str, Any], verb: str = "apply") -> None:
    path = checkout.root / ".slipway" / f"{uuid.uuid4().hex}.json"
    path.write_text(json.dumps(manifest))
    checkout.kubectl(verb, "-f", str(path))
    path.unlink()


def _kubeconfig(checkout: Checkout, name: str, **changes: dict[str, Any]) -> str:
    """A copy of the cluster's kubeconfig; `changes` are made to its cluster and its user. It does
    not say which images are on the node: with that, a missing image is refused before anything is
    made."""
    path = checkout.root / ".slipway" / f"kubeconfig-{name}"
    document = json.loads(Path(checkout.exports["KUBECONFIG"]).read_text())
    for each in document["clusters"]:
        del each["cluster"]["extensions"]
        each["cluster"] |= changes.get("cluster", {})
    for each in document["users"]:
        each["user"] = changes.get("user", each["user"])
    path.touch(mode=0o600)
    path.write_text(json.dumps(document))
    return str(path)


def _small_stack(checkout: Checkout, name: str, kubeconfig: str) -> None:
    """A stack of one namespace, whose gateway is the Service `EDGE`."""
    checkout.pulumi("stack", "init", name, "--no-select")
    gateway = {
        "kind": "nginx",
        "host": f"{name}.example",
        "controller": {"kind": "present", "namespace": "default", "service": "edge"},
    }
    path = checkout.root / f"Pulumi.{name}.yaml"
    written = yaml.safe_load(path.read_text())
    written["config"] = {
        "slipway:cluster": {"kind": "existing", "kubeconfig": kubeconfig},
        "slipway:namespace": name,
        "slipway:gateway": gateway,
    }
    path.write_text(yaml.safe_dump(written))


def _up_of_everything(dev: Checkout) -> Run:
    """One `up` of all models and the claim, beside those that serve."""
    (dev.models / "empty").mkdir()
    shutil.copytree(dev.root / "models" / "half_plus_two", dev.models / "broken")
    (dev.models / "broken" / "1" / "saved_model.pb").write_text("no model")
    config = dev.config()
    config["config"]["slipway:models"] |= {name: each.model for name, each in MODELS.items()}
    config["config"]["slipway:volumes"]["slow"] = {"size": "1Gi", "storage_class": "fast"}
    config["config"]["slipway:limits"] = {"message_size": "1Mi"}
    dev.write_config(config)
    env = {"KUBECONFIG": _kubeconfig(dev, "untold")}
    up = ("up", "--continue-on-error", "--parallel", "32")
    return failures.pulumi(dev, *up, stack="dev", timeout=_TIMEOUT, env=env)


def _held(dev: Checkout, name: str, *options: str) -> Run:
    """A `destroy` that finds an object with a finalizer in the namespace of the stack `name`."""
    _small_stack(dev, name, dev.exports["KUBECONFIG"])
    dev.pulumi("up", "--yes", "--skip-preview", "--stack", name)
    metadata = {"name": "held", "namespace": name, "finalizers": ["example.com/hold"]}
    _apply(dev, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    try:
        return failures.pulumi(dev, "destroy", *options, stack=name, timeout=_TIMEOUT)
    finally:
        release = '{"metadata": {"finalizers": null}}'
        dev.kubectl("patch", "configmap/held", "-n", name, "--type=merge", "-p", release)
        dev.pulumi("destroy", "--yes", "--skip-preview", "--stack", name)
        dev.pulumi("stack", "rm", "--yes", name)


def _without_access(dev: Checkout, name: str, **changes: dict[str, Any]) -> Run:
    """An `up` of a new stack by a kubeconfig with `changes`."""
    _small_stack(dev, name, _kubeconfig(dev, name, **changes))
    try:
        return failures.pulumi(dev, "up", stack=name, timeout=_TIMEOUT)
    finally:
        dev.pulumi("stack", "rm", "--yes", "--force", name)


def _put_back(dev: Checkout) -> None:
    dev.restore_config()
    again = failures.pulumi(dev, "up", stack="dev", timeout=_TIMEOUT)
    assert again.code == 0, again.printed


@pytest.fixture
def changed(dev: Checkout) -> Iterator[Checkout]:
    """The dev stack, whose model is given a directory that does not exist."""
    config = dev.config()
    config["config"]["slipway:models"]["half_plus_two"] = model("gone")
    dev.write_config(config)
    yield dev
    _put_back(dev)


@pytest.fixture(scope="module")
def runs(dev: Checkout) -> Iterator[dict[str, Run]]:
    """All other failures, side by side, by the stacks' names."""
    _apply(dev, QUOTA)
    _apply(dev, WEBHOOK)
    _apply(dev, EDGE)
    wrong = {"user": {"token": "not-to-be-printed"}}
    dead = {"cluster": {"server": "https://127.0.0.1:1"}}
    try:
        with ThreadPoolExecutor() as pool:
            running = {
                "dev": pool.submit(_up_of_everything, dev),
                "held": pool.submit(_held, dev, "held", "--run-program"),
                "plain": pool.submit(_held, dev, "plain"),
                "unreachable": pool.submit(_without_access, dev, "unreachable", **dead),
                "refused": pool.submit(_without_access, dev, "refused", **wrong),
            }
            yield {name: each.result() for name, each in running.items()}
    finally:
        for manifest in (QUOTA, WEBHOOK, EDGE):
            _apply(dev, manifest, "delete")
        _put_back(dev)
        for name in ("empty", "broken"):
            shutil.rmtree(dev.models / name)


def test_a_version_that_never_becomes_ready_fails_up_and_leaves_the_old_one_serving(
    changed: Checkout,
) -> None:
    with asked_all_the_time(changed, "half_plus_two") as asked:
        failed = failures.pulumi(changed, "up", stack="dev", timeout=_TIMEOUT)
    assert failed.code != 0
    for way in ("grpc", "rest"):
        assert asked[way]["failed"] == 0, asked[way]["first"]
        assert asked[way]["calls"] > 300, way
    assert changed.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO
    said = failed.of("why Deployment models/half-plus-two-server-").message
    assert "0 of 1 new pods available; 1 of the version before still run, 1 available" in said
    assert "Could not find base path /volumes/models/gone" in said
    assert "half_plus_two" in changed.outputs()["endpoints"]


def test_each_operation_fails(runs: dict[str, Run]) -> None:
    assert [name for name, run in runs.items() if run.code == 0] == []


@pytest.mark.parametrize("name", MODELS)
def test_each_cause_has_its_own_words(runs: dict[str, Run], name: str) -> None:
    said = runs["dev"].of(MODELS[name].about).message
    for words in MODELS[name].sentences:
        assert words in said, said
    others = {each.sentences[0] for other, each in MODELS.items() if other != name}
    assert not [words for words in others if words in said and words not in MODELS[name].sentences]


def test_endpoints_are_those_of_models_that_answer(runs: dict[str, Run], dev: Checkout) -> None:
    served = set(dev.outputs()["endpoints"])
    assert served == {"half_plus_two", "half_plus_two_triton", "cifar10"}


def test_no_credential_is_printed(runs: dict[str, Run]) -> None:
    assert not [name for name, run in runs.items() if "not-to-be-printed" in run.printed]


def test_the_docs_have_what_was_printed(runs: dict[str, Run], pytestconfig: pytest.Config) -> None:
    rows = [each.row(runs["dev"]) for each in (*MODELS.values(), CLAIM)]
    rows += [HELD.row(runs["held"]), PLAIN.row(runs["plain"]), UNREACHABLE.row(runs["unreachable"])]
    rows.append(REFUSED.row(runs["refused"]))
    made = failures.table(rows)
    if pytestconfig.getoption("--write-docs"):
        failures.write_table(made)
    assert failures.comparable(failures.written_table()) == failures.comparable(made)
