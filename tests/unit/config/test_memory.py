"""The memory of a server and the largest request that it takes."""

from __future__ import annotations

from typing import Any

import pytest

from components.config.load import validate
from components.config.mistakes import Mistake
from tests.unit.components.environment import model, stack_file

KEY = "slipway:models.half_plus_two.resources.limits.memory"


def mistakes(memory: str, limits: dict[str, Any] | None = None, **changes: Any) -> list[Mistake]:
    one = model(resources={"limits": {"memory": memory}}, **changes)
    models = {"half_plus_two": one}
    _, found = validate(stack_file(models=models, limits=limits))
    return found


@pytest.mark.parametrize("runtime", ["tfserving", "triton"])
def test_a_memory_limit_that_one_request_exceeds_is_refused_with_both_ways_out(
    runtime: str,
) -> None:
    (found,) = mistakes("1Gi", runtime=runtime)
    assert found.path == KEY
    assert "at least `1536Mi`" in found.expected
    assert found.fix == "write `1536Mi`, or write `message_size: 42Mi` in `slipway:limits`"
    assert mistakes("1536Mi", runtime=runtime) == []
    assert mistakes("1Gi", {"message_size": "42Mi"}, runtime=runtime) == []


def test_a_limit_below_any_message_has_one_way_out() -> None:
    (found,) = mistakes("16Mi")
    assert found.fix == "write `1536Mi`"


def test_what_a_server_of_one_s_own_holds_is_not_known() -> None:
    from components.runtimes.custom_options import CustomOptions

    (example,) = CustomOptions.model_config["json_schema_extra"]["examples"]  # type: ignore[index,call-overload]
    assert mistakes("64Mi", **example) == []


def test_the_limit_of_a_shared_server_is_looked_for_in_all_of_its_models() -> None:
    alone = model(server="both", runtime="triton")
    small = {**alone, "resources": {"limits": {"memory": "1Gi"}}}
    _, found = validate(stack_file(models={"a": alone, "b": small}))
    assert [each.path for each in found] == ["slipway:models.b.resources.limits.memory"]
