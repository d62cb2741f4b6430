"""Objects come, change, and go as the program says."""

from __future__ import annotations

import json

from tests.engine.apiserver import ApiServer
from tests.engine.plugins.workbench import Workbench

_OBJECTS = """
from pulumi_kubernetes.core.v1 import ConfigMap, Secret, Service, ServiceAccount
from pulumi_kubernetes.apps.v1 import Deployment
NS = {{"namespace": {namespace!r}}}
"""
_DEPLOYMENT = """
Deployment("web", metadata=NS, spec={{
    "replicas": 0,
    "selector": {{"match_labels": {{"app": {app!r}}}}},
    "template": {{"metadata": {{"labels": {{"app": {app!r}, "tier": {tier!r}}}}},
                 "spec": {{"containers": [{{"name": "c", "image": "x", "resources":
                     {{"limits": {{"cpu": "1000m"}}}}}}]}}}},
}}, opts=ResourceOptions(custom_timeouts=CustomTimeouts(create="60s", update="60s")))
"""
_SKIP = 'NS["annotations"] = {"pulumi.com/skipAwait": "true"}\n'


def _program(namespace: str, text: str) -> str:
    return _OBJECTS.format(namespace=namespace) + text


def _names(cluster: ApiServer, kind: str, namespace: str) -> list[str]:
    items = cluster.get(kind, "-n", namespace)["items"]
    return [
        item["metadata"]["name"] for item in items if "kube-root" not in item["metadata"]["name"]
    ]


