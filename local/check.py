"""`make test` and `make lint`. Each suite runs in the environment of the code that it tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from local import bootstrap, paths, prepare
from local.errors import LocalError
from local.images import recipes
from local.paths import Clone
from local.progress import say, step
from local.toolchain import plugins
from local.toolchain.pins import FOR_UP
from local.toolchain.tools import Toolbox

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
#: Programs that only these layers need.
_EXTRA_PROGRAMS = {SERVING: ("metrics-server", "kwok"), DRAIN: ("kwok", "karpenter")}
#: Layers that run a cluster with a node on this machine.
ON_NODES = {"cluster", SERVING, "kills"}


class CheckError(LocalError):
    """A suite failed; its output is printed above."""


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


def _checkov(clone: Clone) -> Path:
    """The environment of checkov, in the cache."""
    requirements = str(clone.root / "tests" / "scan" / "requirements.txt")
    venv = paths.cache_dir() / f"venv-checkov-{bootstrap.digest(requirements)}"
    return bootstrap.ensure(venv, "checkov", "--no-deps", "-r", requirements)


@dataclass(frozen=True)
class Row:
    """The result of one suite. `output` is empty if it was shown while the suite ran."""

    suite: Suite
    code: int
    seconds: float
    output: str


_LOCAL = _with_pytest("local", "local/plugins/requirements.txt")
_CLIENT = _with_pytest("client", "client/requirements.txt")
_IMAGES = _with_pytest("images", "local/images/tflite_serving/requirements.txt")
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
#: pytest's exit code if `-k` selects none of a suite's tests.
_NONE_CHOSEN = 5
#: A suite of their own, since they start a cluster of their own.
_OWN = ("tests/cluster/test_existing.py", "tests/cluster/test_readme_own.py")
_PROGRAM = ("components", "why", "__main__.py")
_POLICY = ("policy/__main__.py", "policy/rules")
_NOT_THESE = tuple(f"--ignore={path}" for path in (*_OWN, *LONG.values()))

#: The longest suite of a layer comes first, the others use what it leaves of two cores.
SUITES = (
    Suite(
        "engine", "engine", ("tests/engine", *_NOT_THESE), bootstrap.clouds_python, _SIDE_BY_SIDE
    ),
    Suite("unit", "program", _PROGRAM_TESTS, bootstrap.clouds_python),
    Suite("unit", "local", ("tests/unit/local",), _LOCAL),
    Suite("unit", "client", ("tests/unit/client",), _CLIENT),
    Suite("unit", "images", ("tests/unit/images",), _IMAGES),
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
    Suite(CLOUDS, "checkov", ("tests/scan/test_policies.py",), _checkov),
    Suite(DRAIN, DRAIN, (LONG[DRAIN],), bootstrap.clouds_python, ("--verbose",)),
)


def test(clone: Clone, layers: tuple[str, ...], extra: tuple[str, ...] = ()) -> None:
    """Run the suites of `layers`; `extra` goes to pytest. Raises `CheckError` if any fails."""
    environment = dict(os.environ)
    if set(layers) - {"unit"}:
        box = prepare.toolbox()
        if os.environ.get("SLIPWAY_PLUGINS") == "official":
            plugins.expect_official(clone, box)  # before any tool is built
        extra_programs = (
            name for layer, names in _EXTRA_PROGRAMS.items() if layer in layers for name in names
        )
        tools = prepare.programs(clone, box, tuple(dict.fromkeys((*FOR_UP, *extra_programs))))
        if {CLOUDS, DRAIN} & set(layers):
            box.sources("karpenter")
        prepare.environments(clone)
        bootstrap.policy_python(clone)
        prepare.plugin_set(clone, box)
        if ON_NODES & set(layers):
            prepare.image_archives(
                box, recipes.ALL if SERVING in layers else prepare.stack_images(clone)
            )
        environment |= _tool_paths(clone, box, {name: tool.path for name, tool in tools.items()})
    chosen = [suite for suite in SUITES if suite.layer in layers]
    runs = [(suite, suite.python(clone)) for suite in chosen]
    if len(runs) == 1:
        rows = [_run(clone, *runs[0], extra, environment, captured=False)]
    else:
        rows = _side_by_side(clone, runs, extra, environment)
    say("")
    chosen_some = [row for row in rows if row.code != _NONE_CHOSEN]
    for row in chosen_some:
        mark = "✗" if row.code else "✓"
        say(f"{mark} {row.suite.layer:<8} {row.suite.name:<8} {row.seconds:6.0f} s")
    if not chosen_some:
        raise CheckError(f"no test of {', '.join(layers)} is chosen by `{' '.join(extra)}`")
    if any(row.code for row in chosen_some):
        raise CheckError("some tests failed")


def _side_by_side(
    clone: Clone,
    runs: list[tuple[Suite, Path]],
    extra: tuple[str, ...],
    environment: Mapping[str, str],
) -> list[Row]:
    """Run all suites that start a cluster at once, since they mostly wait, and beside them the
    others, three at a time."""
    rows = []
    with ThreadPoolExecutor() as clusters, ThreadPoolExecutor(3) as others:
        running = [
            (clusters if suite.layer in ON_NODES else others).submit(
                _run, clone, suite, python, extra, environment, captured=True
            )
            for suite, python in runs
        ]
        for (suite, _), one in zip(runs, running, strict=True):
            with step(f"{suite.layer}: {suite.name}"):
                rows.append(one.result())
            print(rows[-1].output, flush=True)
    return rows


def _run(
    clone: Clone,
    suite: Suite,
    python: Path,
    extra: tuple[str, ...],
    environment: Mapping[str, str],
    *,
    captured: bool,
) -> Row:
    if not captured:
        say(f"\n── {suite.layer}: {suite.name}")
    started = time.monotonic()
    done = subprocess.run(
        [str(python), "-m", "pytest", *suite.options, *extra, *suite.paths],
        cwd=clone.root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if captured else None,
        stderr=subprocess.STDOUT if captured else None,
        text=True,
        check=False,
    )
    return Row(suite, done.returncode, time.monotonic() - started, done.stdout or "")


def _tool_paths(clone: Clone, box: Toolbox, tools: dict[str, Path]) -> dict[str, str]:
    """A PATH with every tool in front of the present PATH."""
    directories = [str(clone.bin), str(clone.venv / "bin")]
    directories += sorted({str(path.parent) for path in tools.values()})
    directories.append(str(box.debian("etcd") / "usr" / "bin"))
    return {
        "PATH": os.pathsep.join([*directories, os.environ.get("PATH", os.defpath)]),
        "SLIPWAY_LOCAL_PYTHON": sys.executable,
    }


def lint(clone: Clone) -> None:
    """ruff over everything, mypy --strict over the program, the client and `local`, actionlint and
    zizmor over the GitHub workflows."""
    program = bootstrap.clouds_python(clone)
    actionlint = prepare.toolbox().ensure(["actionlint"])["actionlint"].path
    failed = False
    # `local/images` has an environment of its own: mypy follows imports of it here, and checks it
    # there.
    everything_but_images = [
        f"local/{part}" for part in ("clouds", "cluster", "plugins", "toolchain")
    ] + ["local/__main__.py"]
    for command in (
        ["ruff", "format", "--check", "."],
        ["ruff", "check", "."],
        ["mypy", "--python-executable", str(program), *_PROGRAM, _contracts(clone, program)],
        ["mypy", "--python-executable", str(bootstrap.policy_python(clone)), *_POLICY],
        ["mypy", "--python-executable", str(_CLIENT(clone)), "client"],
        ["mypy", "--python-executable", str(_LOCAL(clone)), *everything_but_images],
        ["mypy", "--python-executable", str(_IMAGES(clone)), "local/images"],
        # Neither asks shellcheck nor GitHub, so that the answer is the same on every machine.
        ["actionlint", "-shellcheck=", "-pyflakes="],
        ["zizmor", "--offline", "--quiet", "--persona=pedantic", ".github"],
    ):
        say(f"── {' '.join(part for part in command if not part.startswith('/'))}")
        directory = actionlint.parent if command[0] == "actionlint" else program.parent
        path = [str(directory / command[0]), *command[1:]]
        if command[0] == "mypy":
            # One cache an environment, since mypy takes stale results from another's; shared by
            # all clones, since reading the clouds' SDKs takes minutes.
            cache = paths.cache_dir() / "mypy" / Path(command[2]).parts[-3]
            path.append(f"--cache-dir={cache}")
        failed |= bool(subprocess.run(path, cwd=clone.root, check=False).returncode)
    if failed:
        raise CheckError("lint found something")


def _contracts(clone: Clone, program: Path) -> str:
    """A file that type-checks where every registered class keeps its contract."""
    printed = subprocess.run(
        [str(program), "-m", "components.registry"],
        cwd=clone.root,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    path = clone.root / ".slipway" / "registry_contracts.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(printed)
    return str(path.relative_to(clone.root))


def scan(clone: Clone) -> None:
    """Run checkov and kube-score on the objects that the program creates (`tests/scan`)."""
    box = prepare.toolbox()
    tools = prepare.programs(clone, box, ("helm", "kube-score"))
    directories = [str(_checkov(clone).parent), *(str(tool.path.parent) for tool in tools.values())]
    path = os.pathsep.join([*directories, os.environ.get("PATH", os.defpath)])
    command = [str(bootstrap.program_python(clone)), "-m", "tests.scan"]
    environment = {**os.environ, "PATH": path}
    if subprocess.run(command, cwd=clone.root, env=environment, check=False).returncode:
        raise CheckError("the scanners found something")


def bench(clone: Clone) -> None:
    """Run `tests/bench`, which starts a cluster of its own and prints what Slipway costs."""
    python = str(bootstrap.program_python(clone))
    command = [python, "-m", "tests.bench"]
    if subprocess.run(command, cwd=clone.root, check=False).returncode:
        raise CheckError("the benchmark did not end well")
