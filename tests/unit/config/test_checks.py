"""Checks compare what is valid in a stack file, whatever else in it is wrong."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from components.config import checks
from components.config.load import validate
from components.config.mistakes import Mistake
from components.config.parsed import Parsed
from components.config.parsing import StackFile, parse, parts
from components.config.provider_keys import Setting, Settings
from components.config.stack_config import StackConfig
from tests.unit.clouds import aws
from tests.unit.components.environment import model, stack_file
from tests.unit.config.mistaken import one, refused

StackFileValues = dict[str, Any]
S3 = aws.S3
L4 = {"kind": "nvidia-l4"}
PULLED = {"name": "regcred", "namespace": "models"}
RWX = {"size": "1Gi", "access_mode": "ReadWriteMany"}
UNKNOWN = {"A": {"secret": "nope"}}


def on_eks(**changes: Any) -> StackFileValues:
    gateway = {"kind": "nginx", "host": "models.example.com"}
    return {"cluster": aws.cluster(), "gateway": gateway, **changes}


def paths(
    config: StackFileValues, settings: dict[str, Settings] | None = None
) -> dict[str, Mistake]:
    """The mistakes in a stack file by their paths."""
    _, found = validate(config, settings)
    by_path = {each.path: each for each in found}
    assert len(by_path) == len(found)
    return by_path


#: A stack file, the paths of what is wrong by itself, and that of what a check finds beside it.
BOTH: dict[str, tuple[StackFileValues, set[str], str]] = {
    "limits, and an accelerator that no node has": (
        stack_file(limits={"deadline": "soon"}, **one("m", accelerator=L4)),
        {"slipway:limits.deadline"},
        "slipway:models.m.accelerator",
    ),
    "the source of the model that asks for the accelerator": (
        stack_file(**one("m", accelerator=L4, source={"kind": "pvc", "claim": "A B", "path": "m"})),
        {"slipway:models.m.source.claim"},
        "slipway:models.m.accelerator",
    ),
    "no source, and a node pool that the cluster lacks": (
        stack_file(models={"m": {"runtime": "tfserving", "node_pool": "web"}}),
        {"slipway:models.m.source"},
        "slipway:models.m.node_pool",
    ),
    "a runtime that is not known, and a bucket without credentials": (
        stack_file(**one("m", runtime="tfservin", source=S3)),
        {"slipway:models.m"},
        "slipway:models.m.source.credentials",
    ),
    "a name, and a bucket without credentials": (
        stack_file(**one("1.2", source=S3)),
        {"slipway:models.1.2"},
        "slipway:models.1.2.source.credentials",
    ),
    "one variable, and the secret of another": (
        stack_file(**one("m", environment={"B": 1, **UNKNOWN})),
        {"slipway:models.m.environment.B"},
        "slipway:models.m.environment.A.secret",
    ),
    "a key of a runtime, and a secret that is not there": (
        stack_file(**one("m", runtime="custom", environment=UNKNOWN, user=0)),
        {
            "slipway:models.m.user",
            *(f"slipway:models.m.{key}" for key in ("health", "image", "ports", "protocol")),
        },
        "slipway:models.m.environment.A.secret",
    ),
    "replicas, and two names that become one": (
        stack_file(models={"a-b": model(), "a_b": model(replicas=0)}),
        {"slipway:models.a_b.replicas"},
        "slipway:models.a_b",
    ),
    "a model, and two others that share a server": (
        stack_file(
            models={
                "a": model(server="both", surge=True),
                "b": model(server="both", surge=False),
                "c": model(replicas=0),
            }
        ),
        {"slipway:models.c.replicas"},
        "slipway:models.b.surge",
    ),
    "a mirror, and a pull Secret out of the stack's own namespace": (
        stack_file(images={"mirror": "a b", "pull_secrets": [PULLED]}),
        {"slipway:images.mirror"},
        "slipway:images.pull_secrets[0].namespace",
    ),
    "one volume, and the access mode of another": (
        on_eks(volumes={"small": {"size": "large"}, "shared": RWX}),
        {"slipway:volumes.small.size"},
        "slipway:volumes.shared",
    ),
    "an add-on, and a gateway for models": (
        {
            "cluster": aws.cluster(),
            "addons": {"metrics-server": {"kind": "there"}},
            "models": {"m": model(source=S3)},
        },
        {"slipway:addons.metrics-server"},
        "slipway:gateway",
    ),
    "the old name of an add-on, and a host outside of the zone": (
        on_eks(cluster=aws.cluster(dns={"zone": "example.org"}), metrics="there"),
        {"slipway:metrics"},
        "slipway:gateway.host",
    ),
    "a gateway, and a secret that is not there": (
        stack_file(
            gateway={"kind": "nginx", "host": "a b"},
            **one("m", runtime="triton", environment=UNKNOWN),
        ),
        {"slipway:gateway.host"},
        "slipway:models.m.environment.A.secret",
    ),
    "a gateway, and a limit of memory below that of one request": (
        stack_file(
            gateway={"kind": "nginx", "host": "a b"},
            **one("m", resources={"limits": {"memory": "64Mi"}}),
        ),
        {"slipway:gateway.host"},
        "slipway:models.m.resources.limits.memory",
    ),
}


@pytest.mark.parametrize("name", BOTH)
def test_a_mistake_in_one_map_hides_no_mistake_between_others(name: str) -> None:
    config, own, other = BOTH[name]
    found = paths(config)
    assert own <= found.keys()
    assert found.keys() - own == {other}


def test_a_mistake_in_the_cluster_hides_none_in_the_settings_of_its_provider() -> None:
    config = on_eks(cluster=aws.cluster(version="9.9"))
    settings = {"aws": {"profil": Setting("deploy"), "region": Setting("us-east-1")}}
    found = {"slipway:cluster.version", "aws:profil", "aws:region"}
    assert paths(config, settings).keys() == found
    config = on_eks(cluster=aws.cluster(region="mars"))
    found = {"slipway:cluster.region", "aws:profil"}
    assert paths(config, settings).keys() == found


#: Values that are wrong by themselves, and that a check would find wanting if they were missing.
ALONE: dict[str, tuple[StackFileValues, str]] = {
    "a public bucket": (
        stack_file(**one("m", source={**S3, "anonymous": "yes"})),
        "slipway:models.m.source.anonymous",
    ),
    "the gateway of models": (
        stack_file(gateway={"kind": "nginx", "host": "a b"}),
        "slipway:gateway.host",
    ),
    "the cluster with an accelerator": (
        stack_file(
            cluster={"kind": "existing", "node_pools": {"gpu": {"accelerator": L4}}, "name": 1},
            **one("m", accelerator=L4),
        ),
        "slipway:cluster.name",
    ),
    "the number of accelerators": (
        stack_file(**one("m", accelerator={**L4, "count": 0})),
        "slipway:models.m.accelerator.count",
    ),
    "the largest request": (
        stack_file(
            limits={"message_size": "1"}, **one("m", resources={"limits": {"memory": "64Mi"}})
        ),
        "slipway:limits.message_size",
    ),
    "the namespace that a pull Secret would be copied from": (
        stack_file(namespace="A B", images={"pull_secrets": [PULLED]}),
        "slipway:namespace",
    ),
    "the server of a model that has the name of another's": (
        stack_file(models={"a": model(server="b"), "b": model(server=[])}),
        "slipway:models.b.server",
    ),
    "the value of a secret that is referred to": (
        stack_file(secrets={"nope": 1}, **one("m", environment=UNKNOWN)),
        "slipway:secrets.nope",
    ),
    "models that are no map": (stack_file(models=["m"]), "slipway:models"),
    "images that are no map": (stack_file(images="a"), "slipway:images"),
}


@pytest.mark.parametrize("name", ALONE)
def test_a_value_with_a_mistake_is_reported_once(name: str) -> None:
    config, path = ALONE[name]
    assert paths(config).keys() == {path}


def test_a_check_is_one_function_and_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "few_models.py"
    path.write_text(
        "from components.config.mistakes import Mistake\n"
        "def check(config):\n"
        "    if len(config.models) > 1:\n"
        "        yield Mistake(path='slipway:models', shown=None, expected='one', fix='take one')\n"
    )
    spec = importlib.util.spec_from_file_location("few_models", path)
    assert spec and spec.loader
    few_models = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(few_models)
    monkeypatch.setattr(checks, "CHECKS", (*checks.CHECKS, few_models.check))
    config = stack_file(models={"a": model(), "b": model()}, limits={"deadline": "soon"})
    text = refused(config)
    assert "slipway:models\n    expected one\n    fix: take one" in text
    assert "slipway:limits.deadline" in text


def test_every_module_of_checks_is_listed_once() -> None:
    names = {path.stem for path in Path(checks.__file__).parent.glob("*.py")} - {"__init__"}
    assert sorted(names) == [each.__module__.rpartition(".")[2] for each in checks.CHECKS]


def test_a_valid_stack_file_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[type[StackConfig]] = []
    model_validate = StackConfig.model_validate.__func__  # type: ignore[attr-defined]

    def counted(cls: type[StackConfig], *arguments: Any, **settings: Any) -> Any:
        parsed.append(cls)
        return model_validate(cls, *arguments, **settings)

    monkeypatch.setattr(StackConfig, "model_validate", classmethod(counted))
    assert validate(stack_file())[1] == []
    assert parsed == [StackConfig]


def test_validators_learn_nothing_of_other_maps() -> None:
    seen: list[set[str]] = []

    class Watched(StackFile):
        def context(self) -> dict[str, Any]:
            context = super().context()
            seen.append(set(context))
            self.contexts.append(context)
            return context

        contexts: list[dict[str, Any]] = []  # noqa: RUF012

    file = Watched(raw=stack_file())
    config, errors = parse(file)
    assert config is not None
    assert isinstance(parts(file, config, errors), Parsed)
    assert [set(each) for each in Watched.contexts] == seen == [{"keys", "secrets", "settings"}]
