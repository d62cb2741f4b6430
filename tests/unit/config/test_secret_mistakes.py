"""Each mistake in secrets is reported with its key and its fix, and without the secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.components.environment import stack_file
from tests.unit.config.mistaken import Case, assert_answered, gateway, refused

MISTAKES: dict[str, Case] = {
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
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_answered_with_key_value_and_fix(name: str) -> None:
    assert_answered(MISTAKES[name])


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
