"""Errors of the program as the real engine prints them, before anything is created."""

from __future__ import annotations

import json
import re
import shlex
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.apiserver import ApiServer
from tests.engine.program.conftest import MODEL, Make, two_contexts
from tests.engine.program.counting_proxy import CountingProxy

_GOOD: dict[str, Any] = {
    "gateway": {"kind": "nginx", "controller": "traefik", "host": "models.example.com"},
    "volumes": {"models": {"size": "1Gi"}},
    "models": {"half_plus_two": MODEL},
}
_PVC = MODEL["source"]


def _model(**changes: Any) -> dict[str, Any]:
    return {**MODEL, **changes}


#: A stack file in which nearly every value has a mistake of its own.
_BAD: dict[str, Any] = {
    "gateway": {
        "kind": "nginx",
        "controller": "nginxx",
        "host": "a_b.example.com",
        "hosts": "x",
        "tls": {"kind": "acme"},
        "ssl_redirect": "no",
        "allow": ["10.0.0.0/99"],
    },
    "namespace": "kube-system",
    "images": {"mirror": "https://mirror.example.com/", "charts": "charts"},
    "limits": {"message_size": "3Gi", "deadline": 90, "idle": "2h", "streams": "many"},
    "volumes": {
        "models": {"size": 10},
        "My_Models": {"size": "1Gi"},
        "other": {"size": "1GB", "access_mode": "RWO"},
    },
    "secrets": {"token": "plain-text-of-a-secret"},
    "modles": {},
    "other:limits": {},
    "models": {
        "a_b": _model(replicas=0),
        "a-b": _model(image="tensorflow/serving:latest"),
        "v1": _model(),
        "half.plus": _model(),
        "nothing": {"runtime": "tfserving"},
        "who": {"runtime": "torchserve", "source": _PVC},
        "keys": _model(replica=1),
        "claim": _model(source={"kind": "pvc", "path": "x"}),
        "path": _model(source={**_PVC, "path": "../other"}),
        "kind": _model(source={"kind": "s4", "path": "x"}),
        "memory": _model(resources={"requests": {"memory": "2GB"}}),
        "cpu": _model(resources={"requests": {"cpu": "1 core"}}),
        "turned": _model(resources={"requests": {"cpu": 2}, "limits": {"cpu": "500m"}}),
        "least": _model(replicas={"min": 3, "max": 2}),
        "absent": _model(source={**_PVC, "claim": "Models"}),
    },
}
# The key, the value as the error quotes it (None: not at all), and words of what is expected.
_MODEL, _GATEWAY, _VOLUMES = "slipway:models", "slipway:gateway", "slipway:volumes"
_ANSWERS = [
    (f"{_GATEWAY}.controller", '"nginxx"', "ingress-nginx"),
    (f"{_GATEWAY}.host", '"a_b.example.com"', ""),
    (f"{_GATEWAY}.hosts", '"x"', "take `hosts` out"),
    (f"{_GATEWAY}.tls", "acme", "`self-signed`"),
    (f"{_GATEWAY}.ssl_redirect", '"no"', "write `false`"),
    (f"{_GATEWAY}.allow[0]", '"10.0.0.0/99"', "length of its prefix"),
    ("slipway:namespace", '"kube-system"', "write another, such as `models`"),
    ("slipway:images.mirror", '"https://mirror.example.com/"', "`mirror.example.com`"),
    ("slipway:images.charts", '"charts"', ""),
    ("slipway:limits.message_size", '"3Gi"', "write `2047Mi`"),
    ("slipway:limits.deadline", "90", "90s"),
    ("slipway:limits.idle", '"2h"', "write `1h`"),
    ("slipway:limits.streams", '"many"', "without quotes"),
    (f"{_VOLUMES}.models.size", "10", "`10Gi`"),
    (f"{_VOLUMES}.My_Models", '"My_Models"', "did you mean `my-models`"),
    (f"{_VOLUMES}.other.size", '"1GB"', "`1Gi`"),
    (f"{_VOLUMES}.other.access_mode", '"RWO"', "did you mean `ReadWriteOnce`?"),
    ("slipway:secrets.token", "in plain text", "pulumi config set --path --secret"),
    ("slipway:modles", "unknown", "take `modles` out"),
    ("other:limits", "under another project's name", "`slipway:limits`"),
    (f"{_MODEL}.a_b.replicas", "0", ""),
    (f"{_MODEL}.a_b", None, "both become a-b"),
    (f"{_MODEL}.a-b.image", '"tensorflow/serving:latest"', "name the version"),
    (f"{_MODEL}.v1", '"v1"', "`v1_model`"),
    (f"{_MODEL}.half.plus", '"half.plus"', "did you mean `half_plus`"),
    (f"{_MODEL}.nothing.source", None, "add the key `source`"),
    (f"{_MODEL}.who", "torchserve", "tfserving"),
    (f"{_MODEL}.keys.replica", "1", "did you mean `replicas`"),
    (f"{_MODEL}.claim.source.claim", None, "add the key `claim`"),
    (f"{_MODEL}.path.source.path", '"../other"', ""),
    (f"{_MODEL}.kind.source", "s4", "pvc"),
    (f"{_MODEL}.memory.resources.requests.memory", '"2GB"', "did you mean `2Gi`"),
    (f"{_MODEL}.cpu.resources.requests.cpu", '"1 core"', "did you mean `1`"),
    (f"{_MODEL}.turned.resources", None, "write `2` in `limits.cpu`"),
    (f"{_MODEL}.least.replicas.max", None, ""),
    (f"{_MODEL}.absent.source.claim", '"Models"', ""),
]


