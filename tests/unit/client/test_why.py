"""`python -m client why`, with a kubectl that answers from files."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from client.cli import main

# Answers `get --raw PATH` with the file that is named like the last segment of the path.
_KUBECTL = """\
#!{python}
import json, pathlib, sys
from urllib.parse import urlsplit
here = pathlib.Path({here!r})
if (here / "refuse").exists():
    sys.exit("Unable to connect to the server: dial tcp 127.0.0.1:1: connection refused")
segment = urlsplit(sys.argv[sys.argv.index("--raw") + 1]).path.rpartition("/")[2]
file = here / f"{{segment}}.json"
print(file.read_text() if file.exists() else json.dumps({{"items": []}}))
"""


def _server(instance: str, **status: Any) -> dict[str, Any]:
    labels = {"app.kubernetes.io/instance": instance}
    counts = {"replicas": 1, "updatedReplicas": 1, "observedGeneration": 1}
    return {
        "metadata": {"namespace": "models", "name": instance, "generation": 1, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": instance}},
            "template": {"spec": {"volumes": []}},
        },
        "status": {**counts, **status},
    }


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(_KUBECTL.format(python=sys.executable, here=str(tmp_path)))
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    servers = [_server("good", availableReplicas=1), _server("half-plus-two")]
    (tmp_path / "deployments.json").write_text(
        json.dumps({"kind": "DeploymentList", "items": servers})
    )
    return tmp_path


def test_every_server_is_listed_with_the_reason_why_it_is_not_ready(
    cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["why"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "Deployment models/good: ready",
        "Deployment models/half-plus-two: not ready",
        "    0 of 1 new pods available",
    ]


def test_one_model_is_found_by_its_name(cluster: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["why", "good"]) == 0
    assert capsys.readouterr().out == "Deployment models/good: ready\n"
    assert main(["why", "half_plus_two"]) == 1


def test_an_unknown_model_lists_the_known_ones(
    cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["why", "nobody"]) == 1
    assert "its servers are: good, half-plus-two." in capsys.readouterr().err


def test_a_namespace_that_is_being_deleted_is_listed(
    cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deleted = {
        "metadata": {
            "name": "models",
            "deletionTimestamp": "2026-01-01T00:00:00Z",
            "finalizers": ["example.com/hold"],
        }
    }
    (cluster / "deployments.json").write_text(json.dumps({"items": []}))
    (cluster / "namespaces.json").write_text(
        json.dumps({"kind": "NamespaceList", "items": [deleted]})
    )
    assert main(["why"]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("Namespace models: being deleted\n")
    assert "the finalizer example.com/hold holds it" in printed


def test_a_claim_that_keeps_a_server_from_being_created_is_listed(
    cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    claims = [
        {
            "metadata": {"namespace": "models", "name": name},
            "spec": {"storageClassName": ""},
            "status": {"phase": phase},
        }
        for name, phase in (("bound", "Bound"), ("slow", "Pending"))
    ]
    (cluster / "persistentvolumeclaims.json").write_text(
        json.dumps({"kind": "PersistentVolumeClaimList", "items": claims})
    )
    assert main(["why"]) == 1
    printed = capsys.readouterr().out
    assert "PersistentVolumeClaim models/slow: not ready\n    phase Pending" in printed
    assert "models/bound" not in printed


def test_a_cluster_that_does_not_answer_is_an_error_with_a_fix(
    cluster: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (cluster / "refuse").touch()
    assert main(["why"]) == 1
    printed = capsys.readouterr().err
    assert "connection refused" in printed
    assert "fix: " in printed
