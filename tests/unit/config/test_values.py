"""What a stack file says, and what it is taken for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.clusters.kubeconfig import KubeconfigError, parse
from components.config.load import load, validate
from components.config.values import byte_count, seconds
from tests.unit.components.engine import run
from tests.unit.components.environment import model, stack_file

ROOT = Path(__file__).parents[3]


def valid(raw: dict[str, Any]) -> Any:
    config, mistakes = validate(raw)
    assert config is not None, [str(each) for each in mistakes]
    return config


def test_the_dev_stack_is_valid() -> None:
    document = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())
    config = valid({key.partition(":")[2]: value for key, value in document["config"].items()})
    assert list(config.models) == ["half_plus_two"]


def test_a_bare_number_of_replicas_is_least_and_most() -> None:
    replicas = valid(stack_file(models={"m": model(replicas=3)})).models["m"].replicas
    assert (replicas.min, replicas.max) == (3, 3)


def test_least_replicas_alone_are_the_most_too() -> None:
    replicas = valid(stack_file(models={"m": model(replicas={"min": 2})})).models["m"].replicas
    assert (replicas.min, replicas.max) == (2, 2)


def test_messages_of_64_MiB_and_streams_of_90_s_are_let_through_by_default() -> None:
    limits = valid(stack_file()).limits
    assert byte_count(limits.message_size) == 64 * 1024 * 1024
    assert seconds(limits.deadline) == 90


def test_a_configuration_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        valid(stack_file()).namespace = "other"


def test_keys_of_providers_are_none_of_our_business() -> None:
    recording = run(lambda: {"namespace": load().namespace}, {**stack_file(), "aws:region": "x"})
    assert recording.outputs["namespace"] == "models"


@pytest.mark.parametrize("cpu", ["1", "0.5", "250m", 2, 0.5])
def test_cpu_is_cores_or_thousandths(cpu: Any) -> None:
    resources = {"requests": {"cpu": cpu}}
    amounts = valid(stack_file(models={"m": model(resources=resources)})).models["m"].resources
    assert amounts.requests.cpu == str(cpu)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1, 2]", "holds no map"),
        ("a: [", "is not YAML"),
        ("contexts: [1]", "`contexts` is malformed"),
        ("contexts: []", "names no current context"),
        (
            "current-context: a\ncontexts: [{name: a, context: {cluster: b}}]",
            "has no server for context `a`",
        ),
    ],
)
def test_a_broken_kubeconfig_is_named_for_what_is_broken(text: str, said: str) -> None:
    with pytest.raises(KubeconfigError, match=said):
        parse(text)


def test_only_the_chosen_context_and_its_credentials_leave_a_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("CA")
    text = yaml.safe_dump(
        {
            "current-context": "dev",
            "clusters": [
                {"name": "dev", "cluster": {"server": "https://dev:1"}},
                {
                    "name": "prod",
                    "cluster": {"server": "https://prod:1", "certificate-authority": "ca.crt"},
                },
            ],
            "users": [
                {"name": "dev", "user": {"token": "devtoken"}},
                {"name": "prod", "user": {"token": "prodtoken"}},
            ],
            "contexts": [
                {"name": "dev", "context": {"cluster": "dev", "user": "dev"}},
                {"name": "prod", "context": {"cluster": "prod", "user": "prod"}},
            ],
        }
    )
    found = parse(text, "prod", tmp_path)
    assert found.server == "https://prod:1"
    assert "prodtoken" in found.text
    assert "devtoken" not in found.text
    assert '"certificate-authority-data": "Q0E="' in found.text