#: Users of a kubeconfig with a credential of each kind.
_USERS: list[dict[str, Any]] = [
    {"name": "bearer", "user": {"token": "swordfish-bearer"}},
    {"name": "password", "user": {"username": "admin", "password": "swordfish-password"}},
    {
        "name": "certificate",
        "user": {
            "client-certificate-data": "swordfish-certificate",
            "client-key-data": "swordfish-key",
        },
    },
    {
        "name": "exec",
        "user": {
            "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": "login",
                "env": [{"name": "LOGIN", "value": "swordfish-exec"}],
            }
        },
    },
]


def _cluster(cluster: ApiServer, proxy: CountingProxy, tmp_path: Path) -> dict[str, Any]:
    path = two_contexts(cluster, tmp_path / "kubeconfig", proxy.url)
    return {"cluster": {"kind": "existing", "kubeconfig": str(path), "context": "chosen"}}


def _entries(text: str) -> dict[str, str]:
    """The errors of each key. A key with two mistakes has both."""
    found: dict[str, str] = {}
    listing = text.partition("nothing was created.")[2].partition("\n\n")[0]
    for entry in re.split(r"\n\s*(?=(?:slipway|other):)", listing)[1:]:
        key = re.split(r"\s", entry)[0]
        found[key] = found.get(key, "") + entry
    return found


@pytest.mark.parametrize("command", ["preview", "up"])
def test_every_mistake_of_a_file_is_in_one_answer_and_the_cluster_is_not_touched(
    program: Make, cluster: ApiServer, proxy: CountingProxy, tmp_path: Path, command: str
) -> None:
    assert len(_ANSWERS) >= 30
    stack = program()
    stack.write({**_cluster(cluster, proxy, tmp_path), **_BAD})

    refused = stack.preview(check=False) if command == "preview" else stack.up(check=False)

    assert refused.code != 0
    answer = refused.diagnostics()
    assert answer.count(f"error: {len(_ANSWERS)} mistakes in Pulumi.test.yaml") == 1, answer
    assert answer.count("error:") == 1, answer
    assert "Traceback" not in refused.text
    assert "plain-text-of-a-secret" not in refused.text
    entries = _entries(answer)
    assert sorted(entries) == sorted({key for key, _, _ in _ANSWERS})
    for key, value, words in _ANSWERS:
        assert value is None or value in entries[key], entries[key]
        expectation = entries[key].partition("expected ")[2]
        assert words in expectation, entries[key]
        assert re.search("fix: .", expectation), entries[key]
    assert stack.resources() == []
    assert proxy.connections == 0


