"""Predictions through the gateway, and of many numbers in each encoding."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.bench.figures import table
from tests.bench.unchanged import UP
from tests.cluster.checkout import Checkout

HERE = Path(__file__).parent
CALLS = 500
BATCHES = 40


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
