"""`make bench`: what Slipway costs, as ratios of figures that are measured in one run.

- `make up` with cached tools;
- evaluating the program for more and more models, and for the stacks of the clouds;
- an `up` without a change, against a `kubectl apply --server-side` of the same objects;
- a prediction through the gateway, against one to the pod's Service;
- a prediction of many numbers in each encoding.

Everything runs in a checkout and a cluster of its own.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.checkout import ROOT, Checkout

HERE = Path(__file__).parent
#: Runs of each figure; the median is printed.
RUNS = 5
UP = ("up", "--yes", "--skip-preview", "--stack", "dev")
CALLS = 500
BATCHES = 40
CLOUDS = ("ack", "eks", "gke")


def table(title: str, header: list[str], rows: list[list[str]]) -> None:
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    print(f"\n{title}")
    for row in [header, *rows]:
        print("  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)))
    sys.stdout.flush()


def median(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(RUNS))


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def warm_up(checkout: Checkout) -> None:
    """Time `make up` with cached tools and images. Leaves the stack up."""
    new = seconds(lambda: checkout.run("make", "up"))
    again = seconds(lambda: checkout.run("make", "up"))
    checkout.run("make", "down")
    after = seconds(lambda: checkout.run("make", "up"))
    rows = [
        ["in a new clone", f"{new:.1f} s"],
        ["after `make down`", f"{after:.1f} s"],
        ["with everything up", f"{again:.1f} s"],
    ]
    table("`make up` with the tools cached (once each)", ["", "time"], rows)


def evaluated(checkout: Checkout, script: str, *arguments: str) -> dict[str, float]:
    """Seconds, kilobytes and resources of one evaluation by `script`, in a process of its own."""
    done = checkout.run(".venv/bin/python", str(HERE / script), *arguments, env={"PYTHONPATH": "."})
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def medians(runs: list[dict[str, float]]) -> dict[str, float]:
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


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


def applied_objects(checkout: Checkout) -> Path:
    """Write the stack's Kubernetes objects to a manifest for kubectl; returns its path."""
    exported = checkout.pulumi("stack", "export", "--show-secrets", "--stack", "dev").stdout
    resources = json.loads(exported)["deployment"]["resources"]
    objects = [
        each["inputs"] | {"metadata": _metadata(each["inputs"]["metadata"])}
        for each in resources
        if each["type"].startswith("kubernetes:") and "kind" in each.get("inputs", {})
    ]
    path = checkout.root / "objects.json"
    manifest = {"apiVersion": "v1", "kind": "List", "items": _plain(objects)}
    path.write_text(json.dumps(manifest))
    return path


def _metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in metadata.items() if key != "managedFields"}


def _plain(value: Any) -> Any:
    """`value` with the engine's secrets replaced by their plain values."""
    if isinstance(value, dict):
        if "plaintext" in value:
            return _plain(json.loads(value["plaintext"]))
        return {key: _plain(inner) for key, inner in value.items() if not key.startswith("__")}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def unchanged_up(checkout: Checkout) -> None:
    rows = []
    config = checkout.config()
    model = config["config"]["slipway:models"]["half_plus_two"]
    for models in (1, 10, 50):
        small = {"requests": {"cpu": "10m", "memory": "64Mi"}}
        source = {**model["source"], "path": "half_plus_two"}
        config["config"]["slipway:models"] = {
            f"half_plus_two_{number}": {**model, "resources": small, "source": source}
            for number in range(models)
        }
        checkout.write_config(config)
        created = seconds(lambda: checkout.run("pulumi", *UP, timeout=1200))
        objects = applied_objects(checkout)
        server_side_apply(checkout, objects)  # the first one makes it a co-owner of the fields
        runs = [(no_op_up(checkout), server_side_apply(checkout, objects)) for _ in range(3)]
        no_op, applied = (statistics.median(times) for times in zip(*runs, strict=True))
        count = len(json.loads(objects.read_text())["items"])
        rows.append(
            [
                str(models),
                str(count),
                f"{created:.1f} s",
                f"{no_op:.2f} s",
                f"{applied:.2f} s",
                f"{no_op / applied:.1f}",
            ]
        )
    header = ["models", "objects", "up that adds them", "no-op up", "no-op apply", "ratio"]
    table(
        "A `pulumi up` and a `kubectl apply --server-side` that change nothing, same objects"
        " (median of 3)",
        header,
        rows,
    )


def no_op_up(checkout: Checkout) -> float:
    return seconds(lambda: checkout.pulumi(*UP, "--expect-no-changes"))


