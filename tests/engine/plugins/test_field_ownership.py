"""Who sets a field owns it: a program, an autoscaler, a person."""

from __future__ import annotations

from typing import Any

from tests.engine.apiserver import ApiServer
from tests.engine.plugins.workbench import Workbench

_AUTOSCALER = "kube-controller-manager"
_IGNORED = 'ignore_changes=["spec.replicas"]'
_REPLACED = 'replace_on_changes=["metadata.annotations"]'


class Scaled:
    """A Deployment of a program, and what others do to it."""

    def __init__(self, stack: Workbench, cluster: ApiServer, namespace: str) -> None:
        self._stack, self._cluster, self._namespace = stack, cluster, namespace

    def write(
        self, replicas: int | None, *, tier: str, option: str = "", **annotations: str
    ) -> None:
        """The program; `tier` is what else there is to change."""
        labels = {"app": "web"}
        container = {"name": "c", "image": "example/web:1"}
        template = {"metadata": {"labels": labels | {"tier": tier}}}
        spec: dict[str, Any] = {
            "selector": {"match_labels": labels},
            "template": template | {"spec": {"containers": [container]}},
        }
        if replicas is not None:
            spec["replicas"] = replicas
        annotations = {"pulumi.com/skipAwait": "true"} | annotations
        metadata = {"namespace": self._namespace, "annotations": annotations}
        self._stack.program(
            "from pulumi_kubernetes.apps.v1 import Deployment\n"
            f"Deployment('web', metadata={metadata!r}, spec={spec!r},"
            f" opts=ResourceOptions({option}))\n"
        )

    def up(self, replicas: int | None, *, tier: str, option: str = "", **annotations: str) -> None:
        self.write(replicas, tier=tier, option=option, **annotations)
        self._stack.up()
        assert self.live()["spec"]["template"]["metadata"]["labels"]["tier"] == tier

    def live(self) -> dict[str, Any]:
        (found,) = self._cluster.get("deployment", "-n", self._namespace)["items"]
        found = self._cluster.get(
            "deployment", found["metadata"]["name"], "-n", self._namespace, "--show-managed-fields"
        )
        return dict(found)

    @property
    def name(self) -> str:
        return str(self.live()["metadata"]["name"])

    @property
    def replicas(self) -> int:
        return int(self.live()["spec"]["replicas"])

    def owners(self) -> set[str]:
        """Who owns the number of replicas; of Pulumi's names the beginning."""
        return {
            "pulumi" if entry["manager"].startswith("pulumi-kubernetes") else entry["manager"]
            for entry in self.live()["metadata"]["managedFields"]
            if "f:replicas" in entry["fieldsV1"].get("f:spec", {})
        }

    def autoscale(self, replicas: int) -> None:
        """What an autoscaler does: it writes the `scale` subresource."""
        self._cluster.call(
            "PATCH",
            f"/apis/apps/v1/namespaces/{self._namespace}/deployments/{self.name}/scale"
            f"?fieldManager={_AUTOSCALER}",
            {"spec": {"replicas": replicas}},
            kind="merge-patch",
        )


def test_an_ignored_number_is_the_autoscaler_s_once_it_has_set_it(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    web = Scaled(stack, cluster, namespace)
    web.up(1, tier="a", option=_IGNORED)
    web.autoscale(4)
    web.up(1, tier="b", option=_IGNORED)
    assert web.replicas == 4
    assert web.owners() == {_AUTOSCALER}
    web.autoscale(2)
    web.up(1, tier="c", option=_IGNORED)
    assert web.replicas == 2
    assert stack.up().counts() == {"unchanged": 2}


def test_a_number_that_is_ignored_from_now_on_stays_as_it_is(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    web = Scaled(stack, cluster, namespace)
    web.up(3, tier="a")
    web.up(1, tier="b", option=_IGNORED)
    assert web.replicas == 3
    # From the program too: without ignoring, the API's default would come in its place.
    web.up(None, tier="c", option=_IGNORED)
    assert web.replicas == 3
    assert web.owners() == {"pulumi"}
    web.autoscale(2)
    assert web.owners() == {_AUTOSCALER}
    web.up(None, tier="d", option=_IGNORED)
    assert web.replicas == 2


def test_a_number_left_out_without_ignoring_it_falls_to_the_default(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    web = Scaled(stack, cluster, namespace)
    web.up(3, tier="a")
    web.up(None, tier="b")
    assert web.replicas == 1


def test_an_autoscaler_s_number_is_taken_back_by_force_alone(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    web = Scaled(stack, cluster, namespace)
    web.up(1, tier="a", option=_IGNORED)
    web.autoscale(4)
    web.write(2, tier="b")
    refused = stack.up(check=False)
    assert refused.code != 0
    assert "conflict" in refused.text
    assert _AUTOSCALER in refused.text
    assert web.replicas == 4
    web.up(2, tier="b", **{"pulumi.com/patchForce": "true"})
    assert web.replicas == 2
    assert web.owners() == {"pulumi"}


def test_a_deployment_made_anew_has_the_program_s_number_and_no_conflict(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    web = Scaled(stack, cluster, namespace)
    web.up(3, tier="a", option=_REPLACED)
    first = web.name
    web.up(1, tier="b", option=_IGNORED, scaled="true")
    assert (web.name, web.replicas) == (first, 3)
    web.autoscale(4)
    web.up(2, tier="b", option=_REPLACED)
    assert web.name != first
    assert web.replicas == 2
    assert web.owners() == {"pulumi"}


def test_what_kubectl_wrote_is_the_program_s_at_its_next_change(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    web = Scaled(stack, cluster, namespace)
    web.up(1, tier="a")
    there = ("deployment", web.name, "-n", namespace)
    cluster.kubectl("label", *there, "by=kubectl")
    cluster.kubectl("label", *there, "--field-manager=someone-else", "other=kept")
    web.up(1, tier="b")
    assert web.live()["metadata"]["labels"] == {"other": "kept"}


def test_replicas_set_by_kubectl_scale_are_not_the_program_s(
    stack: Workbench, cluster: ApiServer, namespace: str
) -> None:
    web = Scaled(stack, cluster, namespace)
    web.up(1, tier="a", option=_IGNORED)
    cluster.kubectl("scale", "deployment", web.name, "-n", namespace, "--replicas=3")
    web.up(1, tier="b", option=_IGNORED)
    assert web.replicas == 3
    assert web.owners() == {"kubectl"}
