"""From `make up` to a prediction, and everything a person does with the stack afterwards."""

from __future__ import annotations

import json
import shutil
import threading

import pytest

from tests.cluster.checkout import Checkout

HALF_PLUS_TWO = [2.5, 3.0, 4.5]
HALF_PLUS_THREE = [3.5, 4.0, 5.5]


def test_make_up_ends_by_printing_what_the_model_answered(dev: Checkout) -> None:
    lines = dev.printed.splitlines()
    assert [json.loads(line) for line in lines[-2:]] == [HALF_PLUS_TWO, HALF_PLUS_TWO]


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_the_model_answers_through_the_gateway(dev: Checkout, protocol: str) -> None:
    assert dev.predict("half_plus_two", "1", "2", "5", protocol=protocol) == HALF_PLUS_TWO


def test_the_outputs_are_the_public_interface(dev: Checkout) -> None:
    outputs = dev.outputs()
    address = outputs["gateway"]["address"]
    assert outputs["endpoints"] == {
        "half_plus_two": {
            "runtime": "tfserving",
            "protocol": "tensorflow-serving",
            "grpc": {
                "target": f"{address}:443",
                "authority": "models.localhost",
                "path": "/half_plus_two",
                "tls": True,
            },
            "rest": {
                "url": "https://models.localhost/half_plus_two/v1/models/half_plus_two:predict",
                "connect_to": f"{address}:443",
            },
        }
    }
    assert outputs["gateway"]["host"] == "models.localhost"
    assert outputs["gateway"]["ca_certificate"].startswith("-----BEGIN CERTIFICATE-----")
    assert outputs["cluster"]["kind"] == "local"
    assert "kubeconfig" not in outputs


def test_the_kubeconfig_is_a_secret_output_that_works(dev: Checkout) -> None:
    shown = json.loads(dev.pulumi("stack", "output", "--json", "--stack", "dev").stdout)
    assert shown["kubeconfig"] == "[secret]"
    revealed = ("stack", "output", "kubeconfig", "--show-secrets", "--stack", "dev")
    path = dev.root / "revealed"
    path.write_text(dev.pulumi(*revealed).stdout)
    try:
        assert "Ready" in dev.kubectl("--kubeconfig", str(path), "get", "nodes")
    finally:
        path.unlink()


def test_no_private_key_is_readable_in_the_state(dev: Checkout) -> None:
    state = dev.pulumi("stack", "export", "--stack", "dev").stdout
    assert "half_plus_two" in state
    for word in ("PRIVATE KEY", "client-key-data"):
        assert word not in state


def test_plain_pulumi_commands_find_nothing_to_change(dev: Checkout) -> None:
    for command in ("preview", "up", "refresh", "up"):
        arguments = [command, "--stack", "dev", "--expect-no-changes"]
        dev.pulumi(*arguments, *([] if command == "preview" else ["--yes"]))


def test_the_work_tree_is_clean_after_make_up(dev: Checkout) -> None:
    assert dev.run("git", "status", "--porcelain").stdout == ""


def test_make_up_again_changes_nothing_and_answers_again(dev: Checkout) -> None:
    before = dev.kubectl("get", "pods", "-A", "-o", "jsonpath={.items[*].metadata.uid}")
    assert json.loads(dev.run("make", "up").stdout.splitlines()[-1]) == HALF_PLUS_TWO
    assert dev.kubectl("get", "pods", "-A", "-o", "jsonpath={.items[*].metadata.uid}") == before


def test_smoke_checks_every_endpoint_and_ends_with_zero(dev: Checkout) -> None:
    done = dev.run("make", "-s", "smoke")
    assert "half_plus_two" in done.stdout


def test_a_model_is_checked_through_a_port_forward(dev: Checkout) -> None:
    assert dev.client("check", "half_plus_two", "--stack", "dev").returncode == 0


