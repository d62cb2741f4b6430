import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from client.cli import main
from tests.unit.client.fake_triton import FakeTriton
from tests.unit.client.test_check import gone

# One Service, two pods that are the same fake server, and one that is being deleted.
KUBECTL = """\
#!{python}
import os, pathlib, sys, time
here = pathlib.Path({here!r})
with open(here / "calls", "a") as calls:
    print(*sys.argv[1:], file=calls)
if "get" in sys.argv:
    print((here / (sys.argv[sys.argv.index("get") + 1] + ".json")).read_text())
else:
    with open(here / "pids", "a") as pids:
        print(os.getpid(), file=pids)
    remote = sys.argv[sys.argv.index("port-forward") + 2]
    port = {{":grpc": {grpc}, ":8001": {grpc}, ":8000": {http}}}[remote]
    print(f"Forwarding from 127.0.0.1:{{port}} -> 1", flush=True)
    time.sleep(60)
"""


def pod(name: str, **metadata: str) -> dict[str, Any]:
    return {"metadata": {"name": name, **metadata}, "status": {"phase": "Running"}}


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, triton: FakeTriton) -> Path:
    triton.prefix = ""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(
        KUBECTL.format(
            python=sys.executable,
            here=str(tmp_path),
            grpc=triton.grpc_port,
            http=triton.http_port,
        )
    )
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    ports = [
        {"name": "grpc", "port": 8001, "targetPort": "grpc"},
        {"name": "http", "port": 8000},
    ]
    service = {
        "metadata": {
            "namespace": "models",
            "name": "scorer",
            "labels": {"slipway.dev/protocol": "open-inference-v2"},
        },
        "spec": {
            "clusterIP": "10.0.0.1",
            "ports": ports,
            "selector": {"app": "scorer", "run": "1"},
        },
    }
    (tmp_path / "services.json").write_text(json.dumps({"items": [service]}))
    (tmp_path / "service.json").write_text(json.dumps(service))
    deleted = pod("scorer-c", deletionTimestamp="2026-01-01T00:00:00Z")
    pods(tmp_path, pod("scorer-b"), pod("scorer-a"), deleted)
    return tmp_path


def pods(cluster: Path, *items: dict[str, Any]) -> None:
    (cluster / "pods.json").write_text(json.dumps({"items": items}))


def forwards(cluster: Path) -> list[str]:
    calls = (cluster / "calls").read_text().splitlines()
    return [call.partition("port-forward ")[2] for call in calls if "port-forward" in call]


@pytest.mark.parametrize(
    ("options", "port"),
    [([], "grpc"), (["--rest"], "8000"), (["--protocol", "rest-binary"], "8000")],
)
def test_each_running_pod_loads_the_version_and_no_other(
    cluster: Path, triton: FakeTriton, capsys: pytest.CaptureFixture[str],
    options: list[str], port: str,
) -> None:  # fmt: skip
    assert main(["load-version", "scorer", "3", *options]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "models/scorer-a serves version 3 of scorer",
        "models/scorer-b serves version 3 of scorer",
    ]
    assert forwards(cluster) == [
        f"pod/{name} :{port} --address 127.0.0.1" for name in ("scorer-a", "scorer-b")
    ]
    assert "get pods -n models -l app=scorer,run=1" in (cluster / "calls").read_text()
    assert triton.versions == ["3"]
    config = {"name": "scorer", "backend": "python"}
    config["version_policy"] = {"specific": {"versions": [3]}}
    assert len(triton.loads) == 2
    assert all(load and load.items() >= config.items() for load in triton.loads)
    assert all(gone(int(pid)) for pid in (cluster / "pids").read_text().split())


@pytest.mark.parametrize("options", [[], ["--rest"]])
def test_a_model_that_is_not_loaded_is_loaded_first(
    cluster: Path, triton: FakeTriton, options: list[str]
) -> None:
    triton.versions = []
    assert main(["load-version", "scorer", "1", *options]) == 0
    assert triton.versions == ["1"]
    assert triton.loads[0] is None


@pytest.mark.parametrize("options", [[], ["--rest"]])
def test_a_missing_version_leaves_the_served_ones(
    cluster: Path, triton: FakeTriton, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert main(["load-version", "scorer", "9", *options]) == 1
    printed = capsys.readouterr()
    assert "could not load it: load failed for model 'scorer'" in printed.err
    assert "directory holds this version" in printed.err
    assert printed.out == ""
    assert triton.versions == ["1", "2"]


@pytest.mark.parametrize("options", [[], ["--rest"]])
def test_a_server_that_does_not_load_on_request_says_how_to_make_it(
    cluster: Path, triton: FakeTriton, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    triton.explicit = False
    assert main(["load-version", "scorer", "3", *options]) == 1
    stderr = capsys.readouterr().err
    assert "does not load versions on request: explicit model load" in stderr
    assert "--model-control-mode none or poll: run it with explicit" in stderr


def test_tensorflow_serving_has_no_such_call(
    cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["load-version", "scorer", "3", "--speaks", "tensorflow-serving"]) == 2
    assert "has no call that loads one version" in capsys.readouterr().err


def test_a_service_without_pods_is_reported(
    cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pods(cluster)
    assert main(["load-version", "scorer", "3"]) == 1
    assert "No pod runs behind Service models/scorer (app=scorer,run=1)" in capsys.readouterr().err


@pytest.mark.parametrize("version", ["0", "-1", "two"])
def test_a_version_is_a_number_above_0(cluster: Path, version: str) -> None:
    with pytest.raises(SystemExit) as left:
        main(["load-version", "scorer", "--", version])
    assert left.value.code == 2


def test_bench_calls_both_ports_without_the_gateway(
    cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "scorer", "--direct", "--calls", "2", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["transport"], row["calls"]) for row in rows] == [
        ("grpc", 2),
        ("rest", 2),
        ("rest-binary", 2),
    ]
    assert forwards(cluster) == [
        f"service/scorer :{port} --address 127.0.0.1" for port in ("8001", "8000")
    ]


def test_check_speaks_the_protocol_of_tritons_label_over_raw_rest(
    cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "scorer", "--protocol", "rest-binary"]) == 0
    stdout = capsys.readouterr().out
    assert "ready     open-inference-v2 over rest-binary, version 2" in stdout
    assert "y = [[0.0, 0.0]]" in stdout
