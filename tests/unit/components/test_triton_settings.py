"""The program that merges a stack file's settings into a model's `config.pbtxt`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from components.config.versions import Versions
from components.runtimes import triton_settings
from components.runtimes.triton_model_config import config_text
from components.runtimes.triton_settings import fields, merged

CONFIG = """\
# A comment: max_batch_size: 3 { "
backend: "python" enabled: true max_batch_size: 0;
name: 'it''s { not } "a" field: 1'
input [
  { name: "x", data_type: TYPE_FP32, dims: [ -1 ] } # version_policy { }
]
version_policy: { latest { num_versions: 1 } }
parameters { key: "max_batch_size" value < string_value: "8" > }
dynamic_batching { } model_warmup [ { name: "a" }, { name: "b" } ]
output { name: "y\\"}" dims: 1 }
"""


def names(text: str) -> list[str]:
    return [name for name, _ in fields(text) if name]


def test_the_fields_of_a_configuration_are_those_at_its_top() -> None:
    assert names(CONFIG) == [
        "backend",
        "enabled",
        "max_batch_size",
        "name",
        "input",
        "version_policy",
        "parameters",
        "dynamic_batching",
        "model_warmup",
        "output",
    ]
    assert "".join(text for _, text in fields(CONFIG)) == CONFIG


def test_a_setting_overrides_the_model_s_own_and_keeps_the_other_fields() -> None:
    settings = "max_batch_size: 8\nmodel_warmup { name: 'c' }\n"
    result = merged(CONFIG, settings)
    assert sorted(names(result)) == sorted(names(CONFIG))
    assert result.endswith(settings)
    kept = [pair for pair in fields(CONFIG) if pair[0] not in ("max_batch_size", "model_warmup")]
    assert all(text.strip() in result for _, text in kept)
    assert '"a" }' not in result


@pytest.mark.parametrize("config", ["", "# nothing\n", "max_batch_size: 1", "max_batch_size:1 #x"])
def test_a_setting_is_added_to_a_model_without_it(config: str) -> None:
    assert names(merged(config, "max_batch_size: 8\n")) == ["max_batch_size"]


def run(home: Path, *models: str) -> subprocess.CompletedProcess[str]:
    directories = [str(home / name) for name in ("models", "settings", "written")]
    command = [sys.executable, "-I", triton_settings.__file__, *directories, *models]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in ("models/a", "models/b", "settings", "written"):
        (tmp_path / name).mkdir(parents=True)
    for name in "ab":
        (tmp_path / "settings" / f"{name}.pbtxt").write_text("max_batch_size: 8\n")
    (tmp_path / "models/a/config.pbtxt").write_text('backend: "python"\n')
    return tmp_path


def test_the_configuration_of_each_model_is_written_by_any_python(home: Path) -> None:
    assert run(home, "a").returncode == 0
    assert (home / "written/a.pbtxt").read_text() == 'backend: "python"\nmax_batch_size: 8\n'


def test_a_model_without_a_configuration_is_an_error_that_says_what_needs_one(home: Path) -> None:
    done = run(home, "a", "b")
    assert done.returncode == 1
    assert "model b has no config.pbtxt beside its versions" in done.stderr


@pytest.mark.parametrize(
    ("existing", "words"),
    [(("1", "2"), "it has 1, 2"), ((), "it has none"), (("01", "new"), "it has none")],
)
def test_the_message_about_missing_versions_lists_those_that_exist(
    home: Path, existing: Sequence[str], words: str
) -> None:
    (home / "settings/a.pbtxt").write_text(config_text(Versions(specific=(7, 8)), None, None))
    for name in existing:
        (home / "models/a" / name).mkdir()
    done = run(home, "a")
    assert done.returncode == 1
    assert done.stderr.strip() == f"model a has no version 7 or 8; {words}"


@pytest.mark.parametrize("versions", [Versions(specific=(1, 7)), Versions(latest=2), Versions()])
def test_a_model_with_one_of_the_versions_is_no_error(home: Path, versions: Versions) -> None:
    (home / "settings/a.pbtxt").write_text(config_text(versions, None, None))
    (home / "models/a/1").mkdir()
    assert run(home, "a").returncode == 0
