"""Augmentation: pixels and mask move together, class numbers stay what they are, all chance comes from outside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from axons_kernel.training.augmentation import Augmenter, vary_tones
from axons_kernel.training.config import TrainingConfig
from axons_kernel.training.losses import IGNORE

STRENGTHS = ("none", "light", "strong")
AUGMENTERS = {name: Augmenter(TrainingConfig(augmentation=name)) for name in STRENGTHS}
SIDE = 48


def picture(side: int = SIDE, channels: int = 1, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(channels, side, side)).astype(np.float32)


@pytest.mark.parametrize("strength", STRENGTHS)
@given(
    seed=st.integers(0, 2**32), numbers=st.sets(st.integers(0, 255), min_size=1, max_size=5), channels=st.integers(1, 5)
)
def test_class_numbers_stay(strength: str, seed: int, numbers: set[int], channels: int) -> None:
    rng = np.random.default_rng(seed)
    mask = rng.choice(sorted(numbers), (SIDE, SIDE)).astype(np.uint8)
    pixels, changed = AUGMENTERS[strength](picture(channels=channels), mask, rng)
    assert pixels.shape == (channels, SIDE, SIDE) and pixels.dtype == np.float32 and pixels.flags.c_contiguous
    assert changed.shape == (SIDE, SIDE) and changed.dtype == np.uint8
    assert set(np.unique(changed).tolist()) <= numbers | {IGNORE}


@pytest.mark.parametrize("strength", ["light", "strong"])
def test_a_pixel_and_its_class_come_from_the_same_place(strength: str) -> None:
    """The picture holds each pixel's own place, the mask squares of 16 pixels by place: after the move, both agree."""
    side, square = 96, 16
    rows, cols = np.indices((side, side))
    scale = 14 / side  # within the range that is kept
    places = (np.stack([rows, cols]) * scale - 7).astype(np.float32)
    mask = ((rows // square) * 8 + cols // square).astype(np.uint8)
    seen = unknown = 0
    for seed in range(40):
        moved, changed = AUGMENTERS[strength].move(places, mask, np.random.default_rng(seed))
        y, x = (moved + 7) / scale
        # two pixels from the next square, as places are interpolated, and class numbers are not
        clear = (np.abs(y / square % 1 - 0.5) < 0.375) & (np.abs(x / square % 1 - 0.5) < 0.375) & (changed != IGNORE)
        clear &= (y > 1) & (x > 1) & (y < side - 2) & (x < side - 2)
        expected = (y // square).astype(int) * 8 + (x // square).astype(int)
        np.testing.assert_array_equal(changed[clear], expected[clear])
        seen, unknown = seen + int(clear.sum()), unknown + int((changed == IGNORE).sum())
    assert seen > 0.4 * 40 * side**2, "most pixels were compared"
    assert 0.005 < unknown / (40 * side**2) < 0.3, "what comes from outside is not known"


@pytest.mark.parametrize("strength", ["light", "strong"])
def test_chance_comes_from_the_generator_alone(strength: str) -> None:
    mask = np.eye(SIDE, dtype=np.uint8)
    config: Any = TrainingConfig(augmentation=strength)  # type: ignore[arg-type]
    one, other = Augmenter(config), Augmenter(config)
    other(picture(), mask, np.random.default_rng(99))  # what came before leaves no trace
    results = [a(picture(), mask, np.random.default_rng(7)) for a in (one, other)]
    for first, second in zip(*results, strict=True):
        np.testing.assert_array_equal(first, second)
    different = {one(picture(), mask, np.random.default_rng(seed))[0].tobytes() for seed in range(5)}
    assert len(different) == 5


def test_none_changes_nothing() -> None:
    mask = np.eye(SIDE, dtype=np.uint8)
    pixels, same = AUGMENTERS["none"](picture(), mask, np.random.default_rng(0))
    np.testing.assert_array_equal(pixels, picture())
    np.testing.assert_array_equal(same, mask)


def test_what_is_given_is_not_written_to() -> None:
    pixels, mask = picture(), np.eye(SIDE, dtype=np.uint8)
    pixels.flags.writeable = mask.flags.writeable = False
    for strength in STRENGTHS:
        for seed in range(5):
            AUGMENTERS[strength](pixels, mask, np.random.default_rng(seed))


def test_strong_changes_more() -> None:
    slope = np.tile(np.linspace(-2, 2, SIDE, dtype=np.float32), (1, SIDE, 1))
    spread = {
        strength: np.std(
            [change(slope, np.zeros((SIDE, SIDE), np.uint8), np.random.default_rng(s))[0].std() for s in range(60)]
        )
        for strength, change in AUGMENTERS.items()
    }
    assert spread["none"] < spread["light"] < spread["strong"]


def test_dark_and_bright_pixels_are_not_clipped() -> None:
    """albumentations clips floating-point images to 0..1, and standardised pixels lie on both sides of that."""
    ramp = np.tile(np.linspace(-4, 4, 64, dtype=np.float32), (1, 64, 1))
    for strength in ("light", "strong"):
        for seed in range(8):
            rng = np.random.default_rng(seed)
            image = AUGMENTERS[strength](ramp, np.zeros((64, 64), np.uint8), rng)[0]
            assert image.min() < -1.2 and image.max() > 1.2
            assert np.unique(image.round(1)).size > 25


def test_tones_vary_and_stay_near() -> None:
    ramp = np.linspace(-4, 4, 1000, dtype=np.float32).reshape(20, 50)
    varied = [vary_tones(ramp, np.random.default_rng(seed)) for seed in range(20)]
    fits = np.array([np.polyfit(ramp.ravel(), v.ravel(), 1) for v in varied])
    assert (fits[:, 0] > 0.7).all() and (fits[:, 0] < 1.3).all() and fits[:, 0].std() > 0.05
    assert (abs(fits[:, 1]) < 0.4).all() and fits[:, 1].std() > 0.05