def test_the_command_in_the_error_about_a_plaintext_secret_fixes_it(
    program: Make, cluster: ApiServer, proxy: CountingProxy, tmp_path: Path
) -> None:
    stack = program()
    stack.write({**_cluster(cluster, proxy, tmp_path), **_GOOD, "secrets": {"token": "hunter2"}})
    refused = stack.up(check=False)
    assert refused.code != 0
    assert "hunter2" not in refused.text
    assert stack.resources() == []
    assert proxy.connections == 0

    (command,) = re.findall(r"`pulumi (config set [^`]*--secret[^`]*)`", refused.diagnostics())
    stack.pulumi(*shlex.split(command), "hunter2")
    assert "hunter2" not in stack.stack_file.read_text()
    stack.preview()
    assert proxy.connections > 0  # a preview that is not refused connects


@pytest.mark.parametrize("form", ["text", "JSON", "map"])
def test_a_kubeconfig_in_place_of_its_path_is_refused_without_its_credentials(
    program: Make, cluster: ApiServer, proxy: CountingProxy, tmp_path: Path, form: str
) -> None:
    path = two_contexts(cluster, tmp_path / "kubeconfig", proxy.url)
    document = json.loads(path.read_text())
    document["users"] += _USERS
    document["clusters"].append(
        {"name": "basic", "cluster": {"server": "https://admin:swordfish-basic@127.0.0.1:1"}}
    )
    content = {"text": yaml.safe_dump, "JSON": json.dumps, "map": dict}[form](document)
    stack = program()
    options = {"kind": "existing", "kubeconfig": content, "context": "chosen"}
    stack.write({**_GOOD, "cluster": options})

    (token,) = (each["user"]["token"] for each in document["users"] if each["name"] == "test")
    hidden = {token, *re.findall(r"swordfish-[a-z]+", json.dumps(document))}
    assert len(hidden) >= 6
    for refused in (stack.preview(check=False), stack.up(check=False)):
        assert refused.code != 0
        assert "error: 1 mistake in Pulumi.test.yaml" in refused.text
        assert "slipway:cluster.kubeconfig is " in refused.text
        assert "this is a kubeconfig's content" in refused.text
        assert "Traceback" not in refused.text
        assert [each for each in hidden if each in refused.text] == []
    assert stack.resources() == []
    assert proxy.connections == 0

    # The fix names a command, and what to write.
    (command,) = re.findall(r"`pulumi (config set [^`]*) < FILE`", refused.diagnostics())
    with path.open() as file:
        subprocess.run(
            stack.command(*shlex.split(command)),
            cwd=stack.directory,
            env=stack.environment,
            stdin=file,
            check=True,
            timeout=stack.timeout,
        )
    (written,) = re.findall(r"`(kubeconfig: \{secret: [^`]*)`", refused.diagnostics())
    secrets = yaml.safe_load(stack.stack_file.read_text())["config"]["slipway:secrets"]
    stack.write({**_GOOD, "cluster": {**options, **yaml.safe_load(written)}, "secrets": secrets})
    allowed = stack.preview()
    assert proxy.connections > 0
    assert [each for each in hidden if each in allowed.text] == []


def test_an_unreachable_cluster_is_one_error_before_anything_is_created(
    program: Make, cluster: ApiServer, tmp_path: Path
) -> None:
    with socket.socket() as silent:  # bound, so that nobody else uses the port, but not listening
        silent.bind(("127.0.0.1", 0))
        server = f"https://127.0.0.1:{silent.getsockname()[1]}"
        path = two_contexts(cluster, tmp_path / "kubeconfig", server)
        stack = program()
        stack.write(
            {"cluster": {"kind": "existing", "kubeconfig": str(path), "context": "chosen"}, **_GOOD}
        )
        refused = stack.up(check=False)
        assert refused.code != 0
        message = f"unreachable: {server} of context `chosen`: Connection refused"
        assert refused.diagnostics().count("unreachable") == 1
        assert message in refused.diagnostics()
        assert "Traceback" not in refused.text
        assert stack.resources() == []

        preview = stack.preview()
        assert server in preview.text
        assert "to create" in preview.text
        assert stack.resources() == []


def test_the_dev_stack_s_error_names_make_up_if_no_cluster_runs(program: Make) -> None:
    stack = program(stack="dev")
    refused = stack.preview(check=False)
    assert refused.code != 0
    assert "run `make up`" in refused.text
    assert "Traceback" not in refused.text
    assert stack.resources() == []
