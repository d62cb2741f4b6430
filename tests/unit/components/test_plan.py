"""The add-ons of a stack, and the command that prints them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components import plan
from components.config.load import validate
from components.config.plan import PlannedAddon
from components.config.plan import plan as planned
from tests.unit.components.environment import model, stack_file

ROOT = Path(__file__).parents[3]
SCALED = model(replicas={"max": 2})


def of(**changes: Any) -> list[PlannedAddon]:
    config, mistakes = validate(stack_file(**changes))
    assert config is not None, mistakes
    return planned(config)


def test_nothing_is_installed_that_nothing_needs() -> None:
    assert of() == []


def test_an_add_on_has_the_keys_that_need_it_as_reasons() -> None:
    (one,) = of(models={"a": SCALED, "b": SCALED, "c": model()})
    assert (one.name, one.reasons) == (
        "metrics-server",
        ("slipway:models.a.replicas", "slipway:models.b.replicas"),
    )


def test_an_add_on_that_only_the_stack_file_names_has_no_reason() -> None:
    (one,) = of(addons={"metrics-server": {}})
    assert one.reasons == ()


def test_the_command_prints_the_plan_of_a_stack(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert plan.main(["--stack", "ack"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "add-on          how                     because of",
        "metrics-server  present on the cluster  slipway:models.half_plus_two.replicas",
    ]
    assert plan.main(["--stack", "eks"]) == 0
    assert capsys.readouterr().out == "no add-ons\n"


def test_the_command_draws_the_plan(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan.main(["--stack", "ack", "--dot"]) == 0
    edge = (
        '"models.half_plus_two.replicas" -> "metrics-server" [label="metrics API (metrics.k8s.io)"]'
    )
    assert edge in capsys.readouterr().out


def test_the_command_prints_the_mistakes_of_a_stack_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(plan, "ROOT", tmp_path)
    assert plan.main(["--stack", "x"]) == 2
    assert "there is no Pulumi.x.yaml" in capsys.readouterr().err
    (tmp_path / "Pulumi.x.yaml").write_text("config: {'slipway:cluster': {kind: aks}}")
    assert plan.main(["--stack", "x"]) == 1
    assert "slipway:cluster" in capsys.readouterr().err


def test_the_docs_have_the_table_of_every_add_on() -> None:
    assert plan.needs_table() in (ROOT / "docs" / "addons.md").read_text()
