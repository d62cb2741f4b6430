import json
from pathlib import Path
from typing import Any

import pytest

from client import connect
from client.errors import OutputsError, UnknownModelError
from client.limits import Limits
from client.outputs import load_outputs, parse_outputs


def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> Path:
    """Puts a `pulumi` with this shell script on PATH. Returns the file that records its calls."""
    script, calls = tmp_path / "bin" / "pulumi", tmp_path / "calls"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\necho "$*" >> {calls}\n{body}\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:/usr/bin:/bin")
    return calls


def test_an_unknown_model_lists_the_models_of_the_stack(outputs: dict[str, Any]) -> None:
    with pytest.raises(UnknownModelError, match=r"no model 'half'; its models are: half_plus_two"):
        connect(outputs, "half")


def test_outputs_are_read_from_a_file(outputs: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(outputs))
    assert load_outputs(str(file), None) == parse_outputs(outputs)


@pytest.mark.parametrize(
    ("of_stack", "of_caller", "effective"), [(5, 0, 5), (5, 3, 3), (None, 0, 2**26)]
)
def test_the_message_size_is_the_stacks_unless_the_caller_sets_one(
    outputs: dict[str, Any], of_stack: int | None, of_caller: int, effective: int
) -> None:
    outputs["gateway"]["message_bytes"] = of_stack
    with connect(outputs, "half_plus_two", limits=Limits(message_bytes=of_caller)) as model:
        assert model.limits.message_bytes == effective


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("endpoints",), None, r"`endpoints` is null, expected a dict"),
        (("endpoints", "half_plus_two"), 3, r"`endpoints.half_plus_two.grpc`|protocol"),
        (("endpoints", "half_plus_two", "protocol"), None, r"half_plus_two.protocol` is null"),
        (("endpoints", "half_plus_two", "grpc", "target"), 443, r"grpc.target` is 443"),
        (("endpoints", "half_plus_two", "grpc", "tls"), "yes", r'grpc.tls` is "yes"'),
        (("endpoints", "half_plus_two", "rest", "url"), None, r"rest.url` is null"),
        (("gateway", "ca_certificate"), 1, r"gateway.ca_certificate` is 1"),
    ],
)
def test_an_output_of_the_wrong_kind_is_named_by_its_path(
    outputs: dict[str, Any], path: tuple[str, ...], value: Any, message: str
) -> None:
    parent = outputs
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    with pytest.raises(OutputsError, match=message):
        parse_outputs(outputs)


@pytest.mark.parametrize("text", ["", "[]", "nonsense", '"x"'])
def test_a_file_without_outputs_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(text)
    with pytest.raises(OutputsError, match=r"outputs.json"):
        load_outputs(str(file), None)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(OutputsError, match=r"/no/such/file cannot be read"):
        load_outputs("/no/such/file", None)


def test_pulumi_reads_the_named_stack_and_never_secrets(
    outputs: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outputs.json").write_text(json.dumps(outputs))
    calls = install(tmp_path, monkeypatch, f"cat {tmp_path}/outputs.json")
    assert load_outputs(None, "prod") == parse_outputs(outputs)
    assert "stack output --json --stack prod" in calls.read_text()
    assert "--show-secrets" not in calls.read_text()


def test_dev_is_read_if_no_stack_is_selected(
    outputs: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outputs.json").write_text(json.dumps(outputs))
    body = (
        'case "$*" in *"--stack dev") ;; *) echo "error: no stack selected" >&2; exit 1;; esac\n'
        f"cat {tmp_path}/outputs.json"
    )
    calls = install(tmp_path, monkeypatch, body)
    assert load_outputs(None, None) == parse_outputs(outputs)
    assert len(calls.read_text().splitlines()) == 2


def test_pulumis_last_line_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "echo \"error: no stack named 'prod' found\" >&2; exit 255")
    with pytest.raises(OutputsError, match=r"failed for stack 'prod': error: no stack named"):
        load_outputs(None, "prod")


def test_a_missing_pulumi_is_reported_with_an_alternative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OutputsError, match=r"not on PATH.*--outputs FILE"):
        load_outputs(None, None)
