"""Rules for the pods of every runtime with files from every source. The kinds are those of the
registry, with the `example(...)` of their options."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any, Literal

import pulumi
import pytest

from components import registry
from components.config.load import load
from components.config.model_options import SourceOptions
from components.config.options import example
from components.contracts.identity import NO_IDENTITY, BucketAccess, Identity
from components.contracts.source import ModelFiles, SourceArgs
from components.images import Images
from components.sources.volume import own_volume
from components.stack import deploy
from tests.unit.components.engine import Recording, run
from tests.unit.components.environment import MOST_OBJECTS, stack_file

SERVER = "half-plus-two-server"


def least(area: str, kind: str) -> dict[str, Any]:
    """The smallest valid options of a kind: the example in its options."""
    options = registry.AREAS[area].options(kind)
    found: dict[str, Any] = options.model_config["json_schema_extra"]["examples"][0]
    return found


def pairs() -> list[tuple[str, str]]:
    return list(product(registry.RUNTIMES.kinds(), registry.SOURCES.kinds()))


def up(runtime: str, source: str) -> Recording:
    model = {**least("runtimes", runtime), "source": least("sources", source)}
    return run(lambda: deploy(load()), stack_file(models={"half_plus_two": model}))


def template(recording: Recording) -> dict[str, Any]:
    found: dict[str, Any] = recording.one("Deployment", SERVER).inputs["spec"]["template"]
    return found


def containers(pod: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from pod.get("initContainers", ())
    yield from pod["containers"]


def check_confinement(pod: dict[str, Any]) -> None:
    """Pod Security *restricted*, a read-only root filesystem, no token, a termination message."""
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        assert not pod.get(key), key
    for each in containers(pod):
        context = each["securityContext"]
        assert context["allowPrivilegeEscalation"] is False, each["name"]
        assert context["readOnlyRootFilesystem"] is True, each["name"]
        assert context["capabilities"] == {"drop": ["ALL"]}, each["name"]
        assert each["terminationMessagePolicy"] == "FallbackToLogsOnError", each["name"]
        for kind in ("requests", "limits"):
            assert {"cpu", "memory", "ephemeral-storage"} <= each["resources"][kind].keys()


def check_volumes(pod: dict[str, Any]) -> None:
    """No hostPath, no emptyDir without a size limit, and no files that the server may write."""
    named = {volume["name"]: volume for volume in pod["volumes"]}
    assert len(named) == len(pod["volumes"])
    for each in named.values():
        assert "hostPath" not in each, each["name"]
        if "emptyDir" in each:
            assert "sizeLimit" in each["emptyDir"], each["name"]
    for container in containers(pod):
        paths = [each["mountPath"] for each in container["volumeMounts"]]
        assert len(paths) == len(set(paths)), paths
        assert {each["name"] for each in container["volumeMounts"]} <= named.keys()
    fetched = {
        each["name"]
        for container in pod.get("initContainers", ())
        for each in container["volumeMounts"]
    }
    for mount in pod["containers"][0]["volumeMounts"]:
        scratch = set(named[mount["name"]]) == {"name", "emptyDir"} and (
            mount["name"] == "tmp" or mount["name"] not in fetched
        )
        assert scratch or mount["readOnly"] is True, mount


def check_secrets(pod: dict[str, Any]) -> None:
    """Secrets are mounted as files, and not into the server."""
    secrets = {each["name"] for each in pod["volumes"] if "secret" in each}
    server = pod["containers"][0]
    assert not secrets & {each["name"] for each in server["volumeMounts"]}
    for container in containers(pod):
        assert "envFrom" not in container
        for each in container.get("env", ()):
            assert "secretKeyRef" not in each.get("valueFrom", {}), each["name"]


def check_egress(recording: Recording) -> None:
    """Only an init container's source is allowed, by port, or by address and port."""
    policy = recording.one("NetworkPolicy", "half-plus-two-callers").inputs["spec"]
    pod = template(recording)
    assert policy["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    if "Egress" in policy["policyTypes"]:
        assert pod["spec"]["initContainers"]
        assert all(rule["ports"] for rule in policy["egress"])


def check(runtime: str, source: str) -> None:
    recording = up(runtime, source)
    pod = template(recording)["spec"]
    check_confinement(pod)
    check_volumes(pod)
    check_secrets(pod)
    check_egress(recording)
    secrets = [each.name for each in recording.of("Secret")]
    assert not [name for name in secrets if name.startswith("half-plus-two-")]
    own = [
        each
        for each in recording.resources
        if each.type.startswith("kubernetes:") and each.name.startswith("half-plus-two-")
    ]
    assert len(own) <= MOST_OBJECTS
    assert recording.outputs["endpoints"]["half_plus_two"]["runtime"] == runtime


@pytest.mark.parametrize(("runtime", "source"), pairs())
def test_a_pod_is_restricted_only_reads_its_files_and_connects_only_to_copy_them(
    runtime: str, source: str
) -> None:
    check(runtime, source)


@pytest.mark.parametrize("source", registry.SOURCES.kinds())
def test_the_files_are_in_the_requested_directory_or_in_one_of_the_source_s_choice(
    source: str,
) -> None:
    component = registry.SOURCES.component(source)
    options = registry.SOURCES.options(source).model_validate(least("sources", source))
    found: list[ModelFiles] = []

    def program() -> dict[str, Any]:
        args = SourceArgs(
            model="half_plus_two",
            namespace=pulumi.Output.from_input("models"),
            claims={},
            images=Images(),
            opts=pulumi.ResourceOptions(),
        )
        model_source = component(options, args)
        found.append(model_source.files(None))
        found.append(model_source.files("/repository/half_plus_two"))
        return {}

    run(program, {})
    chosen, requested = found
    assert requested.path == "/repository/half_plus_two"
    for files in found:
        mounted = [each["mountPath"] for each in files.mounts]
        assert any(f"{files.path}/".startswith(f"{path}/") for path in mounted)
    assert chosen.path.startswith("/")


class HostOptions(SourceOptions):
    """A source of this test."""

    model_config = example(kind="host")
    kind: Literal["host"]


class HostSource:
    """A directory of the node, which no pod may mount."""

    bucket_access: tuple[BucketAccess, ...] = ()

    def __init__(self, options: HostOptions, args: SourceArgs) -> None:
        self._model = args.model

    def files(self, at: str | None, identity: Identity = NO_IDENTITY) -> ModelFiles:
        return own_volume(self._model, at, {"hostPath": {"path": "/srv"}})


class EmptySource(HostSource):
    """An empty directory, which all rules allow."""

    def files(self, at: str | None, identity: Identity = NO_IDENTITY) -> ModelFiles:
        return own_volume(self._model, at, {"emptyDir": {"sizeLimit": "1Mi"}})


def registered(monkeypatch: pytest.MonkeyPatch, name: str) -> list[tuple[str, str]]:
    line = registry.Kind(f"{__name__}:HostOptions", f"{__name__}:{name}")
    monkeypatch.setitem(registry.SOURCES.entries, "host", line)
    return [pair for pair in pairs() if pair[1] == "host"]


def test_a_new_source_is_checked_by_its_registry_line_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = registered(monkeypatch, "EmptySource")
    assert len(found) == len(registry.RUNTIMES.kinds())
    for pair in found:
        check(*pair)


def test_a_new_source_that_mounts_files_of_the_host_fails_the_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for pair in registered(monkeypatch, "HostSource"):
        with pytest.raises(AssertionError, match="files-half-plus-two"):
            check(*pair)
