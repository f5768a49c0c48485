"""Pixels of any type as a picture: limits, gamma, colours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from axons_kernel.widget.look import ChannelLook, Look, channel_statistics, default_look, draw, is_rgb


def look(*channels: tuple[str, float, float], gamma: float = 1.0, hidden: int = -1) -> Look:
    looks = [
        ChannelLook(visible=i != hidden, colour=colour, low=low, high=high)
        for i, (colour, low, high) in enumerate(channels)
    ]
    return Look(channels=tuple(looks), gamma=gamma)


def test_8_bit_between_0_and_255_is_drawn_as_it_is() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert (draw(pixels, look(("#ffffff", 0, 255))) == pixels).all()


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_limits_become_black_and_white(dtype: Any) -> None:
    pixels = np.array([[0, 1000, 2000, 3000, 60000]], dtype)
    assert draw(pixels, look(("#ffffff", 1000, 3000))).tolist() == [[0, 0, 128, 255, 255]]


def test_gamma_brightens_the_middle_and_keeps_the_ends() -> None:
    pixels = np.array([[0, 64, 255]], np.uint8)
    drawn = draw(pixels, look(("#ffffff", 0, 255), gamma=2.0))[0]
    assert drawn.tolist() == [0, 128, 255]


def test_channels_are_added_up_in_their_colours() -> None:
    pixels = np.array([[[100, 0], [0, 100], [100, 100]]], np.uint16)
    drawn = draw(pixels, look(("#ff0000", 0, 100), ("#808000", 0, 100)))
    assert drawn.tolist() == [[[255, 0, 0], [128, 128, 0], [255, 128, 0]]]


def test_what_adds_up_to_more_than_white_is_white() -> None:
    pixels = np.full((1, 1, 2), 100, np.uint16)
    assert draw(pixels, look(("#ff80ff", 0, 100), ("#ffff80", 0, 100))).tolist() == [[[255, 255, 255]]]


def test_a_hidden_channel_is_not_drawn() -> None:
    pixels = np.full((1, 1, 2), 100, np.uint16)
    drawn = draw(pixels, look(("#ff0000", 0, 100), ("#00ff00", 0, 100), hidden=0))
    assert drawn.tolist() == [[[0, 255, 0]]]


def test_a_colour_picture_is_drawn_as_it_is() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (8, 9, 3), dtype=np.uint8)
    statistics = channel_statistics(pixels, ["red", "green", "blue"])
    assert (draw(pixels, default_look(statistics, rgb=True)) == pixels).all()


def test_8_bit_values_are_shown_as_they_are_and_others_stretched() -> None:
    grey = np.random.default_rng(0).integers(90, 110, (50, 50), dtype=np.uint8)
    assert (draw(grey, default_look(channel_statistics(grey, ["a"]), rgb=False)) == grey).all()
    deep = grey.astype(np.uint16) * 100
    assert np.ptp(draw(deep, default_look(channel_statistics(deep, ["a"]), rgb=False))) == 255


def test_limits_that_suit_leave_out_the_outliers() -> None:
    pixels = np.random.default_rng(0).normal(500, 50, (200, 200)).astype(np.uint16)
    pixels[0, 0] = 65535
    (found,) = channel_statistics(pixels, ["a"])
    assert found.range[1] == 65535 and found.auto[1] < 800


@given(st.sampled_from(["uint8", "uint16", "float32"]), st.integers(1, 4), st.integers(0, 255))
def test_every_flat_image_can_be_drawn(dtype: str, channels: int, value: int) -> None:
    pixels = np.full((4, 5, channels), value, dtype)[..., 0 if channels == 1 else slice(None)]
    statistics = channel_statistics(pixels, [str(i) for i in range(channels)])
    drawn = draw(pixels, default_look(statistics, rgb=is_rgb(pixels.dtype, channels)))
    assert drawn.dtype == np.uint8 and drawn.shape[:2] == (4, 5)


@pytest.mark.parametrize(
    "change",
    [{"colour": "red"}, {"colour": "#fff;}"}, {"low": float("nan")}, {"high": float("inf")}, {"more": 1}],
)
def test_a_look_that_is_none_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ChannelLook.model_validate({"visible": True, "colour": "#ffffff", "low": 0, "high": 1, **change})
