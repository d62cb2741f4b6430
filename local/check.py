"""`make test`, where each suite runs in the environment of the code that it tests, `make scan` and
`make bench`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from local import bootstrap, prepare
from local.errors import LocalError
from local.images import recipes
from local.paths import Clone
from local.progress import say, step
from local.suites import CLOUDS, DRAIN, ON_NODES, SERVING, SUITES, Suite, checkov
from local.toolchain import plugins
from local.toolchain.programs import FOR_UP
from local.toolchain.tools import Toolbox

#: Programs that only these layers need.
_EXTRA_PROGRAMS = {SERVING: ("metrics-server", "kwok"), DRAIN: ("kwok", "karpenter")}
#: pytest's exit code if `-k` selects none of a suite's tests.
_NONE_CHOSEN = 5


class CheckError(LocalError):
    """A suite failed; its output is printed above."""


@dataclass(frozen=True)
class Row:
    """The result of one suite. `output` is empty if it was shown while the suite ran."""

    suite: Suite
    code: int
    seconds: float
    output: str


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


def scan(clone: Clone) -> None:
    """Run checkov and kube-score on the objects that the program creates (`tests/scan`)."""
    box = prepare.toolbox()
    tools = prepare.programs(clone, box, ("helm", "kube-score"))
    directories = [str(checkov(clone).parent), *(str(tool.path.parent) for tool in tools.values())]
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
