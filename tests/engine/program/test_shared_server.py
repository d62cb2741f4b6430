"""Models that leave and join a shared server, on a real engine and API server."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.engine.apiserver import ApiServer
from tests.engine.program.conftest import MODEL, Make, present_gateway
from tests.engine.program.controllers import controllers
from tests.engine.project import Outcome

GENERATION = "slipway.dev/generation"
SHARED = {**MODEL, "server": "numbers"}


def operations(outcome: Outcome) -> list[str]:
    """The finished operations in their order, such as `numbers-server deleted original`."""
    finished = r"kubernetes:\S+ (\S+) ((?:created|updated|deleted)(?: replacement| original)?) \("
    return [" ".join(found) for found in re.findall(finished, outcome.text)]


def services(cluster: ApiServer, namespace: str) -> list[dict[str, Any]]:
    found = cluster.get("services", "-n", namespace, "-l", "app.kubernetes.io/instance=numbers")
    return [dict(each) for each in found["items"]]


def test_routes_move_to_new_pods_and_a_leaving_model_s_route_is_deleted_before_the_old_ones(
    program: Make, cluster: ApiServer, namespace: str
) -> None:
    stack, served = program(cluster.kubeconfig), f"{namespace}-models"
    config = {
        "cluster": {"kind": "existing"},
        "gateway": present_gateway(cluster, namespace),
        "namespace": served,
        "volumes": {"models": {"size": "1Gi"}},
    }
    with controllers(cluster, served):
        stack.write({**config, "models": {"stays": SHARED, "leaves": SHARED}})
        stack.up()
        assert stack.outputs()["servers"] == {
            "numbers": {"generation": "0", "models": ["leaves", "stays"]}
        }
        (first,) = services(cluster, served)

        stack.write({**config, "models": {"stays": SHARED}})
        outcome = stack.up()
        order = operations(outcome)
        for before, after in (
            ("numbers-server created replacement", "stays-route-grpc updated"),
            ("numbers-service created replacement", "stays-route-rest updated"),
            ("stays-route-grpc updated", "leaves-route-grpc deleted"),
            ("leaves-route-grpc deleted", "numbers-server deleted original"),
            ("leaves-route-rest deleted", "numbers-server deleted original"),
            ("leaves-route-rest deleted", "numbers-service deleted original"),
        ):
            assert order.index(before) < order.index(after), outcome.text
        (second,) = services(cluster, served)
        generations = [each["spec"]["selector"][GENERATION] for each in (first, second)]
        assert generations[0] == "0"
        assert generations[1].startswith("1-")
        routes = cluster.get("ingresses", "-n", served)["items"]
        assert second["metadata"]["name"] in json.dumps(routes)
        assert first["metadata"]["name"] not in json.dumps(routes)
        assert set(stack.up("--expect-no-changes").counts()) == {"unchanged"}

        stack.write({**config, "models": {"stays": SHARED, "joins": SHARED}})
        order = operations(stack.up())
        assert order.index("numbers-server updated") < order.index("joins-route-grpc created")
        (third,) = services(cluster, served)
        assert third["metadata"]["name"] == second["metadata"]["name"]

        # The stack reads its own outputs, which have the kubeconfig.
        (user,) = json.loads(cluster.kubeconfig.read_text())["users"]
        for value in user["user"].values():
            assert str(value) not in stack.state_text()
        stack.destroy()