def test_objects_are_made_left_alone_changed_and_deleted(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    text = 'ServiceAccount("sa", metadata={**NS, "labels": {"colour": "%s"}})\n'
    stack.program(_program(namespace, text % "red"))
    assert stack.up().counts()["created"] == 2
    (name,) = _names(cluster, "sa", namespace)

    assert stack.up().counts() == {"unchanged": 2}

    stack.program(_program(namespace, text % "blue"))
    assert stack.up().counts()["updated"] == 1
    live = cluster.get("sa", name, "-n", namespace)
    assert live["metadata"]["labels"] == {"colour": "blue"}

    stack.destroy()
    assert _names(cluster, "sa", namespace) == []


def test_a_field_taken_out_of_the_program_is_taken_out_of_the_object(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    text = 'ServiceAccount("sa", metadata={**NS, "labels": %s})\n'
    stack.program(_program(namespace, text % {"a": "1", "b": "2"}))
    stack.up()
    (name,) = _names(cluster, "sa", namespace)
    theirs = ("--field-manager=someone-else", "other=kept")
    cluster.kubectl("label", "sa", name, "-n", namespace, *theirs)

    stack.program(_program(namespace, text % {"a": "1"}))
    stack.up()

    live = cluster.get("sa", name, "-n", namespace)
    assert live["metadata"]["labels"] == {"a": "1", "other": "kept"}


def test_a_name_is_made_once_and_stays(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    text = 'r = ServiceAccount("account", metadata={**NS, "labels": {"n": "%s"}})\n'
    text += 'pulumi.export("name", r.metadata.name)\n'
    stack.program(_program(namespace, text % "1"))
    stack.up()
    first = stack.outputs()["name"]
    stack.program(_program(namespace, text % "2"))
    stack.up()

    assert first.startswith("account-")
    assert _names(cluster, "sa", namespace) == [first] == [stack.outputs()["name"]]


def test_a_changed_selector_makes_the_deployment_anew(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    stack.program(_program(namespace, _SKIP + _DEPLOYMENT.format(app="a", tier="x")))
    stack.up()
    (first,) = _names(cluster, "deployment", namespace)
    stack.program(_program(namespace, _SKIP + _DEPLOYMENT.format(app="b", tier="x")))
    stack.up()
    (second,) = _names(cluster, "deployment", namespace)

    live = cluster.get("deployment", second, "-n", namespace)
    assert second != first
    assert live["spec"]["selector"]["matchLabels"] == {"app": "b"}


def test_a_fixed_name_is_deleted_before_it_is_made_anew(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    text = 'Secret("s", metadata={**NS, "name": "fixed"}, type="%s", string_data={"k": "v"})\n'
    stack.program(_program(namespace, text % "example.com/a"))
    stack.up()
    before = cluster.get("secret", "fixed", "-n", namespace)["metadata"]["uid"]
    stack.program(_program(namespace, text % "example.com/b"))
    assert stack.up().counts()["replaced"] == 1
    after = cluster.get("secret", "fixed", "-n", namespace)

    assert after["type"] == "example.com/b"
    assert after["metadata"]["uid"] != before


def test_unchanged_inputs_ask_the_api_about_no_object(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    text = 'ConfigMap("c", metadata=NS, data={"a": "1"})\n'
    text += 'Secret("s", metadata=NS, string_data={"a": "1"})\n'
    text += _SKIP + _DEPLOYMENT.format(app="a", tier="x")
    stack.program(_program(namespace, text))
    stack.up()
    before = len(cluster.requests())

    assert stack.up().counts() == {"unchanged": 4}

    asked = [event["requestURI"] for event in cluster.requests()[before:]]
    assert [uri for uri in asked if f"namespaces/{namespace}" in uri] == []


def test_a_secret_is_in_the_cluster_and_nowhere_else(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    text = 'Secret("s", metadata=NS, string_data={"k": "plaintext-of-the-secret"})\n'
    text += 'ConfigMap("c", metadata=NS, data={"k": Output.secret("another-hidden-text")})\n'
    stack.program(_program(namespace, text))
    outcome = stack.up("--diff")

    (name,) = _names(cluster, "secret", namespace)
    assert cluster.get("secret", name, "-n", namespace)["data"]
    # base64 of the beginning, which is how the API server gives it back
    for hidden in ("plaintext-of", "another-hidden", "cGxhaW50ZXh0LW9m"):
        assert hidden not in stack.state_text()
        assert hidden not in outcome.text


def test_refresh_sees_what_someone_else_changed_and_the_next_up_mends_it(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    text = 'ServiceAccount("sa", metadata={**NS, "labels": {"colour": "red"}})\n'
    text += _SKIP + _DEPLOYMENT.format(app="a", tier="x")
    stack.program(_program(namespace, text))
    stack.up()
    quiet = stack.pulumi("refresh", "--yes", "--skip-preview")
    assert "updated" not in quiet.counts()
    assert stack.up().counts() == {"unchanged": 3}
    (name,) = _names(cluster, "sa", namespace)
    cluster.kubectl("label", "sa", name, "-n", namespace, "colour=green", "--overwrite")

    drift = stack.pulumi("refresh", "--yes", "--skip-preview")
    assert drift.counts()["updated"] == 1
    # kubectl owns the field now; the program may take it back only when it says so.
    stack.program(
        _program(namespace, text).replace(
            '"labels": {"colour": "red"}',
            '"labels": {"colour": "red"}, "annotations": {"pulumi.com/patchForce": "true"}',
        )
    )
    stack.up()
    live = cluster.get("sa", name, "-n", namespace)
    assert live["metadata"]["labels"]["colour"] == "red"


def test_an_object_that_is_already_gone_is_no_obstacle_to_destroy(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    stack.program(_program(namespace, 'ConfigMap("c", metadata=NS, data={"a": "1"})\n'))
    stack.up()
    (name,) = _names(cluster, "configmap", namespace)
    cluster.kubectl("delete", "configmap", name, "-n", namespace)

    assert stack.destroy().counts()["deleted"] == 2


def test_an_object_that_is_already_there_is_not_taken_over_silently(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    cluster.kubectl("create", "configmap", "mine", "-n", namespace, "--from-literal=a=theirs")
    text = 'ConfigMap("c", metadata={**NS, "name": "mine"}, data={"a": "ours"})\n'
    stack.program(_program(namespace, text))
    outcome = stack.up(check=False)

    assert outcome.code != 0
    assert '"mine" already exists' in outcome.text
    assert cluster.get("configmap", "mine", "-n", namespace)["data"] == {"a": "theirs"}


def test_an_object_made_outside_can_be_imported(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    cluster.kubectl("create", "configmap", "mine", "-n", namespace, "--from-literal=a=1")
    options = f"ResourceOptions(import_={f'{namespace}/mine'!r})"
    text = f'ConfigMap("c", metadata={{**NS, "name": "mine"}}, data={{"a": "1"}}, opts={options})\n'
    stack.program(_program(namespace, text))

    assert stack.up().counts()["imported"] == 1
    stack.program(_program(namespace, text.replace(f", opts={options}", "")))
    assert stack.up().counts() == {"unchanged": 2}


def test_a_preview_changes_nothing_and_bears_values_it_does_not_know(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    text = 'a = ServiceAccount("a", metadata=NS)\n'
    text += 'ConfigMap("c", metadata=NS, data={"uid": a.metadata.uid, "name": a.metadata.name})\n'
    stack.program(_program(namespace, text))
    outcome = stack.pulumi("preview")
    assert "3 to create" in outcome.text
    assert _names(cluster, "sa", namespace) == []

    stack.up()
    (account,) = cluster.get("sa", "-n", namespace)["items"]
    (name,) = _names(cluster, "configmap", namespace)
    data = cluster.get("configmap", name, "-n", namespace)["data"]
    assert data == {k: account["metadata"][k] for k in ("uid", "name")}


def test_custom_resources_follow_their_definition_in_one_update(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    group = f"{namespace}.example.com"
    schema = {"type": "object", "x_kubernetes_preserve_unknown_fields": True}
    version = {"name": "v1", "served": True, "storage": True}
    version["schema"] = {"open_apiv3_schema": schema}
    names = {"kind": "Widget", "plural": "widgets", "singular": "widget"}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": [version]}
    text = f"""
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apiextensions.v1 import CustomResourceDefinition
crd = CustomResourceDefinition("crd", metadata={{"name": "widgets.{group}"}}, spec={spec!r})
CustomResource("w", api_version="{group}/v1", kind="Widget", metadata=NS, spec={{"size": 3}},
    opts=ResourceOptions(depends_on=[crd]))
"""
    stack.program(_program(namespace, text))
    stack.up()

    (widget,) = json.loads(
        cluster.kubectl("get", "--raw", f"/apis/{group}/v1/namespaces/{namespace}/widgets")
    )["items"]
    assert widget["spec"] == {"size": 3}
    assert stack.up().counts() == {"unchanged": 3}
