import json

import numpy as np
import pytest

from client.json_text import decode, encode, values


def test_arrays_are_nested_lists_with_the_digits_of_their_dtype() -> None:
    array = np.array([[0.1, 1e30]], np.float32)
    assert encode({"x": values(array)}) == b'{"x":[[0.1,1e+30]]}'


@pytest.mark.parametrize(
    "array",
    [
        np.float32(2).reshape(()),
        np.arange(6, dtype=np.int64).reshape(2, 3).T,
        np.array([True, False]),
        np.zeros((0, 2), np.uint8),
        np.array([0.5], np.float16),
        np.array([2**64 - 1], np.uint64),
    ],
)
def test_every_array_is_read_back_by_pythons_own_module(array: np.ndarray) -> None:
    assert json.loads(encode(values(array))) == array.tolist()


def test_not_a_number_is_not_null() -> None:
    text = encode({"x": values(np.array([[np.nan, 1, -np.inf]], np.float64))})
    assert text == b'{"x":[[NaN, 1.0, -Infinity]]}'
    assert np.isnan(decode(text)["x"][0][0])


def test_text_that_is_not_json_is_refused() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        decode(b"<html>")


def test_other_types_are_refused() -> None:
    with pytest.raises(TypeError):
        encode(object())
