"""What a stack file says, and what it is taken for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.clusters.kubeconfig import KubeconfigError, kubeconfig_files, parse, read
from components.config.durations import seconds
from components.config.load import load, validate
from components.config.quantities import byte_count
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
    assert list(config.models) == ["half_plus_two", "half_plus_two_triton", "cifar10"]


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


def test_keys_of_other_programs_are_none_of_our_business() -> None:
    recording = run(lambda: {"namespace": load().namespace}, {**stack_file(), "team:owner": "x"})
    assert recording.outputs["namespace"] == "models"


@pytest.mark.parametrize("duration", ["1s", "90m", "24h"])
def test_a_model_may_take_from_a_second_to_a_day_to_start(duration: str) -> None:
    config = valid(stack_file(models={"m": model(startup_timeout=duration)}))
    assert config.models["m"].startup_timeout == duration


@pytest.mark.parametrize("charts", ["https://charts.example.com", "oci://r.example.com/charts"])
def test_charts_come_from_a_web_site_or_a_registry(charts: str) -> None:
    assert valid(stack_file(images={"charts": charts})).images.charts == charts


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0.5Gi", "512Mi"),
        ("0.5G", "500M"),
        ("0.25Mi", "256Ki"),
        ("0.3Gi", "307Mi"),
        ("0.5GB", "512Mi"),
        ("2gb", "2Gi"),
        ("1.Gi", "1Gi"),
        ("007Mi", "7Mi"),
    ],
)
def test_what_is_meant_by_an_amount_is_an_amount(written: str, meant: str) -> None:
    _, (mistake,) = validate(stack_file(volumes={"v": {"size": written}}))
    assert mistake.fix == f"did you mean `{meant}`?"
    assert valid(stack_file(volumes={"v": {"size": meant}}))


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
        parse(text, "it")


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
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    found = read([path], "prod")
    assert found.server == "https://prod:1"
    assert "prodtoken" in found.text
    assert "devtoken" not in found.text
    assert '"certificate-authority-data": "Q0E="' in found.text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("token: hunter2: x", "it is not YAML: mapping values are not allowed here in line 2"),
        ("token: !hunter2", "in line 2"),
        ("token: *hunter2", "in line 2"),
        ('token: "hunter2', "in line 3"),
        ("token: hunter2\x07", "it is not YAML: it is malformed"),
        ("- hunter2", "in line 2"),
    ],
)
def test_a_broken_kubeconfig_is_not_repeated(line: str, said: str) -> None:
    with pytest.raises(KubeconfigError) as error:
        parse(f"a: b\n{line}\n", "it")
    assert said in str(error.value)
    assert "hunter2" not in str(error.value)
    assert error.value.__cause__ is None


def test_an_impossible_date_in_a_kubeconfig_is_a_broken_kubeconfig() -> None:
    with pytest.raises(KubeconfigError, match="is not YAML"):
        parse("a: 2026-13-45", "it")


def write(path: Path, current: str | None = None, **entries: Any) -> Path:
    sections = {
        f"{kind}s": [{"name": name, kind: content} for name, content in given.items()]
        for kind, given in entries.items()
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump({"current-context": current, **sections}))
    return path


def test_several_kubeconfigs_are_merged_as_kubectl_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "key").write_text("KEY")
    a = write(
        tmp_path / "a" / "config",
        cluster={"one": {"server": "https://first:1"}},
        context={"one": {"cluster": "one", "user": "me"}},
    )
    b = write(
        tmp_path / "b" / "config",
        "one",
        cluster={"one": {"server": "https://second:1"}, "two": {"server": "https://two:1"}},
        user={"me": {"client-key": "key"}},
        context={"two": {"cluster": "two"}},
    )
    c = write(tmp_path / "c" / "config", "two")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'gone'}:{a}:{b}::{c}")
    found = read(kubeconfig_files(None))
    assert (found.context, found.server) == ("one", "https://first:1")
    assert '"client-key-data": "S0VZ"' in found.text
    assert read(kubeconfig_files(None), "two").server == "https://two:1"
    with pytest.raises(KubeconfigError, match="no context `one`; it has `two`"):
        read(kubeconfig_files(str(b)))


def test_of_several_kubeconfigs_the_broken_one_is_named(tmp_path: Path) -> None:
    good, broken = write(tmp_path / "good", "a"), tmp_path / "broken"
    broken.write_text("a: [")
    with pytest.raises(KubeconfigError, match=f"^`{broken}` is not YAML"):
        read([good, broken])
    with pytest.raises(KubeconfigError, match=f"^`{tmp_path}/x:{tmp_path}/y` is not there"):
        read([tmp_path / "x", tmp_path / "y"])


def context(user: dict[str, Any], **cluster: str) -> dict[str, Any]:
    return {
        "cluster": {"c": {"server": "https://c:1", **cluster}},
        "user": {"u": user},
        "context": {"x": {"cluster": "c", "user": "u"}},
    }


def test_a_token_in_a_file_is_read_and_wins_over_a_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("fresh\n")
    path = write(tmp_path / "config", "x", **context({"tokenFile": "token", "token": "stale"}))
    assert '"user": {"token": "fresh"}' in read([path]).text


def test_certificate_data_wins_over_a_certificate_s_file(tmp_path: Path) -> None:
    user = {"client-key": "gone", "client-key-data": "S0VZ"}
    path = write(tmp_path / "config", "x", **context(user))
    assert '"user": {"client-key-data": "S0VZ"}' in read([path]).text


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
def test_a_proxy_of_the_environment_is_seen(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "config", "x", **context({}))
    assert read([path]).direct
    monkeypatch.setenv(variable, "http://proxy.example.com")
    assert not read([path]).direct
