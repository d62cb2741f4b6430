"""Where a credential may stand, what looks like one, and what is told of a kubeconfig."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from components.config.limits_options import LimitsOptions
from components.config.secret_scan import credential_named, plain, shown
from tests.unit.clouds import aws
from tests.unit.components.environment import closed_port, kubeconfig, model, stack_file
from tests.unit.config.credentials import KUBECONFIG, PASSWORD, TEXTS, drawn, repeated
from tests.unit.config.mistaken import refused, told
from tests.unit.config.test_runtime_mistakes import custom

CLOSED: dict[str, dict[str, Any]] = {
    "an unknown key": {"gateway": {"kind": "nginx", "pgdb": PASSWORD}},
    "a misspelt key of a reference": {
        "cluster": {"kind": "existing", "kubeconfig": {"secrt": PASSWORD}}
    },
    "an unknown key beside an unknown kind": {"gateway": {"kind": "ngnix", "pgdb": PASSWORD}},
    "a name of a secret": {"cluster": {"kind": "existing", "kubeconfig": {"secret": PASSWORD}}},
    "secrets": {"secrets": PASSWORD},
    "a list of secrets": {"secrets": {"a": [PASSWORD]}},
    "a Secret's name": {
        "models": {
            "m": model(source={"kind": "s3", "uri": "s3://b/m", "credentials": f"{PASSWORD} x"})
        }
    },
    "an encryption key": {"cluster": aws.cluster(encryption_key=PASSWORD)},
    "a variable": custom(env={"A": [PASSWORD]}),
    "a variable's reference": custom(env={"A": {"secret": PASSWORD}}),
    "a variable of two models of one server": {
        "models": {
            "a": custom(server="s", env={"A": PASSWORD})["models"]["m"],
            "b": custom(server="s", env={"A": PASSWORD + "2"})["models"]["m"],
        }
    },
    "an argument": custom(args=f"--x {PASSWORD}"),
    "an argument in a list": custom(args=[[PASSWORD]]),
    "a map for a name": {"volumes": {"models": {"size": "1Gi", "storage_class": {"x": PASSWORD}}}},
    "a map for a kind": {"gateway": {"kind": {"x": PASSWORD}}},
    "a number under a name of credentials": {"gateway": {"kind": "nginx", "pin": 83471625}},
    "a key of another project": {"other:limits": PASSWORD},
    "a top-level key": {"password": PASSWORD},
}


@pytest.mark.parametrize("name", CLOSED)
def test_any_text_is_hidden_where_a_credential_may_stand(name: str) -> None:
    text = told(stack_file(**CLOSED[name]))
    assert "mistake" in text
    assert repeated(text, (PASSWORD, "83471625")) == []


def test_short_secrets_are_hidden_too() -> None:
    text = told(stack_file(gateway={"kind": "nginx", "host": "a.b", "token": "abc"}, secrets="x1"))
    assert "slipway:gateway.token is unknown" in text
    assert "slipway:secrets is (hidden)" in text
    assert "abc" not in text
    assert "x1" not in text


@pytest.mark.parametrize(
    "content",
    [TEXTS[f"a kubeconfig {form}"].value for form in ("as YAML", "as JSON", "in base64")]
    + [KUBECONFIG, "server: https://10.0.0.1\ntoken: x\n"],
    ids=["YAML", "JSON", "base64", "map", "a part"],
)
def test_a_kubeconfig_in_place_of_its_path_is_one_mistake_with_a_fix_of_its_own(
    content: Any,
) -> None:
    text = refused(stack_file(cluster={"kind": "existing", "kubeconfig": content}))
    assert text.startswith("1 mistake in Pulumi.dev.yaml")
    assert "slipway:cluster.kubeconfig is " in text
    assert "this is a kubeconfig's content" in text
    assert "`pulumi config set --path --secret 'secrets.kubeconfig' < FILE`" in text
    assert "`kubeconfig: {secret: kubeconfig}`" in text


def test_what_else_is_wrong_is_told_beside_a_hidden_value() -> None:
    text = refused(
        {
            "cluster": {"kind": "existing", "kubeconfig": KUBECONFIG},
            "gateway": {"kind": "ngnix"},
            "volumes": {"models": {"size": "2GB"}},
            "models": {"tokenizer": model(replica=1), "m": model(image="x:latest")},
        }
    )
    assert "did you mean `kind: nginx`" in text
    assert 'slipway:volumes.models.size is `"2GB"`' in text
    assert "did you mean `2Gi`" in text
    assert "slipway:models.tokenizer.replica is `1`" in text
    assert 'slipway:models.m.image is `"x:latest"`' in text


def test_a_fix_leaves_out_a_hidden_value_and_says_the_rest() -> None:
    text = refused(
        stack_file(
            gateway={"kind": "nginx", "host": f"https://robot:{PASSWORD}@models.example.com:8443/"},
            **custom(env={"PORT": 8080}),
        )
    )
    assert "slipway:models.m.env.PORT is (hidden)" in text
    assert "fix: put the value in quotes\n" in f"{text}\n"
    assert "slipway:gateway.host is a password in an address in plain text" in text


def test_a_secret_that_is_a_key_is_refused_where_any_name_is_right() -> None:
    token = TEXTS["a Hugging Face token"].value
    text = refused(stack_file(models={token: model()}))
    assert "slipway:models.(hidden) is a Hugging Face token in plain text" in text
    assert "change the secret" in text


def test_below_a_key_that_pulumi_holds_as_secret_everything_is_hidden() -> None:
    config = stack_file(limits={"deadline": PASSWORD}, volumes={"v": {"size": PASSWORD}})
    text = told(config, secret_keys=("limits",))
    assert "slipway:limits is secret" in text
    assert "slipway:limits.deadline is (hidden)" in text
    assert "slipway:volumes.v.size" in text
    assert "write a whole number and its unit" in text


@pytest.mark.parametrize("preview", [False, True])
def test_a_password_in_a_server_s_address_is_not_repeated(cluster: Path, preview: bool) -> None:
    for user in (f"admin:{PASSWORD}", f"admin:x/{PASSWORD}"):
        kubeconfig(cluster, f"https://{user}@127.0.0.1:{closed_port()}/?token={PASSWORD}")
        text = told(stack_file(), preview=preview)
        assert "unreachable" in text
        assert repeated(text, (PASSWORD,)) == []


@pytest.mark.parametrize(
    "content", [TEXTS["a kubeconfig as YAML"].value, f"token: {PASSWORD}" * 30]
)
def test_a_kubeconfig_in_the_variable_for_its_path_is_not_repeated(
    content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", content)
    for kind in ("local", "existing"):
        text = told(stack_file(cluster={"kind": kind}))
        assert "1 mistake" in text
        assert repeated(text, TEXTS["a kubeconfig as YAML"].hidden) == []


def test_a_broken_kubeconfig_and_what_it_names_are_not_repeated(cluster: Path) -> None:
    broken = [
        f"users: [{{token: !{PASSWORD}",
        json.dumps({**json.loads(cluster.read_text()), "current-context": f"Bearer {PASSWORD}"}),
        cluster.read_text().replace('"token": "t0"', f'"client-key": "{"/" + PASSWORD * 40}"'),
        cluster.read_text().replace('"token": "t0"', f'"client-key": "password={PASSWORD}"'),
    ]
    for content in broken:
        cluster.write_text(content)
        text = told(stack_file(cluster={"kind": "existing"}))
        assert "a usable kubeconfig" in text
        assert repeated(text, (PASSWORD,)) == []


def test_a_stack_file_that_pyyaml_does_not_read_is_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Pulumi.dev.yaml").write_text(
        f"config:\n  slipway:secrets:\n    good: {{secure: v1:abc}}\n    bad: !{PASSWORD} x\n"
    )
    monkeypatch.chdir(tmp_path)
    text = told(stack_file(secrets={"good": "x", "bad": "y"}), secret_keys=("secrets",))
    assert "could not determine a constructor for the tag … in line 4" in text
    assert repeated(text, (PASSWORD,)) == []


def test_an_error_of_the_options_that_nobody_catches_does_not_repeat_the_value() -> None:
    with pytest.raises(ValidationError) as error:
        LimitsOptions.model_validate({"deadline": PASSWORD, "streams": PASSWORD})
    assert PASSWORD not in str(error.value)


@pytest.mark.parametrize(
    ("length", "alphabet"),
    [
        (32, string.ascii_letters + string.digits),
        (40, string.ascii_letters + string.digits + "+/"),
        (32, string.ascii_lowercase + string.digits),
        (32, string.hexdigits[:16]),
        (28, string.ascii_lowercase),
        (32, string.ascii_uppercase + "234567"),
    ],
)
def test_what_looks_random_is_not_quoted(length: int, alphabet: str) -> None:
    assert [text for text in (drawn(length, alphabet) for _ in range(500)) if plain(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "models.example.com",
        "tensorflow/serving:2.19.1",
        "ghcr.io/owner/image:sha-1a2b3c4",
        "m7i.24xlarge",
        "ecs.gn7i-c8g1.2xlarge",
        "nvidia.com/gpu=present:NoSchedule",
        "2026-11-21T10:00:00Z",
        "*.example.com",
        "50%",
        "arn:aws:iam::111122223333:role/ServesModels",
        "mobilenetv3large075",
        "EfficientNetB0",
        "ResNet50V2",
        "bert_base_uncased_L12_H768_A12",
        "terminationGracePeriodSeconds",
        "ReadWriteOnce",
        "TYPE_FP32",
        "10.0.0.0/99",
        "arn:aws:eks:eu-central-1:123456789012:cluster/prod",
        "kubernetes-admin@kubernetes",
        "~/.kube/config",
        "organization/slipway/platform",
        "sk-learn-iris-classifier-v1",
        "vers=4.1,rsize=1048576",
    ],
)
def test_what_is_written_in_stack_files_is_quoted(text: str) -> None:
    assert shown(text) == f'`"{text}"`'


@pytest.mark.parametrize(
    "known", ["tokens", "bucket_key", "PGPASSWORD", "apiToken", "x-auth", "env"]
)
def test_a_key_says_that_its_value_may_be_a_credential(known: str) -> None:
    assert credential_named(known)


@pytest.mark.parametrize("key", ["keep", "path", "host", "author", "passage", "monkey", "replicas"])
def test_an_ordinary_key_does_not(key: str) -> None:
    assert not credential_named(key)
