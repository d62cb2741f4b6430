"""A Helm chart's objects become resources of the stack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine import charts
from tests.engine.apiserver import ApiServer
from tests.engine.plugins.workbench import Workbench
from tests.engine.tools import MissingTool

_TEMPLATES = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-settings"}
data: {greeting: {{ .Values.greeting | quote }}, server: {{ .Capabilities.KubeVersion.Version }}}
---
apiVersion: v1
kind: Secret
metadata: {name: "{{ .Release.Name }}-hidden"}
stringData: {password: text-of-the-chart}
---
apiVersion: batch/v1
kind: Job
metadata: {name: hook, annotations: {"helm.sh/hook": pre-install}}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}
"""
_PROGRAM = """
from pulumi_kubernetes.helm.v4 import Chart, RepositoryOptsArgs
Chart("demo", chart="small", version="0.1.0", namespace={namespace!r},
    repository_opts=RepositoryOptsArgs(repo={repository!r}), values={{"greeting": {greeting!r}}})
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a chart repository with the chart `small`."""
    directory = tmp_path_factory.mktemp("charts")
    chart = directory / "small"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: small\nversion: 0.1.0\n")
    (chart / "values.yaml").write_text("greeting: none\n")
    (chart / "templates" / "all.yaml").write_text(_TEMPLATES)
    try:
        with charts.repository(directory, chart) as url:
            yield url
    except MissingTool as error:
        pytest.skip(str(error))


def test_a_chart_is_rendered_changed_and_taken_away(
    stack: Workbench, cluster: ApiServer, namespace: str, repository: str, tmp_path: Path
) -> None:
    stack.environment |= charts.helm_home(tmp_path)

    def write(greeting: str) -> None:
        stack.program(
            _PROGRAM.format(namespace=namespace, repository=repository, greeting=greeting)
        )

    write("hello")
    stack.pulumi("preview")
    stack.up()
    data = cluster.get("configmap", "demo-settings", "-n", namespace)["data"]
    assert data["greeting"] == "hello"
    assert data["server"].startswith("v1.")
    assert "demo:" + namespace + "/demo-settings" in stack.state_text()
    assert "text-of-the-chart" not in stack.state_text()
    assert cluster.get("jobs", "-n", namespace)["items"] == []
    assert set(stack.up().counts()) == {"unchanged"}

    write("again")
    stack.up()
    assert cluster.get("configmap", "demo-settings", "-n", namespace)["data"]["greeting"] == "again"
    stack.program("")
    stack.up()
    assert cluster.get("secret", "-n", namespace)["items"] == []


def test_a_chart_out_of_reach_is_named_with_the_reason(
    stack: Workbench, namespace: str, repository: str
) -> None:
    stack.program(
        _PROGRAM.format(namespace=namespace, repository="http://127.0.0.1:1", greeting="x")
    )
    failed = stack.up(check=False)
    assert failed.code != 0
    assert "http://127.0.0.1:1" in failed.text
    assert "connection refused" in failed.text
