"""Operations that fail: running models keep serving, and each cause is printed in its own words.
Writes the table of docs/why.md."""

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

from tests.cluster.checkout import Checkout
from tests.cluster.continuous_calls import HALF_PLUS_TWO, calling_continuously
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

#: Seconds for one command: the provider waits five minutes for a claim, three for a namespace.
_TIMEOUT: Final = 420.0


def _apply(checkout: Checkout, manifest: dict[str, Any], verb: str = "apply") -> None:
    path = checkout.root / ".slipway" / f"{uuid.uuid4().hex}.json"
    path.write_text(json.dumps(manifest))
    checkout.kubectl(verb, "-f", str(path))
    path.unlink()


def _kubeconfig(checkout: Checkout, name: str, **changes: dict[str, Any]) -> str:
    """A copy of the cluster's kubeconfig with `changes` to its cluster and its user. It has no list
    of the node's images, with which the program would refuse a missing image beforehand."""
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
    document = yaml.safe_load(path.read_text())
    document["config"] = {
        "slipway:cluster": {"kind": "existing", "kubeconfig": kubeconfig},
        "slipway:namespace": name,
        "slipway:gateway": gateway,
    }
    path.write_text(yaml.safe_dump(document))


def _up_of_everything(dev: Checkout) -> Run:
    """One `up` of all failing models and the claim, beside the serving ones."""
    (dev.models / "empty").mkdir()
    shutil.copytree(dev.root / "models" / "half_plus_two", dev.models / "broken")
    (dev.models / "broken" / "1" / "saved_model.pb").write_text("no model")
    config = dev.config()
    config["config"]["slipway:models"] |= {name: each.model for name, each in MODELS.items()}
    config["config"]["slipway:volumes"]["slow"] = {"size": "1Gi", "storage_class": "fast"}
    config["config"]["slipway:limits"] = {"message_size": "1Mi"}
    dev.write_config(config)
    env = {"KUBECONFIG": _kubeconfig(dev, "dev")}
    up = ("up", "--continue-on-error", "--parallel", "32")
    return failures.pulumi(dev, *up, stack="dev", timeout=_TIMEOUT, env=env)


def _held(dev: Checkout, name: str, *options: str) -> Run:
    """A `destroy` of the stack `name`, whose namespace contains an object with a finalizer."""
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
    """An `up` of a new stack whose kubeconfig has `changes`."""
    _small_stack(dev, name, _kubeconfig(dev, name, **changes))
    try:
        return failures.pulumi(dev, "up", stack=name, timeout=_TIMEOUT)
    finally:
        dev.pulumi("stack", "rm", "--yes", "--force", name)


def _restore(dev: Checkout) -> None:
    dev.restore_config()
    run = failures.pulumi(dev, "up", stack="dev", timeout=_TIMEOUT)
    assert run.code == 0, run.printed


@pytest.fixture
def changed(dev: Checkout) -> Iterator[Checkout]:
    """The dev stack, with a directory that does not exist in its model's configuration."""
    config = dev.config()
    config["config"]["slipway:models"]["half_plus_two"] = model("gone")
    dev.write_config(config)
    yield dev
    _restore(dev)


@pytest.fixture(scope="module")
def runs(dev: Checkout) -> Iterator[dict[str, Run]]:
    """All other failures, which run at the same time, by the stacks' names."""
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
        _restore(dev)
        for name in ("empty", "broken"):
            shutil.rmtree(dev.models / name)


def test_a_version_that_never_becomes_ready_fails_up_and_leaves_the_old_one_serving(
    changed: Checkout,
) -> None:
    with calling_continuously(changed, "half_plus_two") as calls:
        failed = failures.pulumi(changed, "up", stack="dev", timeout=_TIMEOUT)
    assert failed.code != 0
    for way in ("grpc", "rest"):
        assert calls[way]["failed"] == 0, calls[way]["first"]
        assert calls[way]["calls"] > 300, way
    assert changed.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO
    message = failed.of("why Deployment models/half-plus-two-server-").message
    assert "0 of 1 new pods available; 1 of the version before still run, 1 available" in message
    assert "Could not find base path /volumes/models/gone" in message
    assert "half_plus_two" in changed.outputs()["endpoints"]


def test_each_operation_fails(runs: dict[str, Run]) -> None:
    assert [name for name, run in runs.items() if run.code == 0] == []


@pytest.mark.parametrize("name", MODELS)
def test_each_cause_has_its_own_words(runs: dict[str, Run], name: str) -> None:
    message = runs["dev"].of(MODELS[name].about).message
    own = MODELS[name].sentences
    for words in own:
        assert words in message, message
    others = {each.sentences[0] for other, each in MODELS.items() if other != name}
    assert not [words for words in others if words in message and words not in own]


def test_only_models_that_answer_have_endpoints(runs: dict[str, Run], dev: Checkout) -> None:
    served = set(dev.outputs()["endpoints"])
    assert served == {"half_plus_two", "half_plus_two_triton", "cifar10"}


def test_no_credential_is_printed(runs: dict[str, Run]) -> None:
    assert not [name for name, run in runs.items() if "not-to-be-printed" in run.printed]


def test_the_docs_have_the_printed_lines(runs: dict[str, Run], pytestconfig: pytest.Config) -> None:
    rows = [each.row(runs["dev"]) for each in (*MODELS.values(), CLAIM)]
    rows += [HELD.row(runs["held"]), PLAIN.row(runs["plain"]), UNREACHABLE.row(runs["unreachable"])]
    rows.append(REFUSED.row(runs["refused"]))
    table = failures.table(rows)
    if pytestconfig.getoption("--write-docs"):
        failures.write_table(table)
    assert failures.comparable(failures.written_table()) == failures.comparable(table)
