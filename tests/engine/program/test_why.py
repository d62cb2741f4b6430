"""A failed operation prints the reason in addition to the provider's own message."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.engine.apiserver import ApiServer
from tests.engine.plugins.workbench import Workbench
from tests.engine.program.conftest import MODEL, Make, present_gateway
from tests.engine.program.controllers import controllers
from tests.engine.program.program import ROOT
from tests.engine.project import Outcome

_KILLED: dict[str, Any] = {
    "phase": "Running",
    "conditions": [{"type": "Ready", "status": "False"}],
    "containerStatuses": [
        {
            "name": "server",
            "image": "i",
            "imageID": "",
            "ready": False,
            "restartCount": 2,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
        }
    ],
}
#: A program with one namespace, whose deletion fails after seconds.
_PREAMBLE = """\
import pathlib, sys
sys.path.insert(0, {root!r})
from components import failure_hook
from components.kubernetes.object import KubernetesObject
failure_hook.use_kubeconfig(Output.secret(pathlib.Path({kubeconfig!r}).read_text()))
"""
_NAMESPACE = """\
KubernetesObject("held", "v1", "Namespace", {{"metadata": {{"name": {name!r}}}}},
                 ResourceOptions(custom_timeouts=CustomTimeouts(delete="15s")))
"""


def _reasons(outcome: Outcome, title: str) -> str:
    """The text after `title`, up to the line with the command."""
    _, found, rest = outcome.diagnostics().partition(title)
    assert found, outcome.text
    return rest.partition("shows the present state.")[0]


def test_a_server_s_failure_has_its_reason_and_only_endpoints_that_answer_are_exported(
    program: Make, cluster: ApiServer
) -> None:
    stack = program(cluster.kubeconfig)
    edge, served = (f"t{uuid.uuid4().hex[:8]}" for _ in range(2))
    cluster.kubectl("create", "namespace", edge)
    config: dict[str, Any] = {
        "cluster": {"kind": "existing"},
        "gateway": present_gateway(cluster, edge),
        "namespace": served,
        "volumes": {"models": {"size": "1Gi"}},
        "models": {
            "good": MODEL,
            "too_large": {
                **MODEL,
                "startup_timeout": "5s",
                "resources": {"limits": {"memory": "64Mi"}},
            },
        },
        "limits": {"message_size": "1Mi"},
    }
    stack.write(config)
    with controllers(cluster, served, failing={"too-large": _KILLED}):
        failed = stack.up("--continue-on-error", check=False)
    assert failed.code != 0
    reasons = _reasons(failed, f"why Deployment {served}/too-large-server-")
    assert "0 of 1 new pods available" in reasons
    assert (
        "container server: out of memory: it was killed at its memory limit of 64Mi (OOMKilled), "
        "restarted 2 times"
    ) in reasons
    assert "`python -m client why too-large`" in reasons
    assert f"why Deployment {served}/good-server" not in failed.text
    assert set(stack.outputs()["endpoints"]) == {"good"}

    del config["models"]["too_large"]
    stack.write(config)
    with controllers(cluster, served):
        stack.up()
        stack.destroy()


def _held(bench: Workbench, cluster: ApiServer, name: str) -> str:
    """Deploy a namespace in which an object has a finalizer.

    Returns the program without the namespace."""
    preamble = _PREAMBLE.format(root=str(ROOT), kubeconfig=str(cluster.kubeconfig))
    bench.program(preamble + _NAMESPACE.format(name=name))
    bench.up()
    held = {"name": "held", "namespace": name, "finalizers": ["example.com/hold"]}
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": held}
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(config_map))
    return preamble


@pytest.mark.parametrize("way", ["up", "destroy"])
def test_a_namespace_that_is_not_deleted_names_what_holds_it(
    way: str, pulumi_home: Path, tmp_path: Path, cluster: ApiServer
) -> None:
    name = f"t{uuid.uuid4().hex[:8]}"
    bench = Workbench(tmp_path / "bench", pulumi_home, cluster.kubeconfig)
    without = _held(bench, cluster, name)
    if way == "up":
        bench.program(without)
        failed = bench.up(check=False)
    else:
        failed = bench.pulumi("destroy", "--yes", "--skip-preview", "--run-program", check=False)
    assert failed.code != 0
    reasons = _reasons(failed, f"why Namespace {name} is still there:")
    assert "ConfigMap held is still there, held by example.com/hold" in reasons

    release = '{"metadata": {"finalizers": null}}'
    cluster.kubectl("patch", "configmap", "held", "-n", name, "--type=merge", "-p", release)
    bench.destroy()


def test_an_unreachable_cluster_is_reported_in_addition_to_the_provider_s_own_error(
    pulumi_home: Path, tmp_path: Path, cluster: ApiServer
) -> None:
    name = f"t{uuid.uuid4().hex[:8]}"
    bench = Workbench(tmp_path / "bench", pulumi_home, cluster.kubeconfig)
    dead = cluster.kubeconfig_of(name, "not-to-be-printed")
    dead.write_text(dead.read_text().replace(cluster.url, "https://127.0.0.1:1"))
    preamble = _PREAMBLE.format(root=str(ROOT), kubeconfig=str(dead))
    bench.program(
        f"""{preamble}
KubernetesObject("wrong", "v1", "ConfigMap", {{"metadata": {{"name": "Not A Name"}}}})
"""
    )
    failed = bench.up(check=False)
    assert failed.code != 0
    assert "the cluster cannot be asked for the reason: https://127.0.0.1:1 gives no" in failed.text
    assert "RFC 1123" in failed.text
    assert "not-to-be-printed" not in failed.text


#: A Deployment for which the provider does not wait, as if its watch were a moment behind.
_DEPLOYMENT = """\
labels = {{"app.kubernetes.io/instance": "server"}}
KubernetesObject("server", "apps/v1", "Deployment", {{
    "metadata": {{
        "name": "server",
        "namespace": {name!r},
        "labels": labels,
        "annotations": {{"pulumi.com/skipAwait": "true"}},
    }},
    "spec": {{
        "progressDeadlineSeconds": 5,
        "selector": {{"matchLabels": labels}},
        "template": {{
            "metadata": {{"labels": labels}},
            "spec": {{"containers": [{{"name": "server", "image": {image!r}}}]}},
        }},
    }},
}})
"""


def test_an_update_ends_with_its_roll_out_even_if_the_provider_does_not_wait(
    pulumi_home: Path, tmp_path: Path, cluster: ApiServer
) -> None:
    name = f"t{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name)
    bench = Workbench(tmp_path / "bench", pulumi_home, cluster.kubeconfig)
    preamble = _PREAMBLE.format(root=str(ROOT), kubeconfig=str(cluster.kubeconfig))

    def run(image: str) -> None:
        bench.program(preamble + _DEPLOYMENT.format(name=name, image=image))

    rolled_out = ("rollout", "status", "deployment/server", "-n", name, "--timeout=1s")
    with controllers(cluster, name):
        run("i:1")
        bench.up()
        cluster.kubectl("rollout", "status", "deployment/server", "-n", name, "--timeout=30s")
        run("i:2")
        bench.up()
        cluster.kubectl(*rolled_out)
    with controllers(cluster, name, failing={"server": _KILLED}):
        run("i:3")
        failed = bench.up(check=False)
    assert failed.code != 0
    reasons = _reasons(failed, f"why Deployment {name}/server is not ready:")
    assert "container server: out of memory" in reasons
    with controllers(cluster, name):
        run("i:4")
        bench.up()
        cluster.kubectl(*rolled_out)
    bench.destroy()
