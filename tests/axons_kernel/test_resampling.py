"""Resampling: sizes, grey values that stay put, class numbers that never mix."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from axons_kernel import resampling
from axons_kernel.picture import Picture
from axons_kernel.resampling import resample, resample_nearest, resampled_picture, scaled_shape

sides = st.tuples(st.integers(1, 30), st.integers(1, 30))


@pytest.mark.parametrize(("scale", "expected"), [(2.0, (20, 40)), (0.5, (5, 10)), (1.0, (10, 20)), (1e-6, (1, 1))])
def test_scaled_shape(scale: float, expected: tuple[int, int]) -> None:
    assert scaled_shape((10, 20), scale) == expected


@given(sides, sides)
def test_any_shape_is_reached_and_flat_stays_flat(old: tuple[int, int], new: tuple[int, int]) -> None:
    result = resample(np.full(old, 3.5, np.float32), new)
    assert result.shape == new and result.dtype == np.float32
    np.testing.assert_allclose(result, 3.5, rtol=1e-5)


@given(sides, sides)
def test_nearest_makes_no_new_values(old: tuple[int, int], new: tuple[int, int]) -> None:
    values = np.arange(old[0] * old[1], dtype=np.int32).reshape(old)
    result = resample_nearest(values, new)
    assert result.shape == new and result.dtype == values.dtype and set(result.ravel()) <= set(values.ravel())


def test_nearest_takes_the_value_under_the_new_centre() -> None:
    assert resample_nearest(np.arange(9)[None], (1, 3)).tolist() == [[1, 4, 7]]
    assert resample_nearest(np.arange(3)[:, None], (9, 1)).ravel().tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_nearest_doubles_and_halves_exactly() -> None:
    values = np.random.default_rng(0).integers(0, 3, (8, 10))
    doubled = resample_nearest(values, (16, 20))
    np.testing.assert_array_equal(doubled, values.repeat(2, 0).repeat(2, 1))
    np.testing.assert_array_equal(resample_nearest(doubled, (8, 10)), values)


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_structures_stay_where_they_are(scale: float) -> None:
    rows, cols = np.indices((64, 64)) + 0.5
    blob = np.exp(-((rows - 20) ** 2 + (cols - 40) ** 2) / 50).astype(np.float32)
    shape = scaled_shape(blob.shape, scale)
    result = resample(blob, shape)
    rows, cols = (np.indices(shape) + 0.5) / scale
    centre = [float((axis * result).sum() / result.sum()) for axis in (rows, cols)]
    assert centre == pytest.approx([20, 40], abs=0.2)


def test_shrinking_does_not_alias() -> None:
    stripes = np.tile(np.float32([0, 1]), (64, 32))
    assert resample(stripes, (16, 16)).std() < 0.02


def test_same_shape_is_untouched() -> None:
    pixels = np.random.default_rng(0).random((5, 6), np.float32)
    np.testing.assert_array_equal(resample(pixels, (5, 6)), pixels)
    np.testing.assert_array_equal(resample_nearest(pixels, (5, 6)), pixels)


# -- pictures, by bands ---------------------------------------------------------------------------------------------


def picture_of(pixels: NDArray[Any], rows: int = 7) -> Picture:
    """A picture that comes in bands of few rows."""
    planes = (lambda: (pixels[top : top + rows] for top in range(0, len(pixels), rows)),)
    return Picture(pixels.shape[:2], pixels.dtype, planes, rgb=pixels.ndim == 3)


@given(st.integers(1, 90), st.integers(1, 70), st.integers(1, 90), st.integers(1, 70), st.integers(1, 9))
def test_bands_join_without_a_seam(height: int, width: int, to_height: int, to_width: int, rows: int) -> None:
    pixels = np.random.default_rng(0).random((height, width), np.float32)
    whole = Image.fromarray(pixels).resize((to_width, to_height), Image.Resampling.BILINEAR)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resampling, "_BAND_ROWS", rows)
        found = resampled_picture(picture_of(pixels), (to_height, to_width)).pixels()
    np.testing.assert_allclose(found, np.asarray(whole), atol=1e-4)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("rest", [(), (3,)])
def test_a_flat_picture_stays_flat(dtype: str, rest: tuple[int, ...]) -> None:
    pixels = np.full((50, 40, *rest), 200, dtype)
    found = resampled_picture(picture_of(pixels), (17, 13)).pixels()
    assert found.shape == (17, 13, *rest) and found.dtype == dtype
    np.testing.assert_array_equal(found, 200)


def test_stripes_too_fine_to_show_become_grey() -> None:
    stripes = np.tile(np.uint8([0, 255]), (64, 32))
    assert resampled_picture(picture_of(stripes), (16, 16)).pixels()[:, 1:-1].std() < 1
