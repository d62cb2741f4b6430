import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from client.cli import main
from tests.unit.client.fake_serving import FakeServing, GrpcGateway
from tests.unit.client.test_cli_process import ROOT

# Answers `get services` and `get service` from files. Its port-forward names a port of the fake server.
KUBECTL = """\
#!{python}
import os, pathlib, sys, time
here = pathlib.Path({here!r})
with open(here / "calls", "a") as calls:
    print(*sys.argv[1:], file=calls)
if "get" in sys.argv:
    print((here / (sys.argv[sys.argv.index("get") + 1] + ".json")).read_text())
elif (here / "refuse").exists():
    sys.exit((here / "refuse").read_text())
else:
    (here / "pid").write_text(str(os.getpid()))
    print("Forwarding from 127.0.0.1:{port} -> 8500", flush=True)
    time.sleep(60)
"""


def service(name: str, *, namespace: str = "models", port: str = "grpc") -> dict[str, Any]:
    labels = {"slipway.dev/protocol": "tensorflow-serving", "model.slipway.dev/half_plus_two": ""}
    return {
        "metadata": {"namespace": namespace, "name": name, "labels": labels},
        "spec": {"clusterIP": "10.0.0.1", "ports": [{"name": port, "port": 8500}]},
    }


@pytest.fixture
def cluster(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    start: Callable[..., GrpcGateway],
) -> Path:
    """A directory from which the fake kubectl on PATH reads its answers."""
    gateway = start(None, "")
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(KUBECTL.format(python=sys.executable, here=str(tmp_path), port=gateway.port))
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    answer(tmp_path, service("half-plus-two"))
    return tmp_path


def answer(cluster: Path, *services: dict[str, Any]) -> None:
    (cluster / "services.json").write_text(json.dumps({"items": services}))
    (cluster / "service.json").write_text(json.dumps(services[0]))


def gone(pid: int) -> bool:
    """Whether the process ends within five seconds."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except FileNotFoundError:
            return True
        if stat.rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.05)
    return False


def test_check_finds_the_service_by_the_models_label_and_asks_for_zeros(
    cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "half_plus_two"]) == 0
    stdout = capsys.readouterr().out
    assert "service   models/half-plus-two:8500" in stdout
    assert "ready     tensorflow-serving over grpc, version 1" in stdout
    assert "y = [2.0] in" in stdout
    calls = (cluster / "calls").read_text()
    assert "get services -A -l model.slipway.dev/half_plus_two -o json" in calls
    assert gone(int((cluster / "pid").read_text()))


def test_check_finds_a_model_of_a_shared_server(
    cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = service("numbers-1a2b3c")
    shared["metadata"]["labels"]["app.kubernetes.io/instance"] = "numbers"
    shared["metadata"]["labels"]["model.slipway.dev/another"] = ""
    answer(cluster, shared)
    assert main(["check", "half_plus_two"]) == 0
    assert "service   models/numbers-1a2b3c:8500" in capsys.readouterr().out


def test_check_takes_a_service_by_name(cluster: Path) -> None:
    assert main(["check", "half_plus_two", "--service", "elsewhere/mine:9000"]) == 0
    calls = (cluster / "calls").read_text()
    assert "-n elsewhere port-forward service/mine :9000 --address 127.0.0.1" in calls
    assert "get service mine -n elsewhere -o json" in calls
    assert "get services" not in calls


def test_a_service_that_is_no_service_is_wrong_use(cluster: Path) -> None:
    assert main(["check", "half_plus_two", "--service", "mine"]) == 2


def test_a_cluster_without_the_model_is_reported_with_the_label(
    cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(cluster, service("half-plus-two", port="metrics"))
    assert main(["check", "half_plus_two"]) == 1
    stderr = capsys.readouterr().err
    assert (
        "label model.slipway.dev/half_plus_two and a port named grpc (1 with the label)" in stderr
    )


def test_the_same_model_in_two_namespaces_has_to_be_chosen(
    cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(cluster, service("one", namespace="blue"), service("two", namespace="green"))
    assert main(["check", "half_plus_two"]) == 1
    stderr = capsys.readouterr().err
    assert "blue/one:8500, green/two:8500" in stderr
    chosen = stderr.split("--service ")[1].strip().rstrip(".")
    assert main(["check", "half_plus_two", "--service", chosen]) == 0


def test_a_service_without_the_label_asks_for_the_protocol(
    cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unlabelled = service("half-plus-two")
    del unlabelled["metadata"]["labels"]["slipway.dev/protocol"]
    answer(cluster, unlabelled)
    assert main(["check", "half_plus_two"]) == 1
    assert "models/half-plus-two has no label slipway.dev/protocol" in capsys.readouterr().err
    assert main(["check", "half_plus_two", "--speaks", "tensorflow-serving"]) == 0
    assert "ready     tensorflow-serving over grpc" in capsys.readouterr().out


def test_a_forward_that_fails_is_reported_with_kubectls_last_line(
    cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (cluster / "refuse").write_text("error: unable to forward port because pod is not running")
    assert main(["check", "half_plus_two"]) == 1
    stderr = capsys.readouterr().err
    assert "did not come up; last it said: error: unable to forward port" in stderr


def test_the_forward_ends_when_the_model_fails(cluster: Path, serving: FakeServing) -> None:
    serving.name = "another"
    assert main(["check", "half_plus_two"]) == 1
    assert gone(int((cluster / "pid").read_text()))


#: `python -m client` with SIGINT restored: a shell in the background makes its children ignore it.
INTERRUPTIBLE = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from client.cli import main; sys.exit(main())"
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children of a killed parent")
def test_the_forward_ends_when_the_check_is_stopped(
    cluster: Path, serving: FakeServing, number: int
) -> None:
    serving.answer = lambda _: time.sleep(3)
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTIBLE, "check", "half_plus_two"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    end = time.monotonic() + 20
    while not serving.requests:
        assert time.monotonic() < end, "the check never called the model"
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert gone(int((cluster / "pid").read_text()))
    assert process.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert "Traceback" not in errors


def test_without_a_kubeconfig_the_stacks_secret_is_used_and_removed(
    cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBECONFIG")
    pulumi = cluster / "pulumi"
    pulumi.write_text(f'#!/bin/sh\necho "pulumi $*" >> {cluster}/calls\necho "kind: Config"\n')
    pulumi.chmod(0o755)
    assert main(["check", "half_plus_two", "--stack", "prod"]) == 0
    calls = (cluster / "calls").read_text().splitlines()
    assert calls[0].endswith("stack output kubeconfig --show-secrets --stack prod")
    used = Path(calls[1].split("--kubeconfig ")[1].split()[0])
    assert not used.exists()
    assert not used.parent.exists()
