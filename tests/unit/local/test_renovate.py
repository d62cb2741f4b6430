"""Renovate finds every pin of the repository by `.github/renovate.json`."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
CONFIG: Mapping[str, Any] = json.loads((ROOT / ".github" / "renovate.json").read_text())
#: The default file patterns of Renovate's managers.
_OWN = {
    "pip_requirements": r"(^|/)[\w-]*requirements([-._]\w+)?\.(txt|pip)$",
    "gomod": r"(^|/)go\.mod$",
    "github-actions": r"(^|/)\.github/workflows/.+\.ya?ml$",
}
#: Options of uv that Renovate's manager pip-compile accepts, as far as they are used here.
_UV_OPTIONS = {"--python-version", "--output-file", "--no-emit-package"}
_IMAGE = re.compile(r"(?:[a-z0-9.-]+/)*[a-z][a-z0-9._-]*:v?\d+\.\d[\w.-]*")
_VERSION = re.compile(r"v?\d+\.\d+\.\d+(?:[-+.]\w[\w.+-]*)?")
#: Constants that look like pins and have no datasource: file → pattern → reason.
NOT_FOLLOWED: Mapping[str, Mapping[str, str]] = {
    "components/clusters/eks/versions.py": {
        r"v.*-eksbuild\.\d+": "add-ons: only an AWS account lists them (describe-addon-versions)",
    },
    "components/clusters/ack/versions.py": {
        r".*-aliyun\.\d+": "ACK's releases: only its documentation lists them",
        r"v1\.\d+\.\d+": "ACK's CSI driver: only its documentation lists the versions",
    },
    "local/images/archive.py": {r"1\.0\.0": "the version of a format"},
    "local/cluster/programs.py": {r"1\.0\.0": "the version of a format"},
}


@dataclass(frozen=True)
class Pin:
    """A version that Renovate finds; `package` is its name at the datasource."""

    file: str
    package: str
    version: str


def tracked() -> list[str]:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in names.splitlines() if (ROOT / name).is_file()]


def python_pattern(text: str) -> re.Pattern[str]:
    """A pattern of Renovate, whose groups have JavaScript's syntax."""
    return re.compile(re.sub(r"\(\?<(?=\w)", "(?P<", text))


def matching(manager: str, settings: Mapping[str, Any]) -> list[str]:
    """The files that the manager reads."""
    patterns = [each.strip("/") for each in settings.get("managerFilePatterns", ())]
    patterns += [_OWN[manager]] if manager in _OWN else []
    included = settings.get("includePaths", ["*"])
    return [
        name
        for name in tracked()
        if any(re.search(pattern, name) for pattern in patterns)
        and any(fnmatch(name, glob) for glob in included)
    ]


def custom_pins(manager: Mapping[str, Any]) -> Iterator[Pin]:
    for file in matching("custom", manager):
        text = (ROOT / file).read_text()
        for pattern in manager["matchStrings"]:
            for match in python_pattern(pattern).finditer(text):
                groups = match.groupdict()
                assert groups.get("datasource") or manager.get("datasourceTemplate")
                package = groups.get("depName") or manager["depNameTemplate"]
                yield Pin(file, package, groups["currentValue"])


def lines(file: str) -> dict[str, str]:
    """Package → version in a requirements file, "" for a package without one."""
    text = re.sub(r"(?m)\s*#.*$", "", (ROOT / file).read_text())
    named = (line.partition("==") for line in text.splitlines() if line and line[0] not in " -")
    return {name.lower(): version for name, _, version in named}


def compile_command(file: str) -> tuple[dict[str, str], list[str]]:
    """The options and the sources of the command in the first lines of a compiled file, parsed as
    by Renovate."""
    first = re.match(r"(?:#.*\n)+?#    (.*)\n", (ROOT / file).read_text())
    assert first, f"{file} does not begin with the command that wrote it"
    program, *words = shlex.split(first[1])
    assert [program, *words[:2]] == ["uv", "pip", "compile"]
    options = dict(word.split("=", 1) for word in words[2:] if word.startswith("-"))
    return options, [word for word in words[2:] if not word.startswith("-")]


COMPILED = matching("pip-compile", CONFIG["pip-compile"])
CLOSURES = matching("pip_requirements", CONFIG["pip_requirements"])
GO_MODULES = matching("gomod", CONFIG.get("gomod", {}))


def go_versions(file: str) -> dict[str, str]:
    return dict(re.findall(r"(?m)^(?:require |\t)(\S+) (v\S+)$", (ROOT / file).read_text()))


