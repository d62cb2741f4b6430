"""The test suites, and the environments that they run in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local import bootstrap, paths
from local.paths import Clone

LAYERS = ("unit", "engine", "cluster")
SERVING = "serving"
CLOUDS = "clouds"
DRAIN = "drain"
#: Tests that take longer than all layers together: run only if they are named.
LONG = {
    SERVING: "tests/cluster/serving",
    "kills": "tests/cluster/kills",
    CLOUDS: "tests/engine/clouds",
    DRAIN: "tests/engine/clouds/drain",
}
#: Layers that run a cluster with a node on this machine.
ON_NODES = {"cluster", SERVING, "kills"}


@dataclass(frozen=True)
class Suite:
    """Tests of one layer, run by the interpreter that `python` returns."""

    layer: str
    name: str
    paths: tuple[str, ...]
    python: Callable[[Clone], Path]
    options: tuple[str, ...] = ()


def _with_pytest(title: str, *requirements: str) -> Callable[[Clone], Path]:
    """An environment in the cache with `requirements` and pytest, used by tests only."""

    def python(clone: Clone) -> Path:
        files = [str(clone.root / each) for each in (*requirements, "tests/requirements.txt")]
        pins = bootstrap.digest(*files)
        venv = paths.cache_dir() / f"venv-test-{title}-{pins}"
        listed = (part for file in files for part in ("-r", file))
        return bootstrap.ensure(venv, f"tests of {title}", "--no-deps", *listed)

    return python


def checkov(clone: Clone) -> Path:
    """The environment of checkov, in the cache."""
    requirements = str(clone.root / "tests" / "scan" / "requirements.txt")
    venv = paths.cache_dir() / f"venv-checkov-{bootstrap.digest(requirements)}"
    return bootstrap.ensure(venv, "checkov", "--no-deps", "-r", requirements)


LOCAL = _with_pytest("local", "local/plugins/requirements.txt")
CLIENT = _with_pytest("client", "client/requirements.txt")
IMAGES = _with_pytest("images", "local/images/tflite_serving/requirements.txt")
#: The storage initializer, which copies models out of buckets, and emulators of S3 and GCS.
_STORAGE = _with_pytest(
    "storage",
    "local/images/storage_initializer/requirements.txt",
    "local/images/emulators/requirements.txt",
)
_PROGRAM_TESTS = (
    "tests/unit/components",
    "tests/unit/config",
    "tests/unit/why",
    "tests/unit/test_imports.py",
    "tests/unit/test_contracts.py",
)
#: An engine run mostly waits for interpreters to start: two at a time use two cores.
_SIDE_BY_SIDE = ("--numprocesses=2",)
#: A suite of their own, since they start a cluster of their own.
_OWN = ("tests/cluster/test_existing.py", "tests/cluster/test_readme_own.py")
_NOT_THESE = tuple(f"--ignore={path}" for path in (*_OWN, *LONG.values()))

#: The longest suite of a layer comes first, the others use what it leaves of two cores.
SUITES = (
    Suite(
        "engine", "engine", ("tests/engine", *_NOT_THESE), bootstrap.clouds_python, _SIDE_BY_SIDE
    ),
    Suite("unit", "program", _PROGRAM_TESTS, bootstrap.clouds_python),
    Suite("unit", "local", ("tests/unit/local",), LOCAL),
    Suite("unit", "client", ("tests/unit/client",), CLIENT),
    Suite("unit", "images", ("tests/unit/images",), IMAGES),
    Suite("unit", "storage", ("tests/unit/storage",), _STORAGE),
    Suite("cluster", "cluster", ("tests/cluster", *_NOT_THESE), bootstrap.program_python),
    Suite("cluster", "own", _OWN, bootstrap.program_python),
    Suite(SERVING, SERVING, (LONG[SERVING],), bootstrap.program_python, ("--verbose",)),
    Suite("kills", "kills", (LONG["kills"],), bootstrap.program_python, ("--verbose",)),
    Suite(
        CLOUDS,
        "engine",
        (LONG[CLOUDS], f"--ignore={LONG[DRAIN]}"),
        bootstrap.clouds_python,
        _SIDE_BY_SIDE,
    ),
    Suite(CLOUDS, "unit", ("tests/unit/clouds",), bootstrap.clouds_python),
    Suite(CLOUDS, "policy", ("tests/unit/policy",), bootstrap.clouds_python),
    Suite(CLOUDS, "checkov", ("tests/scan/test_policies.py",), checkov),
    Suite(DRAIN, DRAIN, (LONG[DRAIN],), bootstrap.clouds_python, ("--verbose",)),
)
