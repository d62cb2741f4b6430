"""Every mistake in a stack file is answered with its key, its value and its fix."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import closed_port, kubeconfig, model, stack_file

GATEWAY = stack_file()["gateway"]
CLUSTER = {"kind": "existing"}


def gateway(**changes: Any) -> dict[str, Any]:
    return {"gateway": {**GATEWAY, **changes}}


def one(name: str = "half_plus_two", **changes: Any) -> dict[str, Any]:
    return {"models": {name: model(**changes)}}


def pvc(**changes: Any) -> dict[str, Any]:
    return one(source={"kind": "pvc", "claim": "models", "path": "half_plus_two", **changes})


def refused(config: dict[str, Any], **settings: Any) -> str:
    """What the program says to `config`; it registers nothing."""
    registered: list[Recording] = []
    with pytest.raises(pulumi.RunError) as error:
        registered.append(run(lambda: deploy(load()), config, **settings))
    assert not registered
    return str(error.value)


# What is changed in a good stack file, the key, the value as it is told, and words of the fix.
MISTAKES: dict[str, tuple[dict[str, Any], str, str | None, str]] = {
    "unknown top-level key": ({"model": {}}, "slipway:model", "unknown", "did you mean `models`"),
    "unknown key far from any": ({"zzz": 1}, "slipway:zzz", "unknown", "take `zzz` out"),
    "unknown key of a model": (
        one(replica=1),
        "slipway:models.half_plus_two.replica",
        "1",
        "did you mean `replicas`",
    ),
    "unknown key of a source": (
        pvc(clam="x"),
        "slipway:models.half_plus_two.source.clam",
        '"x"',
        "did you mean `claim`",
    ),
    "unknown key of the gateway": (
        gateway(hosts="a.b"),
        "slipway:gateway.hosts",
        '"a.b"',
        "did you mean `host`",
    ),
    "unknown key of the cluster": (
        {"cluster": {"kind": "local", "contxt": "x"}},
        "slipway:cluster.contxt",
        '"x"',
        "take `contxt` out",
    ),
    "key of another project": (
        {"other:models": {}},
        "other:models",
        "under another project's name",
        "`slipway:models`",
    ),
    "a list for a map": ({"models": [1]}, "slipway:models", "[1]", "`key: value`"),
    "text for a map": ({"limits": "fast"}, "slipway:limits", '"fast"', "`key: value`"),
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
        "`true` or `false`",
    ),
    "a number for text": (
        one(source={"kind": "pvc", "claim": "models", "path": 7}),
        "slipway:models.half_plus_two.source.path",
        "7",
        "text",
    ),
    "memory in GB": (
        one(resources={"requests": {"memory": "2GB"}}),
        "slipway:models.half_plus_two.resources.requests.memory",
        '"2GB"',
        "did you mean `2Gi`",
    ),
    "memory without unit": (
        one(resources={"limits": {"memory": 512}}),
        "slipway:models.half_plus_two.resources.limits.memory",
        "512",
        "`512Mi`",
    ),
    "cpu with a word": (
        one(resources={"requests": {"cpu": "1 core"}}),
        "slipway:models.half_plus_two.resources.requests.cpu",
        '"1 core"',
        "did you mean `1`",
    ),
    "no cpu at all": (
        one(resources={"limits": {"cpu": "0"}}),
        "slipway:models.half_plus_two.resources.limits.cpu",
        '"0"',
        "more than none",
    ),
    "limit below request": (
        one(resources={"requests": {"cpu": 2}, "limits": {"cpu": "500m"}}),
        "slipway:models.half_plus_two.resources",
        None,
        "raise `limits.cpu`",
    ),
    "volume size without unit": (
        {"volumes": {"models": {"size": 10}}},
        "slipway:volumes.models.size",
        "10",
        "`10Gi`",
    ),
    "unknown access mode": (
        {"volumes": {"models": {"size": "1Gi", "access_mode": "RWO"}}},
        "slipway:volumes.models.access_mode",
        '"RWO"',
        "as Kubernetes spells it",
    ),
    "volume name not a Kubernetes name": (
        {"volumes": {"My_Models": {"size": "1Gi"}}},
        "slipway:volumes.My_Models",
        '"My_Models"',
        "did you mean `my-models`",
    ),
    "a claim for one pod": (
        {
            "volumes": {"models": {"size": "1Gi", "access_mode": "ReadWriteOncePod"}},
            **one(replicas={"min": 3, "max": 3}),
        },
        "slipway:volumes.models.access_mode",
        '"ReadWriteOncePod"',
        "`ReadWriteOnce`",
    ),
    "startup timeout in milliseconds": (
        one(startup_timeout="5ms"),
        "slipway:models.half_plus_two.startup_timeout",
        '"5ms"',
        "whole seconds",
    ),
    "startup timeout too long": (
        one(startup_timeout="999999h"),
        "slipway:models.half_plus_two.startup_timeout",
        '"999999h"',
        "at most `24h`",
    ),
    "memory below one of its unit": (
        one(resources={"requests": {"memory": "0.5Gi"}}),
        "slipway:models.half_plus_two.resources.requests.memory",
        '"0.5Gi"',
        "did you mean `512Mi`",
    ),
    "no memory at all": (
        one(resources={"limits": {"memory": "0Gi"}}),
        "slipway:models.half_plus_two.resources.limits.memory",
        '"0Gi"',
        "more than none",
    ),
    "charts with a last slash": (
        {"images": {"charts": "https://charts.example.com/"}},
        "slipway:images.charts",
        '"https://charts.example.com/"',
        "without the last slash: `https://charts.example.com`",
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
    "names that clash as Kubernetes names": (
        {"models": {"a_b": model(), "a-b": model()}},
        "slipway:models.a-b",
        None,
        "both become `a-b`",
    ),
    "names that clash as routes": (
        {"models": {"Half": model(), "half": model()}},
        "slipway:models.half",
        None,
        "rename one",
    ),
    "model name too long": (one("m" * 41), f"slipway:models.{'m' * 41}", None, "shorten it by 1"),
    "model name with a dot": (
        one("half.plus"),
        "slipway:models.half.plus",
        '"half.plus"',
        "did you mean `half_plus`",
    ),
    "model name with a digit first": (
        one("2half"),
        "slipway:models.2half",
        '"2half"',
        "did you mean `half`",
    ),
    "model name that is a path": (one("v1"), "slipway:models.v1", '"v1"', "`v1_model`"),
    "no source": (
        {"models": {"half_plus_two": {"runtime": "tfserving"}}},
        "slipway:models.half_plus_two.source",
        None,
        "add the key `source`",
    ),
    "no claim": (
        one(source={"kind": "pvc", "path": "x"}),
        "slipway:models.half_plus_two.source.claim",
        None,
        "add the key `claim`",
    ),
    "no path": (
        one(source={"kind": "pvc", "claim": "models"}),
        "slipway:models.half_plus_two.source.path",
        None,
        "add the key `path`",
    ),
    "path out of the volume": (
        pvc(path="../other"),
        "slipway:models.half_plus_two.source.path",
        '"../other"',
        "without `..`",
    ),
    "absolute path": (
        pvc(path="/models/x"),
        "slipway:models.half_plus_two.source.path",
        '"/models/x"',
        "`models/x`",
    ),
    "claim not a Kubernetes name": (
        pvc(claim="My Claim"),
        "slipway:models.half_plus_two.source.claim",
        '"My Claim"',
        "did you mean `my-claim`",
    ),
    "unknown runtime": (
        one(runtime="tfservin"),
        "slipway:models.half_plus_two",
        "tfservin",
        "did you mean `tfserving`",
    ),
    "no runtime": (
        {"models": {"half_plus_two": {"source": model()["source"]}}},
        "slipway:models.half_plus_two",
        None,
        "add `runtime: …`",
    ),
    "unknown source": (
        one(source={"kind": "pcv"}),
        "slipway:models.half_plus_two.source",
        "pcv",
        "did you mean `pvc`",
    ),
    "unknown cluster": ({"cluster": {"kind": "locale"}}, "slipway:cluster", "locale", "`local`"),
    "no cluster": ({"cluster": None}, "slipway:cluster", None, "add the key `cluster`"),
    "unknown gateway": ({"gateway": {"kind": "ngnix"}}, "slipway:gateway", "ngnix", "`nginx`"),
    "unknown controller": (
        gateway(controller="treafik"),
        "slipway:gateway.controller",
        "treafik",
        "did you mean `traefik`",
    ),
    "controller present without its Service": (
        gateway(controller="present"),
        "slipway:gateway.controller.service",
        None,
        "add the key `service`",
    ),
    "no replicas": (
        one(replicas=0),
        "slipway:models.half_plus_two.replicas",
        "0",
        "take it out of `slipway:models`",
    ),
    "negative replicas": (
        one(replicas=-1),
        "slipway:models.half_plus_two.replicas",
        "-1",
        "take it out",
    ),
    "replicas in quotes": (
        one(replicas="2"),
        "slipway:models.half_plus_two.replicas",
        '"2"',
        "without quotes",
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
        "leave `host` out",
    ),
    "host with an underscore": (
        gateway(host="my_models.example.com"),
        "slipway:gateway.host",
        '"my_models.example.com"',
        "no wildcard",
    ),
    "host with capitals": (gateway(host="A.b"), "slipway:gateway.host", '"A.b"', "lower-case"),
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
        "prefix length",
    ),
    "unknown certificate kind": (
        gateway(tls={"kind": "acme"}),
        "slipway:gateway.tls",
        "acme",
        "`kind: self-signed`",
    ),
    "certificate of two kinds": (
        gateway(tls={"kind": "self-signed", "name": "mine"}),
        "slipway:gateway.tls",
        "mine",
        "`name` belongs to another kind",
    ),
    "certificate without a host": (
        {"gateway": {"kind": "nginx", "tls": {"kind": "secret", "name": "mine"}}},
        "slipway:gateway",
        None,
        "write the name in that certificate as `host`",
    ),
    "authority that is no PEM": (
        gateway(tls={"kind": "secret", "name": "mine", "ca_certificate": "ca.pem"}),
        "slipway:gateway.tls.ca_certificate",
        '"ca.pem"',
        "-----BEGIN CERTIFICATE-----",
    ),
    "certificate for no day": (
        gateway(tls={"kind": "self-signed", "days": 0}),
        "slipway:gateway.tls.days",
        "0",
        "write 1",
    ),
    "messages too large": (
        {"limits": {"message_size": "3Gi"}},
        "slipway:limits.message_size",
        '"3Gi"',
        "2 GiB",
    ),
    "deadline too long": (
        {"limits": {"deadline": "2h"}},
        "slipway:limits.deadline",
        '"2h"',
        "whole seconds",
    ),
    "deadline without unit": ({"limits": {"deadline": 90}}, "slipway:limits.deadline", "90", "90s"),
    "too many streams": (
        {"limits": {"streams": 100_000}},
        "slipway:limits.streams",
        "100000",
        "write 10000",
    ),
    "image without tag": (
        one(image="tensorflow/serving"),
        "slipway:models.half_plus_two.image",
        '"tensorflow/serving"',
        "`tensorflow/serving:<version>`",
    ),
    "image of latest": (
        one(image="tensorflow/serving:latest"),
        "slipway:models.half_plus_two.image",
        '"tensorflow/serving:latest"',
        "name the version",
    ),
    "image of a registry with a port and no tag": (
        one(image="registry.example.com:5000/serving"),
        "slipway:models.half_plus_two.image",
        '"registry.example.com:5000/serving"',
        "add the tag",
    ),
    "mirror with a scheme": (
        {"images": {"mirror": "https://mirror.example.com/"}},
        "slipway:images.mirror",
        '"https://mirror.example.com/"',
        "`mirror.example.com`",
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
        "pulumi config set --path --secret",
    ),
    "cloud key in another place": (
        pvc(path="AKIAABCDEFGHIJKLMNOP"),
        "slipway:models.half_plus_two.source.path",
        "an AWS access key in plain text",
        "{secret: name}",
    ),
    "unknown secret": (
        {"cluster": {"kind": "existing", "kubeconfig": {"secret": "prod"}}},
        "slipway:cluster.kubeconfig.secret",
        '"prod"',
        "pulumi config set --path --secret 'secrets.prod'",
    ),
    "kubeconfig that is not there": (
        {"cluster": {"kind": "existing", "kubeconfig": "/no/such/file"}},
        "slipway:cluster",
        None,
        "make `kubectl get nodes` work",
    ),
    "context that is not there": (
        {"cluster": {"kind": "existing", "context": "prod"}},
        "slipway:cluster",
        "it has `slipway-test`",
        "set `kubeconfig` and `context`",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_answered_with_key_value_and_fix(name: str) -> None:
    changes, path, value, fix = MISTAKES[name]
    text = refused(stack_file(**changes))
    entries = re.split(r"\n  (?=\S)", text)[1:]
    entry = next((each for each in entries if re.split(r"[ \n]", each)[0] == path), None)
    assert entry is not None, text
    assert value is None or value in entry
    assert "expected " in entry
    assert fix in entry.partition("fix: ")[2]


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
