"""The text that a failed operation on a Kubernetes object prints, and the hook that prints it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.api_reader import api_reader
from components.failure_hook import failure_text, reference_of
from components.kubernetes.object import KubernetesObject
from tests.unit.components.engine import run
from why.cluster import AskingError, Reference
from why.explain import Explanation

ROOT = Path(__file__).parents[3]
_WEB = Reference(api_version="apps/v1", kind="Deployment", name="web-1", namespace="models")
_KINDS = ("ConfigMap", "Pod", "Service")
_LIVE = {"metadata": {"labels": {"app.kubernetes.io/instance": "half-plus-two"}}}


def _args(type_: str, id_: str = "", **more: Any) -> pulumi.ErrorHookArgs:
    return pulumi.ErrorHookArgs(urn="urn", id=id_, name="web-server", type=type_, **more)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (_args("kubernetes:apps/v1:Deployment", "models/web-1"), _WEB),
        (
            _args(
                "kubernetes:apps/v1:Deployment",
                new_inputs={"metadata": {"namespace": "models", "name": "web-1"}},
            ),
            _WEB,
        ),
        (
            _args("kubernetes:core/v1:Namespace", "models", old_inputs={"metadata": {}}),
            Reference(api_version="v1", kind="Namespace", name="models"),
        ),
        (_args("kubernetes:core/v1:Secret", new_inputs={"metadata": {}}), None),
    ],
)
def test_the_object_is_that_of_the_operation(
    args: pulumi.ErrorHookArgs, expected: Reference | None
) -> None:
    assert reference_of(args) == expected


def test_the_reasons_are_printed_with_the_command_that_shows_the_present_ones() -> None:
    text = failure_text(_WEB, "create", Explanation(_LIVE, ["it runs and is not ready", "its log"]))
    assert text is not None
    assert text.splitlines() == [
        "why Deployment models/web-1 is not ready:",
        "    it runs and is not ready",
        "    its log",
        "`python -m client why half-plus-two` shows the present state.",
    ]


@pytest.mark.parametrize(
    ("operation", "live", "title"),
    [("delete", _LIVE, "is still there:"), ("create", None, "cannot be created:")],
)
def test_the_title_says_what_did_not_happen(
    operation: str, live: dict[str, Any] | None, title: str
) -> None:
    text = failure_text(_WEB, operation, Explanation(live, ["a reason"]))
    assert text is not None
    assert text.splitlines()[0].endswith(title)


def test_nothing_is_added_to_a_refusal_that_explains_itself() -> None:
    assert failure_text(_WEB, "create", Explanation(None, [])) is None


def test_an_unusable_kubeconfig_is_reported_without_its_content() -> None:
    with pytest.raises(AskingError) as caught:
        api_reader("users: [{name: a, user: {token: not-to-be-printed")
    assert "not-to-be-printed" not in str(caught.value)
    assert "the stack's kubeconfig cannot be used" in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_address_that_does_not_answer_is_named() -> None:
    kubeconfig = """
{clusters: [{name: a, cluster: {server: "http://127.0.0.1:1"}}], users: [{name: a, user: {}}],
 contexts: [{name: a, context: {cluster: a, user: a}}], current-context: a}
"""
    with pytest.raises(AskingError, match=r"http://127\.0\.0\.1:1 gives no answer"):
        api_reader(kubeconfig)("/version")


def test_the_client_library_is_imported_only_when_something_failed() -> None:
    program = (
        "import sys, components.stack; "
        "print([name for name in ('kubernetes', 'components.api_reader') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_object_has_the_one_hook() -> None:
    def program() -> dict[str, Any]:
        metadata = {"metadata": {"namespace": "models"}}
        return {kind: KubernetesObject(kind, "v1", kind, metadata).name for kind in _KINDS}

    objects = run(program, {}).of_package("kubernetes")
    assert sorted(each.kind for each in objects) == sorted(_KINDS)
    assert all(each.error_hooks == ["slipway-why"] for each in objects)