def server_side_apply(checkout: Checkout, objects: Path) -> float:
    """Seconds for kubectl to apply all objects unchanged, once it co-owns their fields. Conflicts
    are forced, since the API server reports them for empty values (`ingress: []`)."""
    apply = ("apply", "--server-side", "--force-conflicts", "--field-manager=bench", "-o", "name")
    return seconds(lambda: checkout.kubectl(*apply, "-f", str(objects)))


def service_address(checkout: Checkout, instance: str) -> str:
    selector = f"app.kubernetes.io/instance={instance}"
    return checkout.kubectl(
        "get", "services", "-n", "models", "-l", selector,
        "-o", "jsonpath={.items[0].spec.clusterIP}",
    )  # fmt: skip


def inside(checkout: Checkout, *arguments: str) -> str:
    """The output of the client's interpreter inside the cluster's network, where Services are
    reached."""
    enter = checkout.run("python3", "-m", "local", "nsenter").stdout.split()
    command = [*enter, f"--wd={checkout.root}", ".venv-client/bin/python", *arguments]
    return checkout.run(*command, env={"PYTHONPATH": "."}).stdout


def gateway(checkout: Checkout) -> None:
    outputs = checkout.root / "outputs.json"
    outputs.write_text(json.dumps(checkout.outputs()))
    model = "half_plus_two"
    target = f"{service_address(checkout, 'half-plus-two')}:8500"
    script = str(HERE / "through_gateway.py")
    figures = json.loads(inside(checkout, script, str(outputs), model, target, str(CALLS)))
    ways = {"gateway": "TLS gateway", "pod": "Service of the pod"}
    rows = [
        [title, *(f"{figures[way][rank]:.2f} ms" for rank in ("p50", "p90", "p99"))]
        for way, title in ways.items()
    ]
    ratios = [
        f"{figures['gateway'][rank] / figures['pod'][rank]:.2f}" for rank in ("p50", "p90", "p99")
    ]
    header = ["way", "p50", "p90", "p99"]
    title = "One gRPC prediction through the TLS gateway, and without TLS to the Service of the pod"
    table(f"{title} ({CALLS} each, in turns)", header, [*rows, ["ratio", *ratios]])


def encodings(checkout: Checkout) -> None:
    """Predictions with 1,024 x 784 floats in the request and the answer, directly to Triton's
    Service."""
    shutil.copytree(HERE / "wide", checkout.models / "triton" / "wide")
    config = checkout.config()
    models = config["config"]["slipway:models"]
    source = {**models["half_plus_two_triton"]["source"], "path": "triton/wide"}
    models["wide"] = {"runtime": "triton", "server": "triton", "source": source}
    checkout.write_config(config)
    checkout.run("pulumi", *UP)
    checkout.restore_config()
    address = service_address(checkout, "triton")
    direct = {
        "protocol": "open-inference-v2",
        "grpc": {"target": f"{address}:8001", "authority": address, "path": "", "tls": False},
        "rest": {"url": f"http://{address}:8000/v2/models/wide/infer", "connect_to": None},
    }
    outputs = checkout.root / "direct.json"
    outputs.write_text(json.dumps({"endpoints": {"wide": direct}}))
    printed = inside(
        checkout, "-m", "client", "bench", "wide", "--rows", "1024", "--calls", str(BATCHES),
        "--outputs", str(outputs), "--json",
    )  # fmt: skip
    figures = {each["transport"]: each for each in json.loads(printed)}
    ways = {"grpc": "gRPC", "rest-binary": "REST, raw tensors", "rest": "REST, JSON"}
    parts = ("encode", "exchange", "decode")
    rows = [
        [
            title,
            *(f"{figures[way][f'{name}_ms']:.1f} ms" for name in ("p50", "p90", *parts)),
            f"{figures['grpc']['p50_ms'] / figures[way]['p50_ms']:.2f}",
        ]
        for way, title in ways.items()
    ]
    header = ["way", "p50", "p90", "encode", "wire+server", "decode", "gRPC / it"]
    title = f"1,024 x 784 floats there and back, straight to Triton ({BATCHES} each, in turns)"
    table(title, header, rows)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as directory:
        checkout = Checkout(Path(directory))
        try:
            print("tools, then a cluster of its own ...", file=sys.stderr, flush=True)
            subprocess.run(["make", "tools"], cwd=ROOT, check=True, stdout=2)
            warm_up(checkout)
            checkout.read_environment()
            evaluation(checkout)
            clouds(checkout)
            gateway(checkout)
            encodings(checkout)
            unchanged_up(checkout)
        finally:
            subprocess.run(["make", "down"], cwd=directory, check=False, stdout=2)


if __name__ == "__main__":
    main()
