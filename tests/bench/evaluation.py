"""What an evaluation of the program costs, with an engine that is mocked."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.bench.figures import RUNS, medians, table
from tests.cluster.checkout import ROOT, Checkout

HERE = Path(__file__).parent
CLOUDS = ("ack", "eks", "gke")


def evaluated(checkout: Checkout, script: str, *arguments: str) -> dict[str, float]:
    """Seconds, kilobytes and resources of one evaluation by `script`, in a process of its own."""
    done = checkout.run(".venv/bin/python", str(HERE / script), *arguments, env={"PYTHONPATH": "."})
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def evaluation(checkout: Checkout) -> None:
    objects = str(checkout.root / "registered.json")
    rows, ratios = [], []
    bare: dict[str, float] = {}
    for models in (0, 1, 10, 100):
        evaluated(checkout, "evaluate.py", str(models), objects)
        ours, typed = [], []
        for _ in range(RUNS):  # in turns, so that a disturbance affects both
            ours.append(evaluated(checkout, "evaluate.py", str(models)))
            typed.append(evaluated(checkout, "typed.py", objects))
        program, sdk = medians(ours), medians(typed)
        bare = bare or program
        each = [(program[key] - bare[key]) / max(models, 1) for key in ("seconds", "kilobytes")]
        rows.append(
            [
                str(models),
                str(int(program["resources"])),
                f"{program['seconds']:.2f} s",
                f"{program['kilobytes'] / 1024:.0f} MB",
                f"{each[0] * 1000:.1f} ms" if models else "-",
                f"{each[1]:.0f} KB" if models else "-",
            ]
        )
        ratios.append(
            [
                str(models),
                str(int(sdk["resources"])),
                f"{sdk['seconds']:.2f} s",
                f"{sdk['kilobytes'] / 1024:.0f} MB",
                f"{program['seconds'] / sdk['seconds']:.2f}",
                f"{program['kilobytes'] / sdk['kilobytes']:.2f}",
            ]
        )
    header = ["models", "resources", "time", "peak memory", "time a model", "memory a model"]
    table(f"Evaluating the program (mocked engine, median of {RUNS})", header, rows)
    header = ["models", "resources", "time", "peak memory", "time: ours / it", "memory: ours / it"]
    table(
        "The same Kubernetes objects by the SDK's own classes, without components", header, ratios
    )


def clouds(checkout: Checkout) -> None:
    """Evaluate the stack files that create a cluster, with an interpreter that has the clouds'
    SDKs."""
    script = (
        "from local import bootstrap, paths; print(bootstrap.clouds_python(paths.Clone.here()))"
    )
    python = checkout.run("python3", "-c", script).stdout.splitlines()[-1]
    rows = []
    for path in sorted([*ROOT.glob("Pulumi.*.yaml"), *ROOT.glob("examples/*/*.yaml")]):
        name = str(path.relative_to(ROOT))
        config = yaml.safe_load(path.read_text())["config"]
        if config["slipway:cluster"]["kind"] not in CLOUDS:
            continue
        command = (python, str(HERE / "stack.py"), name)
        lines = [checkout.run(*command, env={"PYTHONPATH": "."}).stdout for _ in range(RUNS)]
        figures = medians([json.loads(line.splitlines()[-1]) for line in lines])
        size = f"{figures['kilobytes'] / 1024:.0f} MB"
        rows.append([name, str(int(figures["resources"])), f"{figures['seconds']:.2f} s", size])
    header = ["stack file", "resources", "time", "peak memory"]
    title = f"Evaluating the stacks of the clouds (mocked engine, median of {RUNS})"
    table(title, header, rows)
