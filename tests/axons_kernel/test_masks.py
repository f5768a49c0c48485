"""Mask pictures: grey levels become classes; stray values are repaired, and told of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from axons_kernel.errors import InputError
from axons_kernel.masks import grey_levels, read_mask


@pytest.fixture
def pixels() -> NDArray[np.uint8]:
    """Levels 0, 128 and 255 in equal parts, with three stray pixels."""
    grey = np.repeat(np.uint8([0, 128, 255]), 40 * 120).reshape(120, 120)
    grey[0, :3] = 1, 127, 200
    return grey


def test_grey_levels_leave_strays_out(pixels: NDArray[np.uint8]) -> None:
    assert grey_levels(pixels) == [0, 128, 255]
    assert grey_levels(np.dstack([pixels, pixels * 0])) == [0, 128, 255]


def test_a_tiny_mask_keeps_every_level() -> None:
    assert grey_levels(np.uint8([[0, 7], [9, 9]])) == [0, 7, 9]


def test_strays_go_to_the_nearest_level(pixels: NDArray[np.uint8]) -> None:
    reading = read_mask(pixels, {"myelin": 128, "axon": 255})
    assert reading.strays == {1: 1, 127: 1, 200: 1}
    assert reading.classes[0, :4].tolist() == [0, 1, 2, 0]
    assert np.bincount(reading.classes.ravel()).tolist() == [40 * 120 - 2, 40 * 120 + 1, 40 * 120 + 1]


def test_classes_follow_the_given_order(pixels: NDArray[np.uint8]) -> None:
    assert read_mask(pixels, {"axon": 255, "myelin": 128}).classes[119, 119] == 1


@given(hnp.arrays(np.uint8, (6, 7), elements=st.sampled_from([0, 90, 180, 255])))
def test_exact_levels_have_no_strays(pixels: NDArray[np.uint8]) -> None:
    reading = read_mask(pixels, {"a": 90, "b": 180, "c": 255})
    assert reading.strays == {} and reading.classes.dtype == np.uint8
    np.testing.assert_array_equal(np.uint8([0, 90, 180, 255])[reading.classes], pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32])
def test_any_type_of_numbers_reads_the_same(pixels: NDArray[np.uint8], dtype: type) -> None:
    expected = read_mask(pixels, {"myelin": 128, "axon": 255})
    reading = read_mask(pixels.astype(dtype), {"myelin": 128, "axon": 255})
    np.testing.assert_array_equal(reading.classes, expected.classes)
    assert reading.strays == expected.strays and reading.classes.dtype == np.uint8
    assert grey_levels(pixels.astype(dtype)) == [0, 128, 255]


def test_counting_in_strips(pixels: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("axons_kernel.masks._STRIP", 500)
    assert read_mask(pixels, {"myelin": 128, "axon": 255}).strays == {1: 1, 127: 1, 200: 1}


MEASURE = """
import numpy as np
from axons_kernel.masks import grey_levels, read_mask

pixels = np.zeros((8192, 8192), np.uint8)
pixels[100:5000, 100:5000] = 255
before = peak_mib()
reading = read_mask(pixels, {"a": grey_levels(pixels)[1]})
after = peak_mib()
print(int(reading.classes.sum(dtype=np.int64)), after - before)
"""


def test_a_large_mask_needs_no_memory_beside_the_result(measured: Callable[..., list[str]]) -> None:
    total, grown_mib = map(float, measured(MEASURE))
    assert total == 4900 * 4900
    assert grown_mib < 64 * 2  # the mask itself has 64 MiB; a sort of its pixels would take ten times that


@pytest.mark.parametrize("levels", [{"a": 0}, {"a": 5, "b": 5}])
def test_levels_must_differ(levels: dict[str, int]) -> None:
    with pytest.raises(InputError, match="each class needs a grey level of its own, not 0"):
        read_mask(np.zeros((2, 2), np.uint8), levels)
