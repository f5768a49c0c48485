"""Pictures read by bands, and the choice of channels, depth and time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axons_kernel.errors import ImageReadError, InputError
from axons_kernel.picture import BAND_BYTES, Choice, array_picture, standard_picture


@given(st.sampled_from(["uint8", "uint16", "float32"]), st.integers(1, 50), st.sampled_from([(), (2,), (3,), (5,)]))
def test_an_array_comes_back(dtype: str, height: int, rest: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(height).integers(0, 200, (height, 7, *rest)).astype(dtype)
    for rgb in {False, rest == (3,)}:
        np.testing.assert_array_equal(standard_picture(array_picture(pixels, rgb=rgb), "x").pixels(), pixels)


def test_bands_are_small() -> None:
    picture = array_picture(np.zeros((4000, 20_000), np.uint8), rgb=False)
    assert max(band.nbytes for band in picture.planes[0]()) <= BAND_BYTES


def test_channels_are_kept_in_the_order_asked_for() -> None:
    pixels = np.arange(24).reshape(2, 3, 4)
    picture = array_picture(pixels, rgb=False, channel_names=("a", "b", "c", "d"))
    kept = picture.keeping([3, 0])
    np.testing.assert_array_equal(kept.pixels(), pixels[..., [3, 0]])
    assert kept.channel_names == ("d", "a") and kept.channels == 2


def test_channels_of_a_colour_picture() -> None:
    pixels = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    kept = array_picture(pixels, rgb=True).keeping([2])
    np.testing.assert_array_equal(kept.pixels(), pixels[..., 2])
    assert not kept.rgb and kept.channel_names == ("B",)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [([0, 65535], "uint16"), ([0, 65536], "float32"), ([-1, 5], "float32")],
)
def test_whole_numbers_become_16_bit_where_they_fit(values: list[int], dtype: str) -> None:
    picture = standard_picture(array_picture(np.array([values], np.int64), rgb=False), "x")
    assert picture.dtype == dtype
    np.testing.assert_array_equal(picture.pixels(), [values])


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_what_is_no_number_is_refused_while_reading(value: float) -> None:
    with pytest.raises(ImageReadError, match="x holds NaN or infinite values"):
        standard_picture(array_picture(np.array([[0.0, value]]), rgb=False), "x").pixels()


@pytest.mark.parametrize(("given_plane", "expected"), [(0, 0), (4, 4), ("first", 0), ("middle", 2), ("last", 4)])
def test_a_plane_in_depth(given_plane: Any, expected: int) -> None:
    assert Choice(z=given_plane).plane("z", 5, "x") == expected


@pytest.mark.parametrize("given_plane", [5, -1, "centre", True, 1.0])
def test_a_plane_that_is_not_there(given_plane: Any) -> None:
    with pytest.raises(InputError, match=r"z=.* is not in x: give z=0 to z=4, or \"first\", \"middle\" or \"last\""):
        Choice(z=given_plane).plane("z", 5, "x")


def test_nothing_chosen_is_asked_for_where_there_is_more_than_one() -> None:
    assert Choice().plane("t", 1, "x") == 0
    with pytest.raises(InputError, match=r"x has 5 points in time, and an image has one: choose with t=0 to t=4"):
        Choice().plane("t", 5, "x")


@pytest.mark.parametrize(
    ("channels", "expected"), [(None, [0, 1, 2]), (1, [1]), ("GFP", [1]), (["Cy5", 0], [2, 0]), ((2,), [2])]
)
def test_channels(channels: Any, expected: list[int]) -> None:
    assert Choice(channels).channel_numbers(3, ["DAPI", "GFP", "Cy5"], "x") == expected


@pytest.mark.parametrize("channels", [3, -1, "gfp", ["DAPI", 7], True, 1.5])
def test_channels_that_are_not_there(channels: Any) -> None:
    with pytest.raises((InputError, TypeError), match=r"no channel .*: give 0 to 2 or one of 'DAPI', 'GFP', 'Cy5'"):
        Choice([channels] if isinstance(channels, float) else channels).channel_numbers(3, ["DAPI", "GFP", "Cy5"], "x")


def test_no_channel_at_all() -> None:
    with pytest.raises(InputError, match=r"channels=\[\] chooses none of x: leave it out to take all"):
        Choice([]).channel_numbers(3, [], "x")
