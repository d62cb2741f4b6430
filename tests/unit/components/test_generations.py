"""A shared server that loses a model is replaced, so that the model's route is deleted first."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from components import generations
from components.config.load import load
from components.generations import LABEL, READ_OUTPUTS, next_generation
from components.stack import deploy
from tests.unit.components.engine import Cloud, Recording, run
from tests.unit.components.environment import model, stack_file


class _Unreadable(grpc.RpcError):
    """The engine's answer while it writes the state."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return "failed to load checkpoint: EOF"


class _Before(Cloud):
    """A state that has the outputs of the last update."""

    def __init__(self, servers: dict[str, Any], failures: int = 0) -> None:
        self._servers, self._failures, self.reads = servers, failures, 0

    def result_of(self, function: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if function != READ_OUTPUTS:
            return super().result_of(function, arguments)
        assert arguments == {"name": "organization/slipway/dev"}
        self.reads += 1
        if self.reads <= self._failures:
            raise _Unreadable
        return {"outputs": {"servers": self._servers} if self._servers else {}}


def up(before: dict[str, Any] | None, *names: str, **changes: Any) -> Recording:
    servers = {} if before is None else {"numbers": before}
    models = {name: model(server="numbers", **changes) for name in names}
    config = stack_file(models={**models, "alone": model()})
    return run(lambda: deploy(load()), config, cloud=_Before(servers))


def generation(recording: Recording) -> str:
    spec = recording.one("Deployment", "numbers-server").inputs["spec"]
    found: str = spec["selector"]["matchLabels"][LABEL]
    assert spec["template"]["metadata"]["labels"][LABEL] == found
    service = recording.one("Service", "numbers-service")
    assert service.inputs["spec"]["selector"][LABEL] == found
    assert service.replace_on_changes == ["spec.selector"]
    (output,) = recording.outputs["servers"].values()
    assert output["generation"] == found
    return found


AB = {"models": ["a", "b"], "generation": "3-0a0a0a0a"}


def test_a_server_begins_with_generation_0() -> None:
    recording = up(None, "a", "b")
    assert generation(recording) == "0"
    assert recording.outputs["servers"] == {"numbers": {"models": ["a", "b"], "generation": "0"}}


@pytest.mark.parametrize("now", [("a", "b"), ("a", "b", "c")])
def test_a_server_that_loses_no_model_is_updated_in_place(now: tuple[str, ...]) -> None:
    assert generation(up(AB, *now)) == "3-0a0a0a0a"


@pytest.mark.parametrize("now", [("a",), ("a", "c"), ("c",)])
def test_a_server_that_loses_a_model_begins_a_new_generation(now: tuple[str, ...]) -> None:
    assert generation(up(AB, *now)).startswith("4-")


@pytest.mark.parametrize("changes", [{"surge": False}, {"replicas": {"min": 1, "max": 3}}])
def test_a_server_without_room_or_with_an_autoscaler_is_updated_in_place(changes: Any) -> None:
    assert generation(up(AB, "a", **changes)) == "3-0a0a0a0a"


def test_a_failed_update_has_the_same_generation_when_it_is_repeated() -> None:
    once, again = (next_generation(["a", "b", "c"], "0", ["a", "b"], False) for _ in range(2))
    assert once == again != "0"
    # After the failure the state has the pods of `once`, but the outputs of generation 0.
    assert next_generation(["a", "b", "c"], "0", ["a"], False) not in ("0", once)


def test_a_model_that_leaves_a_second_time_begins_another_generation() -> None:
    first = next_generation(["a", "b"], "0", ["a"], False)
    back = next_generation(["a"], first, ["a", "b"], False)
    assert back == first
    assert next_generation(["a", "b"], back, ["a"], False) not in ("0", first)


def test_the_server_of_a_single_model_has_no_generation_and_reads_no_outputs() -> None:
    recording = run(lambda: deploy(load()), stack_file())
    assert LABEL not in str([each.inputs for each in recording.resources])
    assert "servers" not in recording.outputs


def test_the_network_policy_selects_the_pods_of_all_generations() -> None:
    recording = up(AB, "a")
    policy = recording.one("NetworkPolicy", "numbers-callers").inputs["spec"]["podSelector"]
    labels = recording.one("Deployment", "numbers-server").inputs["spec"]["selector"]["matchLabels"]
    assert policy["matchLabels"].items() < labels.items()


def test_outputs_that_the_engine_is_writing_are_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(generations, "_PAUSE", 0.0)
    state = _Before({"numbers": AB}, failures=3)
    models = {name: model(server="numbers") for name in ("a", "b")}
    recording = run(lambda: deploy(load()), stack_file(models=models), cloud=state)
    assert generation(recording) == AB["generation"]
    assert state.reads == 4