def test_a_call_without_the_outputs_certificate_is_not_trusted(dev: Checkout) -> None:
    outputs = dev.outputs()
    outputs["gateway"]["ca_certificate"] = None
    path = dev.root / "outputs.json"
    path.write_text(json.dumps(outputs))
    try:
        done = dev.client("smoke", "--outputs", str(path), check=False)
    finally:
        path.unlink()
    assert done.returncode == 1
    assert "certificate" in (done.stdout + done.stderr).lower()


def test_every_pod_is_admitted_under_the_restricted_standard(dev: Checkout) -> None:
    labels = json.loads(dev.kubectl("get", "namespaces", "-o", "json"))["items"]
    for namespace in labels:
        name = namespace["metadata"]["name"]
        if name == "default" or name.startswith("kube-"):
            continue
        enforced = namespace["metadata"]["labels"].get("pod-security.kubernetes.io/enforce")
        assert enforced == "restricted", name


def with_model(checkout: Checkout, name: str, path: str) -> None:
    config = checkout.config()
    config["config"]["slipway:models"][name] = {
        "runtime": "tfserving",
        "source": {"kind": "pvc", "claim": "models", "path": path},
    }
    checkout.write_config(config)


def objects(checkout: Checkout) -> set[str]:
    kinds = "deployments,services,ingresses,configmaps,poddisruptionbudgets,networkpolicies"
    return set(checkout.kubectl("get", kinds, "-n", "models", "-o", "name").split())


def test_a_model_comes_and_goes_without_the_other_noticing(changed: Checkout) -> None:
    before = objects(changed)
    calls, failures = 0, []
    stop = threading.Event()

    def ask() -> None:
        nonlocal calls
        while not stop.is_set():
            calls += 1
            try:
                assert changed.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO
            except AssertionError as error:
                failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        with_model(changed, "half_plus_three", "half_plus_three")
        changed.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
        assert changed.predict("half_plus_three", "1", "2", "5") == HALF_PLUS_THREE
        assert before < objects(changed)
        changed.restore_config()
        changed.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
    finally:
        stop.set()
        asking.join()
    assert objects(changed) == before
    assert failures == []
    assert calls > 5


def test_the_file_decides_the_answer(dev: Checkout) -> None:
    image = "jsonpath={.items[0].spec.containers[0].image}"
    selector = ("-n", "models", "-l", "app.kubernetes.io/instance=half-plus-two")
    before = dev.kubectl("get", "pods", *selector, "-o", image)
    served = dev.models / "half_plus_two" / "1"
    kept = dev.root / "kept"
    shutil.copytree(served, kept)
    try:
        shutil.copytree(dev.root / "models" / "half_plus_three" / "1", served, dirs_exist_ok=True)
        restart(dev)
        assert dev.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_THREE
        assert dev.kubectl("get", "pods", *selector, "-o", image) == before
    finally:
        shutil.copytree(kept, served, dirs_exist_ok=True)
        shutil.rmtree(kept)
        restart(dev)
    assert dev.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO


def restart(checkout: Checkout) -> None:
    selector = "app.kubernetes.io/instance=half-plus-two"
    checkout.kubectl("-n", "models", "rollout", "restart", "deployment", "-l", selector)
    name = checkout.kubectl("-n", "models", "get", "deployment", "-l", selector, "-o", "name")
    checkout.kubectl("-n", "models", "rollout", "status", name.strip(), "--timeout=120s")


def test_an_empty_directory_never_becomes_ready_and_says_why(changed: Checkout) -> None:
    (changed.models / "nothing").mkdir(exist_ok=True)
    with_model(changed, "nothing", "nothing")
    config = changed.config()
    config["config"]["slipway:models"]["nothing"]["startup_timeout"] = "30s"
    changed.write_config(config)
    done = changed.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", check=False)
    assert done.returncode != 0
    assert "nothing-server" in done.stdout + done.stderr, "up names what did not become ready"
    selector = ("-n", "models", "-l", "app.kubernetes.io/instance=nothing")
    logs = changed.kubectl("logs", *selector, "--tail=5")
    assert "No versions of servable nothing found under base path" in logs
    assert changed.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO
