"""The environments in `examples/`, on a real API server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.config.load import validate
from tests.engine.apiserver import ApiServer
from tests.engine.program.dry_run import check_accepted, objects_of

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
FILES = sorted(EXAMPLES.glob("*/*.yaml"))

#: The stack files that an example may have: for clusters that exist, for one that the stack creates
#: in a cloud, or for both.
EXISTING = {"existing.yaml", "local.yaml"}
ENVIRONMENTS = (EXISTING, {"eks.yaml"}, {"gke.yaml"}, {"ack.yaml"}, EXISTING | {"ack.yaml"})


def test_every_example_has_its_environments_and_a_description() -> None:
    for directory in (path for path in EXAMPLES.iterdir() if path.is_dir()):
        files = {path.name for path in directory.iterdir()}
        assert "README.md" in files
        assert files - {"README.md"} in ENVIRONMENTS
        assert f"({directory.name})" in (EXAMPLES / "README.md").read_text()


def node_pools(sections: dict[str, Any]) -> dict[str, Any]:
    """The pools of the example's cluster, as options of an existing cluster."""
    if sections["cluster"]["kind"] in ("existing", "local"):
        return dict(sections["cluster"].get("node_pools", {}))
    config, found = validate(sections)
    assert config and not found
    return {
        name: pool.model_dump(mode="json", exclude_none=True)
        for name, pool in config.cluster.pools().items()
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_api_accepts_every_object_of_an_example(restricted: ApiServer, path: Path) -> None:
    config = yaml.safe_load(path.read_text())["config"]
    sections = {key.removeprefix("slipway:"): value for key, value in config.items()}
    if sections["cluster"]["kind"] not in ("existing", "local"):
        for model in sections["models"].values():  # only a cloud gives pods an identity
            source = model["source"]
            if source["kind"] in ("s3", "gcs") and not source.get("anonymous"):
                source.setdefault("credentials", "bucket-key")
    sections["cluster"] = {
        "node_pools": node_pools(sections),
        "kind": "existing",
        "kubeconfig": str(restricted.kubeconfig),
    }
    check_accepted(restricted, objects_of(sections))
