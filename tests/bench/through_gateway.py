"""Times a prediction through the gateway, and directly to the pod's Service, in turns.

Run with the client's interpreter inside the cluster's network namespace, where both addresses are
reachable: `through_gateway.py <outputs.json> <model> <service ip:port> <calls>`. Prints the
percentiles of both in milliseconds as JSON.
"""

from __future__ import annotations

import copy
import json
import sys
import time
from pathlib import Path

import numpy as np

from client import Model, connect


def once(model: Model) -> float:
    started = time.perf_counter()
    model.predict({"x": np.array([1, 2, 5], np.float32)})
    return (time.perf_counter() - started) * 1000


def percentiles(times: list[float]) -> dict[str, float]:
    return {f"p{rank}": float(np.percentile(times, rank)) for rank in (50, 90, 99)}


def main() -> None:
    outputs = json.loads(Path(sys.argv[1]).read_text())
    name, target, calls = sys.argv[2], sys.argv[3], int(sys.argv[4])
    direct = copy.deepcopy(outputs)
    direct["endpoints"][name]["grpc"] = {
        "target": target,
        "authority": target.split(":", maxsplit=1)[0],
        "path": "",
        "tls": False,
    }
    times: dict[str, list[float]] = {"gateway": [], "pod": []}
    with connect(outputs, name) as gateway, connect(direct, name) as pod:
        for model in (gateway, pod):
            for _ in range(20):
                once(model)
        for _ in range(calls):
            times["gateway"].append(once(gateway))
            times["pod"].append(once(pod))
    print(json.dumps({key: percentiles(values) for key, values in times.items()}))


if __name__ == "__main__":
    main()
