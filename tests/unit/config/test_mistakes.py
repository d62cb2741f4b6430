"""Every mistake in a stack file is answered with its key, its value and its fix."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import run
from tests.unit.components.environment import closed_port, kubeconfig, model, stack_file
from tests.unit.config.mistaken import Case, assert_answered, refused

GATEWAY = stack_file()["gateway"]
CLUSTER = {"kind": "existing"}


def gateway(**changes: Any) -> dict[str, Any]:
    return {"gateway": {**GATEWAY, **changes}}


MISTAKES: dict[str, Case] = {
    "unknown top-level key": (
        {"model": {}, "models": None},
        "slipway:model",
        "unknown",
        "did you mean `models`",
    ),
    "unknown key far from any": ({"zzz": 1}, "slipway:zzz", "unknown", "take `zzz` out"),
    "unknown key of the gateway": (
        {"gateway": {"kind": "nginx", "hosts": "a.b"}},
        "slipway:gateway.hosts",
        '"a.b"',
        "did you mean `host`",
    ),
    "unknown key of the cluster": (
        {"cluster": {"kind": "local", "contxt": "x"}},
        "slipway:cluster.contxt",
        "unknown",
        "take `contxt` out",
    ),
    "text for a map": (
        {"limits": "fast"},
        "slipway:limits",
        '"fast"',
        "write `{}` for the defaults, or a map of these keys",
    ),
    "text for a number": (
        {"limits": {"streams": "many"}},
        "slipway:limits.streams",
        '"many"',
        "without quotes",
    ),
    "text for true or false": (
        gateway(ssl_redirect="no"),
        "slipway:gateway.ssl_redirect",
        '"no"',
        "write `false`",
    ),
    "charts with a last slash": (
        {"images": {"charts": "https://charts.example.com/"}},
        "slipway:images.charts",
        '"https://charts.example.com/"',
        "did you mean `https://charts.example.com`?",
    ),
    "charts without a scheme": (
        {"images": {"charts": "charts.example.com"}},
        "slipway:images.charts",
        '"charts.example.com"',
        "`https://charts.example.com`",
    ),
    "Traefik of another stack": (
        gateway(
            controller={"kind": "present", "namespace": "slipway-gateway", "service": "gateway"}
        ),
        "slipway:gateway.controller",
        None,
        "a controller for the whole cluster",
    ),
    "unknown cluster": (
        {"cluster": {"kind": "locale"}},
        "slipway:cluster",
        "locale",
        "did you mean `kind: local`?",
    ),
    "no cluster": ({"cluster": None}, "slipway:cluster", None, "add the key `cluster`"),
    "unknown gateway": (
        {"gateway": {"kind": "ngnix"}},
        "slipway:gateway",
        "ngnix",
        "did you mean `kind: nginx`?",
    ),
    "unknown controller": (
        gateway(controller="treafik"),
        "slipway:gateway.controller",
        "treafik",
        "did you mean `kind: traefik`?",
    ),
    "controller present without its Service": (
        gateway(controller="present"),
        "slipway:gateway.controller.service",
        None,
        "add the key `service`",
    ),
    "host with a scheme": (
        gateway(host="https://models.example.com/x"),
        "slipway:gateway.host",
        '"https://models.example.com/x"',
        "`models.example.com`",
    ),
    "host with a port": (
        gateway(host="models.example.com:443"),
        "slipway:gateway.host",
        '"models.example.com:443"',
        "`models.example.com`",
    ),
    "host that is an address": (
        gateway(host="203.0.113.7"),
        "slipway:gateway.host",
        '"203.0.113.7"',
        "leave it out: rules then carry no host and the certificate",
    ),
    "host with an underscore": (
        gateway(host="my_models.example.com"),
        "slipway:gateway.host",
        '"my_models.example.com"',
        "did you mean `my-models.example.com`?",
    ),
    "host with capitals": (
        gateway(host="A.b"),
        "slipway:gateway.host",
        '"A.b"',
        "did you mean `a.b`?",
    ),
    "range without prefix length": (
        gateway(allow=["10.0.0.1"]),
        "slipway:gateway.allow[0]",
        '"10.0.0.1"',
        "did you mean `10.0.0.1/32`",
    ),
    "range that is none": (
        gateway(allow=["10.0.0.0/99"]),
        "slipway:gateway.allow[0]",
        '"10.0.0.0/99"',
        "write a network's address, a slash and the length of its",
    ),
    "unknown certificate kind": (
        gateway(tls={"kind": "acme"}),
        "slipway:gateway.tls",
        "acme",
        "choose one of these",
    ),
    "certificate of two kinds": (
        gateway(tls={"kind": "self-signed", "name": "mine"}),
        "slipway:gateway.tls.name",
        "unknown",
        "take `name` out",
    ),
    "certificate without a host": (
        {"gateway": {"kind": "nginx", "tls": {"kind": "secret", "name": "mine"}}},
        "slipway:gateway",
        None,
        "write the name that the certificate has as host",
    ),
    "authority that is no PEM": (
        gateway(tls={"kind": "secret", "name": "mine", "ca_certificate": "ca.pem"}),
        "slipway:gateway.tls.ca_certificate",
        '"ca.pem"',
        "paste it from the line BEGIN CERTIFICATE on",
    ),
    "certificate for no day": (
        gateway(tls={"kind": "self-signed", "days": 0}),
        "slipway:gateway.tls.days",
        "0",
        "write `1`",
    ),
    "messages too large": (
        {"limits": {"message_size": "3Gi"}},
        "slipway:limits.message_size",
        '"3Gi"',
        "write `2047Mi`",
    ),
    "deadline too long": (
        {"limits": {"deadline": "2h"}},
        "slipway:limits.deadline",
        '"2h"',
        "write `1h`",
    ),
    "deadline without unit": ({"limits": {"deadline": 90}}, "slipway:limits.deadline", "90", "90s"),
    "too many streams": (
        {"limits": {"streams": 100_000}},
        "slipway:limits.streams",
        "100000",
        "write `1000`",
    ),
    "mirror with a scheme": (
        {"images": {"mirror": "https://mirror.example.com/"}},
        "slipway:images.mirror",
        '"https://mirror.example.com/"',
        "`mirror.example.com`",
    ),
    "mirror with a scheme and no more": (
        {"images": {"mirror": "https://mirror.example.com"}},
        "slipway:images.mirror",
        '"https://mirror.example.com"',
        "did you mean `mirror.example.com`?",
    ),
    "namespace of the system": (
        {"namespace": "kube-system"},
        "slipway:namespace",
        '"kube-system"',
        "such as `models`",
    ),
    "namespace not a Kubernetes name": (
        {"namespace": "My Models"},
        "slipway:namespace",
        '"My Models"',
        "did you mean `my-models`",
    ),
    "secret in plain text": (
        {"secrets": {"token": "s3cr3t"}},
        "slipway:secrets.token",
        "in plain text",
        "pulumi config set --path --secret 'secrets.token'",
    ),
    "private key in another place": (
        gateway(host="-----BEGIN PRIVATE KEY-----"),
        "slipway:gateway.host",
        "a private key in plain text",
        "take it out and change it, since it has been in a file; keys",
    ),
    "unknown secret": (
        {"cluster": {"kind": "existing", "kubeconfig": {"secret": "prod"}}},
        "slipway:cluster.kubeconfig.secret",
        "(hidden)",  # it may be the secret itself
        "pulumi config set --path --secret 'secrets.NAME'",
    ),
    "kubeconfig that is not there": (
        {"cluster": {"kind": "existing", "kubeconfig": "/no/such/file"}},
        "slipway:cluster",
        None,
        "write a kubeconfig and a context by which kubectl reaches the",
    ),
    "context that is not there": (
        {"cluster": {"kind": "existing", "context": "prod"}},
        "slipway:cluster",
        "it has `slipway-test`",
        "write a kubeconfig and a context by which kubectl reaches the",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_answered_with_key_value_and_fix(name: str) -> None:
    assert_answered(MISTAKES[name])


def test_there_are_mistakes_enough_to_be_sure() -> None:
    assert len(MISTAKES) >= 30


def test_all_mistakes_of_a_file_come_in_one_answer() -> None:
    text = refused(
        {
            "cluster": {"kind": "locale"},
            "gateway": {"kind": "nginx", "host": "a_b.c", "tls": {"kind": "acme"}},
            "models": {
                "a_b": model(replicas=0),
                "a-b": model(image="x"),
                "v1": model(source={"kind": "pvc"}),
            },
            "volumes": {"m": {"size": 10}},
            "secrets": {"token": "s"},
            "modles": {},
            "other:limits": {},
        }
    )
    expected = [
        "slipway:cluster",
        "slipway:gateway.host",
        "slipway:gateway.tls",
        "slipway:models.a_b.replicas",
        "slipway:models.a-b\n",
        "slipway:models.a-b.image",
        "slipway:models.v1",
        "slipway:models.v1.source.claim",
        "slipway:models.v1.source.path",
        "slipway:volumes.m.size",
        "slipway:secrets.token",
        "slipway:modles",
        "other:limits",
    ]
    assert [path for path in expected if f"\n  {path}" not in text] == []
    assert text.startswith(f"{len(expected)} mistakes in Pulumi.dev.yaml; nothing was created.")


def test_a_secret_is_never_repeated_in_the_answer() -> None:
    plain = stack_file(secrets={"token": "hunter2"}, **gateway(host="x://u:hunter2@h"))
    assert "hunter2" not in refused(plain)
    encrypted = stack_file(secrets={"many": ["hunter2"]})
    text = refused(encrypted, secret_keys=("secrets",))
    assert "slipway:secrets.many is (hidden)" in text
    assert "hunter2" not in text


def test_a_whole_map_made_secret_is_refused() -> None:
    text = refused(stack_file(), secret_keys=("models",))
    assert "slipway:models is secret" in text
    assert "slipway:secrets" in text


def test_one_plain_secret_beside_an_encrypted_one_is_found_in_the_stack_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(
        "config:\n  slipway:secrets:\n    good: {secure: v1:abc}\n    bad: hello\n"
    )
    monkeypatch.chdir(tmp_path)
    config = stack_file(secrets={"good": "x", "bad": "hello"})
    text = refused(config, secret_keys=("secrets",))
    assert "slipway:secrets.bad is in plain text" in text
    assert "slipway:secrets.good" not in text


def test_local_without_kubeconfig_says_make_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG")
    assert "`make up`" in refused(stack_file())


def test_local_with_a_stopped_cluster_says_make_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "gone"))
    assert "is not there" in refused(stack_file())
    assert "run `make up`" in refused(stack_file())


def test_local_refuses_a_cluster_that_make_up_did_not_start(cluster: Path) -> None:
    kubeconfig(cluster, "https://127.0.0.1:1", context="production")
    text = refused(stack_file())
    assert "`production`" in text
    assert "`kind: existing`" in text


def test_an_unreachable_cluster_refuses_up_before_any_resource(cluster: Path) -> None:
    kubeconfig(cluster, f"https://127.0.0.1:{closed_port()}")
    text = refused(stack_file())
    assert "unreachable: https://127.0.0.1:" in text
    assert "Connection refused" in text


def test_an_unreachable_cluster_is_a_warning_at_preview(cluster: Path) -> None:
    kubeconfig(cluster, f"https://127.0.0.1:{closed_port()}")
    recording = run(lambda: deploy(load()), stack_file(), preview=True)
    assert any("unreachable" in line for line in recording.warnings)
    assert recording.of("Deployment")


def test_a_cluster_behind_a_proxy_is_not_probed(cluster: Path) -> None:
    kubeconfig(cluster, f"https://127.0.0.1:{closed_port()}")
    document = json.loads(cluster.read_text())
    document["clusters"][0]["cluster"]["proxy-url"] = "http://proxy.example.com"
    cluster.write_text(json.dumps(document))
    assert run(lambda: deploy(load()), stack_file()).of("Deployment")
