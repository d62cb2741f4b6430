"""Each mistake in a cluster that exists is reported with its key, its value and its fix."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from components.config.load import load
from components.stack import deploy
from tests.unit.components.engine import run
from tests.unit.components.environment import closed_port, kubeconfig, stack_file
from tests.unit.config.mistaken import Case, assert_answered, refused

MISTAKES: dict[str, Case] = {
    "unknown key of the cluster": (
        {"cluster": {"kind": "local", "contxt": "x"}},
        "slipway:cluster.contxt",
        "unknown",
        "take `contxt` out",
    ),
    "unknown cluster": (
        {"cluster": {"kind": "locale"}},
        "slipway:cluster",
        "locale",
        "did you mean `kind: local`?",
    ),
    "no cluster": ({"cluster": None}, "slipway:cluster", None, "add the key `cluster`"),
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
