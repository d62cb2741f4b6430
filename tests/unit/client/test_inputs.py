from typing import Any

import numpy as np
import pytest

from client import connect
from client.errors import InputError, UsageError
from client.signature import Metadata, Signature, TensorSpec
from tests.unit.client.fake_serving import FakeServing

IMAGE = TensorSpec("image", "float32", (None, 28, 28))


def check(dtype: str, value: Any, shape: Any = (None,)) -> Any:
    return TensorSpec("x", dtype, shape).check(value)


def test_a_wrong_shape_is_refused_before_anything_is_sent(
    outputs: dict[str, Any], serving: FakeServing
) -> None:
    with (
        connect(outputs, "half_plus_two") as model,
        pytest.raises(InputError, match=r"'x' has shape \(1, 3\), expected \(\?\)"),
    ):
        model.predict({"x": np.ones((1, 3), np.float32)})
    assert serving.requests == []


@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 27), (1, 1, 28, 28), ()])
def test_only_open_dimensions_may_be_of_any_size(shape: tuple[int, ...]) -> None:
    assert IMAGE.check(np.zeros((0, 28, 28), np.float32)).shape == (0, 28, 28)
    with pytest.raises(InputError, match=r"expected \(\?, 28, 28\)"):
        IMAGE.check(np.zeros(shape, np.float32))


def test_an_open_rank_accepts_every_shape() -> None:
    assert check("float32", np.zeros((1, 2, 3), np.float32), None).shape == (1, 2, 3)


def test_an_array_of_another_dtype_is_refused_with_the_conversion() -> None:
    with pytest.raises(InputError, match=r"dtype float64, expected float32.*astype\(np.float32\)"):
        check("float32", np.array([1.0]))


@pytest.mark.parametrize(
    ("dtype", "value"),
    [("int32", [1.5]), ("uint8", [256]), ("uint8", [-1]), ("bool", [1]), ("int64", ["a"])],
)
def test_a_list_is_not_converted_if_digits_would_be_lost(dtype: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"expected {dtype}"):
        check(dtype, value)


@pytest.mark.parametrize(
    ("dtype", "value"),
    [("float16", [1, 2]), ("float32", [0.1]), ("uint8", [255]), ("bool", [True]), ("int8", [])],
)
def test_a_list_is_converted_if_no_digit_is_lost(dtype: str, value: Any) -> None:
    assert check(dtype, value).dtype == np.dtype(dtype)


def test_a_ragged_list_is_refused() -> None:
    with pytest.raises(InputError, match="ragged"):
        check("float32", [[1, 2], [3]], (None, None))


def test_numbers_are_not_strings() -> None:
    with pytest.raises(InputError, match="holds a int, expected string"):
        check("string", [1])


def test_a_dtype_that_cannot_be_sent_is_named() -> None:
    with pytest.raises(InputError, match="DT_COMPLEX64"):
        check("DT_COMPLEX64", [1])


def test_missing_and_unknown_inputs_are_refused_with_the_expected_ones() -> None:
    signature = Signature("serving_default", {"image": IMAGE}, {})
    with pytest.raises(InputError, match=r"given the inputs: picture;.*image: float32 \(\?, 28"):
        signature.check({"picture": []})


def test_an_unknown_signature_lists_the_known_ones() -> None:
    signatures = {name: Signature(name, {}, {}) for name in ("a", "b")}
    with pytest.raises(UsageError, match=r"no signature 'serving_default'; it has: a, b"):
        Metadata("m", 1, signatures).signature(None)


def test_zeros_are_the_smallest_that_fit() -> None:
    assert IMAGE.zeros().shape == (1, 28, 28)
    assert TensorSpec("s", "string", (None,)).zeros().tolist() == [b""]
