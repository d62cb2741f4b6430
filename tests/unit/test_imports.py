"""Which room imports which: nothing flows back."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SDKS = ("pulumi_kubernetes", "pulumi_tls", "pulumi_aws", "pulumi_gcp", "pulumi_alicloud")

#: The rooms that build what is deployed.
COMPONENTS = (
    "components.addons",
    "components.clusters",
    "components.gateways",
    "components.models",
    "components.platform",
    "components.runtimes",
    "components.sources",
    "components.stack",
)


def but(*rooms: str) -> tuple[str, ...]:
    """`COMPONENTS` without `rooms`, of which some part is allowed."""
    return tuple(each for each in COMPONENTS if each not in rooms)


# What a room must not import, by the beginning of the module's name.
FORBIDDEN: dict[str, tuple[str, ...]] = {
    "__main__.py": ("pulumi_", *but("components.stack"), "local", "client"),
    "components": ("local", "client", "tests"),
    "components/config": (*SDKS, *COMPONENTS, "components.contracts", "components.kubernetes"),
    "components/contracts": (*SDKS, *COMPONENTS, "components.registry"),
    "components/registry.py": ("components", "pulumi"),
    "components/stack.py": (
        *SDKS,
        *but("components.addons", "components.models", "components.platform", "components.stack"),
    ),
    "components/models.py": (
        *SDKS,
        *but("components.addons", "components.models", "components.platform"),
    ),
    "components/addons": but("components.addons", "components.platform"),
    "components/clusters": (
        *but("components.clusters"),
        "components.config.model_options",
        "components.config.load",
    ),
    "components/gateways": (
        *but("components.gateways", "components.platform"),
        "components.config.model_options",
        "components.config.load",
    ),
    "components/platform": (
        *but("components.platform"),
        "components.config.model_options",
        "components.config.load",
    ),
    "components/runtimes": (*but("components.runtimes"), "components.config.load"),
    "components/sources": (*but("components.sources"), "components.config.load"),
    "client": ("components", "local", "pulumi"),
    "why": ("components", "local", "client", "pulumi", "kubernetes"),
    "policy/rules": ("components", "local", "client", "pulumi"),
}
#: Imports inside functions: SDKs and programs that most stacks do without.
MOST_LATE_IMPORTS = 20
MOST_STACK_LINES = 80
MOST_LINES = 300


def files(room: str) -> list[Path]:
    path = ROOT / room
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Every module that `path` imports when it runs, wherever in it; types alone do not count."""
    tree = ast.parse(path.read_text())
    types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in types:
            continue
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def begins(module: str, start: str) -> bool:
    return module == start or module.startswith(start if start.endswith("_") else f"{start}.")


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    assert files(room)
    wrong = {
        f"{path.relative_to(ROOT)} imports {module}"
        for path in files(room)
        for module in imports(path)
        for start in FORBIDDEN[room]
        if begins(module, start)
    }
    assert sorted(wrong) == []


def test_only_the_config_reads_the_configuration_of_pulumi() -> None:
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in files("components")
        if "pulumi.Config(" in path.read_text() or "engine_config" in path.read_text()
    }
    assert readers == {"components/config/load.py"}


def test_only_the_main_module_exports() -> None:
    exporters = [
        path.relative_to(ROOT).as_posix()
        for path in files("components")
        if "pulumi.export(" in path.read_text()
    ]
    assert exporters == []


def test_the_main_module_stays_under_thirty_lines() -> None:
    assert len((ROOT / "__main__.py").read_text().splitlines()) < 30


def test_reading_a_config_loads_no_sdk_of_a_cluster_or_a_cloud() -> None:
    program = (
        "import sys, components.config.load; "
        f"print([name for name in {SDKS!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_python_file_has_at_most_300_lines() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    lines = {
        name: len((ROOT / name).read_text().splitlines())
        for name in tracked
        if (ROOT / name).is_file()
    }
    assert "tests/unit/test_imports.py" in lines
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}


def test_the_options_of_every_kind_load_no_component() -> None:
    """The registry imports by name, which no reading of the source shows."""
    program = (
        "import sys; from components import registry; import components.config.load\n"
        "for area in registry.AREAS.values():\n"
        "    for kind in area.kinds(): area.options(kind)\n"
        "components = {each.component.partition(':')[0]\n"
        "    for area in registry.AREAS.values() for each in area.entries.values()}\n"
        f"print(sorted((components | set({SDKS!r})) & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports inside functions count."""
    modules = {
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", "."): path
        for path in files("components")
    }
    graph = {
        name: {each for each in imports(path) if each in modules} for name, path in modules.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_few_imports_stand_inside_functions() -> None:
    late = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files("components")
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert len(set(late)) < MOST_LATE_IMPORTS, sorted(set(late))


def test_the_stack_stays_a_line_from_cluster_to_outputs() -> None:
    assert len((ROOT / "components" / "stack.py").read_text().splitlines()) < MOST_STACK_LINES
