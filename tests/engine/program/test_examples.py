"""The environments in `examples/`, before a real API server."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.engine.apiserver import ApiServer
from tests.engine.program.shown import shown_to, written

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
FILES = sorted(EXAMPLES.glob("*/*.yaml"))


def test_every_example_has_both_environments_and_says_what_it_is() -> None:
    for directory in (path for path in EXAMPLES.iterdir() if path.is_dir()):
        assert {path.name for path in directory.iterdir()} == {
            "README.md",
            "existing.yaml",
            "local.yaml",
        }
        assert f"({directory.name})" in (EXAMPLES / "README.md").read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_api_takes_every_object_of_an_example(restricted: ApiServer, path: Path) -> None:
    config = yaml.safe_load(path.read_text())["config"]
    sections = {key.removeprefix("slipway:"): value for key, value in config.items()}
    sections["cluster"] = {
        **{key: value for key, value in sections["cluster"].items() if key == "node_pools"},
        "kind": "existing",
        "kubeconfig": str(restricted.kubeconfig),
    }
    shown_to(restricted, written(sections))