@pytest.mark.parametrize("manager", CONFIG["customManagers"], ids=lambda each: each["description"])
def test_each_pattern_matches_a_pin_and_captures_its_version(manager: Mapping[str, Any]) -> None:
    for pattern in manager["matchStrings"]:
        found = list(custom_pins({**manager, "matchStrings": [pattern]}))
        assert found
        assert [
            pin for pin in found if not re.fullmatch(r"v?\d+(\.\d+)+[\w.-]*", pin.version)
        ] == []
    assert [
        each for each in manager["managerFilePatterns"] if not matching("custom", manager)
    ] == []


def test_each_requirements_file_is_read_by_one_manager() -> None:
    sources = {source for file in COMPILED for source in compile_command(file)[1]}
    every = {name for name in tracked() if re.search(r"(requirements|constraints)[^/]*$", name)}
    every = {name for name in every if name.endswith((".txt", ".in"))}
    read = [*COMPILED, *sources, *CLOSURES]
    assert sorted(read) == sorted(every)


@pytest.mark.parametrize("file", COMPILED)
def test_a_compiled_file_has_a_command_that_renovate_repeats(file: str) -> None:
    options, sources = compile_command(file)
    assert set(options) <= _UV_OPTIONS
    assert options["--output-file"] == file
    assert options["--python-version"] == "3.11"
    assert sources


@pytest.mark.parametrize("file", COMPILED)
def test_a_compiled_file_has_the_versions_of_its_sources(file: str) -> None:
    compiled = lines(file)
    for source in compile_command(file)[1]:
        assert lines(source)
        for package, version in lines(source).items():
            assert package in compiled
            assert version in ("", compiled[package])


def literals(file: str) -> Iterator[tuple[str, int]]:
    """The strings of a Python file that consist of an image with a version, or of a version, with
    their lines. Parts of f-strings and addresses are left out."""
    tree = ast.parse((ROOT / file).read_text())
    parts = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            text = node.value
            if _IMAGE.fullmatch(text) or (_VERSION.fullmatch(text) and not _is_address(text)):
                yield text, node.lineno


def _is_address(text: str) -> bool:
    """Whether it is an IP address or an object identifier of X.509: four numbers or more."""
    return re.fullmatch(r"\d+(\.\d+){3,}", text) is not None


def test_each_pin_in_the_code_is_found_or_has_a_reason() -> None:
    found = {
        (pin.file, pin.version) for each in CONFIG["customManagers"] for pin in custom_pins(each)
    }
    missing = []
    used = set()
    for file in tracked():
        if not re.match(r"(components|local|client|why|policy)/.*\.py$", file):
            continue
        for text, line in literals(file):
            if (file, text.rpartition(":")[2]) in found:
                continue
            reasons = [each for each in NOT_FOLLOWED.get(file, {}) if re.fullmatch(each, text)]
            used |= {(file, each) for each in reasons}
            missing += [] if reasons else [f"{file}:{line}: {text}"]
    assert missing == []
    assert used == {(file, each) for file, reasons in NOT_FOLLOWED.items() for each in reasons}


def test_each_version_of_a_program_names_its_source() -> None:
    file = "local/toolchain/pins.py"
    named = dict(re.findall(r"depName=(\S+)\n([A-Z_]+) = ", (ROOT / file).read_text()))
    versions = re.findall(r"(?m)^([A-Z_]+) = \"v?\d[^\"]*\"$", (ROOT / file).read_text())
    assert sorted(named.values()) == sorted(versions)


def test_a_go_program_has_the_version_that_its_module_requires() -> None:
    text = (ROOT / "local" / "toolchain" / "pins.py").read_text()
    pins = re.findall(r'datasource=go depName=(\S+)\n[A-Z_]+ = "(.+)"', text)
    required = [pair for file in GO_MODULES for pair in go_versions(file).items()]
    assert len(pins) > 5
    assert [pin for pin in pins if pin not in required] == []


def test_each_rule_is_about_something_that_is_pinned() -> None:
    packages = {pin.package for each in CONFIG["customManagers"] for pin in custom_pins(each)}
    packages |= {name for file in (*COMPILED, *CLOSURES) for name in lines(file)}
    packages |= {name for file in GO_MODULES for name in go_versions(file)}
    packages.add("python")  # the input of actions/setup-python, and `requires-python`
    for rule in CONFIG["packageRules"]:
        for name in rule.get("matchPackageNames", ()):
            assert any(fnmatch(package, name) for package in packages), f"{name} is not pinned"
        for glob in rule.get("matchFileNames", ()):
            assert any(fnmatch(file, glob) for file in tracked()), f"{glob} is no file"
