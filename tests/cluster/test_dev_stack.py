"""From `make up` to a prediction, and everything a person does with the stack afterwards."""

from __future__ import annotations

import base64
import json
import re
import shutil

import pytest

from local.images.recipes import BUSYBOX
from tests.cluster.asked import HALF_PLUS_TWO, asked_all_the_time
from tests.cluster.checkout import Checkout

HALF_PLUS_THREE = [3.5, 4.0, 5.5]
INSTANCE = "app.kubernetes.io/instance=half-plus-two"


def test_make_up_ends_by_printing_what_the_model_answered(dev: Checkout) -> None:
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
    shown = json.loads(dev.pulumi("stack", "output", "--json", "--stack", "dev").stdout)
    assert shown["kubeconfig"] == "[secret]"
    revealed = ("stack", "output", "kubeconfig", "--show-secrets", "--stack", "dev")
    path = dev.root / "revealed"
    path.write_text(dev.pulumi(*revealed).stdout)
    try:
        assert "Ready" in dev.kubectl("--kubeconfig", str(path), "get", "nodes")
    finally:
        path.unlink()


def written(word: str) -> list[str]:
    """`word` as text, and as it shows in base64 of a text that it stands in: there are three ways,
    by where its first byte falls in a group of three. The characters at the ends, which hold bits
    of what stands beside it, are left out."""
    found = [word]
    for skipped in range(3):
        encoded = base64.b64encode(b"\0" * skipped + word.encode()).decode()
        whole = (skipped + len(word)) * 8 // 6  # characters without a bit of what follows
        found.append(encoded[-(-skipped * 8 // 6) : whole])
    return found


@pytest.mark.parametrize("before", ["", "-", "--"])
def test_a_word_is_found_in_base64_wherever_it_stands(before: str) -> None:
    text = base64.b64encode(f"{before}-----BEGIN EC PRIVATE KEY-----\nMHcC".encode()).decode()
    assert any(form in text for form in written("PRIVATE KEY"))


def test_no_private_key_is_readable_in_the_state(dev: Checkout) -> None:
    export = ("stack", "export", "--stack", "dev")
    state = dev.pulumi(*export).stdout
    assert "half_plus_two" in state
    forms = [form for word in ("PRIVATE KEY", "client-key-data") for form in written(word)]
    assert [form for form in forms if form in state] == []
    revealed = dev.pulumi(*export, "--show-secrets").stdout
    assert any(form in revealed for form in written("PRIVATE KEY")[1:]), "a Secret holds the key"


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
    homes = set(dev.kubectl("get", "pods", "-A", "-o", of_pods).split())
    assert homes - {"namespace/kube-system"} == set(labelled), "each has a pod, and no other has"
    for namespace in labelled:
        assert violations(dev, namespace) == ""


def test_a_pod_below_the_restricted_standard_is_told_of(dev: Checkout) -> None:
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
    """What the API server says of the pods in `namespace`, were they held to the standard now. It
    looks at them when the label changes, hence the version, which nobody else sets."""
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


def test_a_model_comes_and_goes_without_the_other_dropping_a_call(changed: Checkout) -> None:
    before = objects(changed)
    with asked_all_the_time(changed, "half_plus_two") as asked:
        with_model(changed, "half_plus_three", "half_plus_three")
        changed.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
        answer = changed.first_answer("half_plus_three", "1", "2", "5", stack="dev")
        assert answer == HALF_PLUS_THREE
        assert before < objects(changed)
        changed.restore_config()
        changed.pulumi("up", "--yes", "--skip-preview", "--stack", "dev")
    assert objects(changed) == before
    print(asked)
    for way in ("grpc", "rest"):
        assert asked[way]["failed"] == 0, asked[way]["first"]
        assert asked[way]["calls"] > 300, way


def test_an_image_that_the_node_does_not_have_is_told_before_anything_is_made(
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
    with asked_all_the_time(dev, "half_plus_two") as asked:
        dev.kubectl(*scale, "--replicas=0")
        dev.kubectl("wait", "pods", "-n", "models", "-l", INSTANCE, "--for=delete", "--timeout=60s")
        dev.kubectl(*scale, "--replicas=1")
        rolled_out(dev)
    assert asked["grpc"]["failed"] > 0
    assert asked["rest"]["failed"] > 0


def test_the_file_decides_the_answer(dev: Checkout) -> None:
    image = "jsonpath={.items[0].spec.containers[0].image}"
    selector = ("-n", "models", "-l", INSTANCE)
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
    """The old pods are gone afterwards: until then they may be asked, too."""
    place = ("-n", "models")
    old = checkout.kubectl(*place, "get", "pods", "-l", INSTANCE, "-o", "name").split()
    checkout.kubectl(*place, "rollout", "restart", "deployment", "-l", INSTANCE)
    rolled_out(checkout)
    checkout.kubectl(*place, "wait", "--for=delete", *old, "--timeout=60s")


def rolled_out(checkout: Checkout) -> None:
    name = checkout.kubectl("-n", "models", "get", "deployment", "-l", INSTANCE, "-o", "name")
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
