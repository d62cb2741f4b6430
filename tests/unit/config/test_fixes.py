"""What a message proposes is itself taken; what proposes nothing is known to do so."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.clusters.kubeconfig_options import KubeconfigOptions
from components.gateways.controllers.traefik_options import TRAEFIK_IMAGE
from tests.unit.components.environment import kubeconfig, model, stack_file
from tests.unit.config.advice import refused_fixes
from tests.unit.config.call_sites import Made, recorded, untold
from tests.unit.config.edits import StackFile
from tests.unit.config.every_mistake import EVERY
from tests.unit.config.fixes import answers
from tests.unit.config.whole_files import WHOLE

pytestmark = pytest.mark.usefixtures("unprobed")

UNIT = Path(__file__).parents[1]
#: Texts that no stack file is known to get: what pydantic finds beside what is told above.
UNTOLD = {"see\\ the\\ schema\\ in\\ schema/slipway\\.schema\\.json"}


@pytest.mark.parametrize("name", EVERY)
def test_a_fix_is_itself_accepted(name: str) -> None:
    before = answers(EVERY[name])
    assert before
    assert refused_fixes(EVERY[name], before) == []


Prepare = Callable[[pytest.MonkeyPatch, Path], StackFile]


def _not_started(patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    patch.delenv("KUBECONFIG")
    return stack_file()


def _stopped(patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    patch.setenv("KUBECONFIG", str(directory / "gone"))
    return stack_file()


def _another(patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    path = kubeconfig(directory / "other", "https://127.0.0.1:1", context="production")
    patch.setenv("KUBECONFIG", str(path))
    return stack_file()


def _silent(patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    patch.setattr(KubeconfigOptions, "unreachable", lambda _: "unreachable")
    return stack_file()


def _without_sdk(patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    patch.setattr(importlib.util, "find_spec", lambda *_: None)
    return dict(EVERY["ack: no region"])


def _broken_file(patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    (directory / "Pulumi.dev.yaml").write_text("config: [")
    patch.chdir(directory)
    return stack_file(secrets={"a": "b"})


def _on_node(config: StackFile, patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    """`config`, where the local node has the image of one server and can get another."""
    images = {
        "mirror": "slipway.local",
        "present": [f"slipway.local/{TRAEFIK_IMAGE}"],
        "obtainable": ["slipway.local/tensorflow/serving:2.19.1"],
    }
    path = kubeconfig(directory / "node", "https://127.0.0.1:1", node_images=images)
    patch.setenv("KUBECONFIG", str(path))
    return config


def _not_mirrored(patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    return _on_node(stack_file(), patch, directory)


def _not_on_node(patch: pytest.MonkeyPatch, directory: Path) -> StackFile:
    images = {"mirror": "slipway.local", "pull_policy": "IfNotPresent"}
    models = {"m": model(), "n": model(image="example/serving:1")}
    gateway = {"kind": "nginx", "controller": "ingress-nginx"}
    config = stack_file(images=images, models=models, gateway=gateway)
    return _on_node(config, patch, directory)


#: Mistakes that a stack file has in some surroundings only.
SURROUNDINGS: dict[str, Prepare] = {
    "a local cluster that was not started": _not_started,
    "a local cluster that is stopped": _stopped,
    "another cluster in the place of the local one": _another,
    "a cluster that does not answer": _silent,
    "ACK without its SDK": _without_sdk,
    "a stack file that is no YAML": _broken_file,
    "a node that has images under another name": _not_mirrored,
    "a node without the images": _not_on_node,
}


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_a_fix_in_these_surroundings_is_accepted_or_known_advice(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = SURROUNDINGS[name](monkeypatch, tmp_path)
    before = answers(config)
    assert before
    assert refused_fixes(config, before) == []


def test_every_text_of_a_fix_is_in_one_of_these_stack_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: set[Made] = set()

    def tell(config: StackFile, **settings: Any) -> None:
        with recorded() as made:
            fixes = {each.fix for each in answers(config, **settings)}
        told.update(each for each in made if each.fix in fixes)

    for config in EVERY.values():
        tell(config)
    tell(stack_file(), secret_keys=("models",))
    for prepare in SURROUNDINGS.values():
        with monkeypatch.context() as patch:
            tell(prepare(patch, tmp_path))
    missing = [text for text in untold(told) if text.pattern not in UNTOLD]
    assert missing == [], "add a stack file that gets it to every_mistake.MORE"


def test_every_table_of_mistakes_is_among_them() -> None:
    tables = {
        path.stem
        for path in UNIT.rglob("test_*.py")
        if re.search(r"^MISTAKES: dict", path.read_text(), re.MULTILINE)
    }
    text = Path(__file__).with_name("every_mistake.py").read_text()
    assert tables
    assert [name for name in tables if f"{name}.MISTAKES" not in text and name not in text] == []


def test_there_are_mistakes_enough_to_be_sure() -> None:
    assert len(EVERY) >= 400


@pytest.mark.parametrize("name", WHOLE)
def test_the_whole_stack_files_are_taken(name: str) -> None:
    assert answers(WHOLE[name]) == []
