"""`make up`, predictions, and the commands that a user runs on the stack afterwards."""

from __future__ import annotations

import base64
import json
import re
import shutil

import pytest

from local.images.recipes import BUSYBOX
from tests.cluster.checkout import Checkout
from tests.cluster.continuous_calls import HALF_PLUS_TWO, calling_continuously

HALF_PLUS_THREE = [3.5, 4.0, 5.5]
INSTANCE = "app.kubernetes.io/instance=half-plus-two"


def test_make_up_ends_by_printing_the_models_predictions(dev: Checkout) -> None:
    lines = dev.printed.splitlines()
    assert [json.loads(line) for line in lines[-2:]] == [HALF_PLUS_TWO, HALF_PLUS_TWO]


@pytest.mark.parametrize("protocol", ["grpc", "rest"])
def test_the_model_answers_through_the_gateway(dev: Checkout, protocol: str) -> None:
    assert dev.predict("half_plus_two", "1", "2", "5", protocol=protocol) == HALF_PLUS_TWO


def test_the_outputs_are_the_public_interface(dev: Checkout) -> None:
    outputs = dev.outputs()
    address = outputs["gateway"]["address"]
    assert set(outputs["endpoints"]) == {"half_plus_two", "half_plus_two_triton", "cifar10"}
    assert outputs["endpoints"]["half_plus_two"] == {
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
    assert outputs["gateway"]["host"] == "models.localhost"
    assert outputs["gateway"]["ca_certificate"].startswith("-----BEGIN CERTIFICATE-----")
    assert outputs["cluster"]["kind"] == "local"
    assert "kubeconfig" not in outputs


def test_the_kubeconfig_is_a_secret_output_that_works(dev: Checkout) -> None:
    outputs = json.loads(dev.pulumi("stack", "output", "--json", "--stack", "dev").stdout)
    assert outputs["kubeconfig"] == "[secret]"
    revealed = ("stack", "output", "kubeconfig", "--show-secrets", "--stack", "dev")
    path = dev.root / "revealed"
    path.write_text(dev.pulumi(*revealed).stdout)
    try:
        assert "Ready" in dev.kubectl("--kubeconfig", str(path), "get", "nodes")
    finally:
        path.unlink()


def encodings(word: str) -> list[str]:
    """`word` as text, and its three possible forms in the base64 of a longer text, which depend on
    the position of its first byte in a group of three. Characters at the ends that also encode bits
    of neighbouring bytes are left out."""
    forms = [word]
    for skipped in range(3):
        encoded = base64.b64encode(b"\0" * skipped + word.encode()).decode()
        whole = (skipped + len(word)) * 8 // 6  # characters without bits of the following byte
        forms.append(encoded[-(-skipped * 8 // 6) : whole])
    return forms


@pytest.mark.parametrize("before", ["", "-", "--"])
def test_a_word_is_found_in_base64_wherever_it_stands(before: str) -> None:
    text = base64.b64encode(f"{before}-----BEGIN EC PRIVATE KEY-----\nMHcC".encode()).decode()
    assert any(form in text for form in encodings("PRIVATE KEY"))


def test_no_private_key_is_readable_in_the_state(dev: Checkout) -> None:
    export = ("stack", "export", "--stack", "dev")
    state = dev.pulumi(*export).stdout
    assert "half_plus_two" in state
    forms = [form for word in ("PRIVATE KEY", "client-key-data") for form in encodings(word)]
    assert [form for form in forms if form in state] == []
    revealed = dev.pulumi(*export, "--show-secrets").stdout
    assert any(form in revealed for form in encodings("PRIVATE KEY")[1:]), "a Secret holds the key"


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
    standard = "pod-security.kubernetes.io/enforce=restricted"
    labelled = dev.kubectl("get", "namespaces", "-l", standard, "-o", "name").split()
    assert set(labelled) == {"namespace/models", "namespace/slipway-gateway"}
    of_pods = "jsonpath={range .items[*]}namespace/{.metadata.namespace}{'\\n'}{end}"
    used = set(dev.kubectl("get", "pods", "-A", "-o", of_pods).split())
    assert used - {"namespace/kube-system"} == set(labelled), "each has a pod, and no other has"
    for namespace in labelled:
        assert violations(dev, namespace) == ""


def test_a_pod_below_the_restricted_standard_is_reported(dev: Checkout) -> None:
    never_scheduled = {
        "apiVersion": "v1",
        "spec": {"schedulingGates": [{"name": "example.com/gate"}]},
    }
    bare = (
        "run",
        "bare",
        "-n",
        "default",
        "--image=none",
        "--overrides",
        json.dumps(never_scheduled),
    )
    dev.kubectl(*bare)
    try:
        assert "bare" in violations(dev, "namespace/default")
    finally:
        dev.kubectl("delete", "pod/bare", "-n", "default", "--now")


def violations(checkout: Checkout, namespace: str) -> str:
    """The API server's warnings about pods in `namespace` that violate the standard. It checks them
    when the label changes; the version in the label makes it a change."""
    key = "pod-security.kubernetes.io"
    labels = (f"{key}/enforce=restricted", f"{key}/enforce-version=v1.35")
    done = checkout.run("kubectl", "label", "--dry-run=server", "--overwrite", namespace, *labels)
    return "\n".join(line for line in done.stderr.splitlines() if "Warning" in line)


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


def test_a_model_is_added_and_removed_without_a_dropped_call_to_another(changed: Checkout) -> None:
    before = objects(changed)
    with calling_continuously(changed, "half_plus_two") as calls:
        with_model(changed, "half_plus_three", "half_plus_three")
        changed.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
        answer = changed.first_answer("half_plus_three", "1", "2", "5", stack="dev")
        assert answer == HALF_PLUS_THREE
        assert before < objects(changed)
        changed.restore_config()
        changed.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
    assert objects(changed) == before
    print(calls)
    for way in ("grpc", "rest"):
        assert calls[way]["failed"] == 0, calls[way]["first"]
        assert calls[way]["calls"] > 300, way


def test_an_image_that_the_node_does_not_have_is_reported_before_anything_is_created(
    changed: Checkout,
) -> None:
    before = changed.everything()
    config = changed.config()
    config["config"]["slipway:models"]["copied"] = {
        "runtime": "tfserving",
        "source": {"kind": "image", "image": BUSYBOX, "path": "/bin"},
    }
    changed.write_config(config)
    for command in (("preview",), ("up", "--yes"), ("up", "--yes", "--skip-preview")):
        refused = changed.pulumi(*command, "--stack", "dev", check=False)
        assert refused.returncode != 0
        assert "`slipway.local/library/busybox:1.37` on the local node" in refused.stdout
        assert "fix: run `make up`" in refused.stdout
    assert changed.everything() == before
    (name,) = re.findall(r"`(python3 -m local images .+?)`", refused.stdout)[:1]
    changed.run(*name.split())
    previewed = changed.pulumi("preview", "--stack", "dev")
    assert "copied-server create" in previewed.stdout


def test_a_call_that_is_dropped_is_counted(dev: Checkout) -> None:
    scale = ("scale", "deployments", "-n", "models", "-l", INSTANCE)
    with calling_continuously(dev, "half_plus_two") as calls:
        dev.kubectl(*scale, "--replicas=0")
        dev.kubectl("wait", "pods", "-n", "models", "-l", INSTANCE, "--for=delete", "--timeout=60s")
        dev.kubectl(*scale, "--replicas=1")
        wait_for_rollout(dev)
    assert calls["grpc"]["failed"] > 0
    assert calls["rest"]["failed"] > 0


def test_the_file_decides_the_answer(dev: Checkout) -> None:
    image = "jsonpath={.items[0].spec.containers[0].image}"
    selector = ("-n", "models", "-l", INSTANCE)
    before = dev.kubectl("get", "pods", *selector, "-o", image)
    served = dev.models / "half_plus_two" / "1"
    backup = dev.root / "backup"
    shutil.copytree(served, backup)
    try:
        shutil.copytree(dev.root / "models" / "half_plus_three" / "1", served, dirs_exist_ok=True)
        restart(dev)
        assert dev.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_THREE
        assert dev.kubectl("get", "pods", *selector, "-o", image) == before
    finally:
        shutil.copytree(backup, served, dirs_exist_ok=True)
        shutil.rmtree(backup)
        restart(dev)
    assert dev.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO


def restart(checkout: Checkout) -> None:
    """Restart the model's pods, and wait until the old ones are deleted: until then they may answer
    calls."""
    namespace = ("-n", "models")
    old = checkout.kubectl(*namespace, "get", "pods", "-l", INSTANCE, "-o", "name").split()
    checkout.kubectl(*namespace, "rollout", "restart", "deployment", "-l", INSTANCE)
    wait_for_rollout(checkout)
    checkout.kubectl(*namespace, "wait", "--for=delete", *old, "--timeout=60s")


def wait_for_rollout(checkout: Checkout) -> None:
    name = checkout.kubectl("-n", "models", "get", "deployment", "-l", INSTANCE, "-o", "name")
    checkout.kubectl("-n", "models", "rollout", "status", name.strip(), "--timeout=120s")


def test_a_model_with_an_empty_directory_never_becomes_ready_and_logs_why(
    changed: Checkout,
) -> None:
    (changed.models / "nothing").mkdir(exist_ok=True)
    with_model(changed, "nothing", "nothing")
    config = changed.config()
    config["config"]["slipway:models"]["nothing"]["startup_timeout"] = "30s"
    changed.write_config(config)
    done = changed.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", check=False)
    assert done.returncode != 0
    assert "nothing-server" in done.stdout + done.stderr, "up does not name the Deployment"
    selector = ("-n", "models", "-l", "app.kubernetes.io/instance=nothing")
    logs = changed.kubectl("logs", *selector, "--tail=5")
    assert "No versions of servable nothing found under base path" in logs
    assert changed.predict("half_plus_two", "1", "2", "5") == HALF_PLUS_TWO
