"""Tissue and background: found whatever the background's brightness is, and not where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from axons_kernel.foreground import find_foreground, tile_shares
from axons_kernel.samples import axon_micrograph
from axons_kernel.tiling import Tile, tile_grid

TISSUE = axon_micrograph((768, 768), seed=3).pixels


def section(background: int, noise: float = 4) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A round piece of tissue on an even background, (192, 192), and where it is."""
    rows, columns = np.indices(TISSUE.shape)
    inside = np.hypot((rows - 380) / 300, (columns - 330) / 250) < 1
    noisy = np.random.default_rng(0).normal(0, noise, TISSUE.shape)
    pixels = np.clip(np.where(inside, TISSUE, background) + noisy, 0, 255)
    return smaller(pixels).astype(np.uint8), smaller(inside) > 0.5


def smaller(pixels: NDArray[Any], step: int = 4) -> NDArray[Any]:
    h, w = (side // step * step for side in pixels.shape)
    return pixels[:h, :w].reshape(h // step, step, w // step, step).mean(axis=(1, 3))


@pytest.mark.parametrize(
    ("brightness", "side"), [(5, "dark"), (40, "dark"), (90, "dark"), (200, "bright"), (250, "bright")]
)
def test_tissue_on_a_background_of_any_brightness(brightness: int, side: str) -> None:
    pixels, inside = section(brightness)
    found = find_foreground(pixels, detail=8)
    assert found.background == side and found.threshold is not None
    assert (found.mask & inside).sum() / (found.mask | inside).sum() > 0.9


def test_a_background_as_bright_as_the_tissue() -> None:
    pixels, inside = section(int(np.median(TISSUE)))
    found = find_foreground(pixels, detail=8)
    assert (found.mask & inside).sum() / (found.mask | inside).sum() > 0.9


def test_colours_and_16_bits() -> None:
    pixels, _ = section(230)
    grey = find_foreground(pixels, detail=8)
    colour = find_foreground(np.stack([pixels] * 3, axis=2), detail=8)
    deep = find_foreground(pixels.astype(np.uint16) * 200, detail=8)
    np.testing.assert_array_equal(colour.mask, grey.mask)
    assert (deep.mask == grey.mask).mean() > 0.999
    assert deep.threshold == pytest.approx(200 * (grey.threshold or 0), rel=0.02)


@pytest.mark.parametrize(
    "pixels",
    [
        smaller(TISSUE),
        np.full((64, 64), 7, np.uint8),
        np.random.default_rng(0).integers(0, 255, (90, 70)).astype(np.uint8),
        np.zeros((1, 1), np.float32),
    ],
    ids=["tissue everywhere", "flat", "noise", "one pixel"],
)
def test_without_background_all_is_tissue(pixels: NDArray[Any]) -> None:
    found = find_foreground(pixels, detail=8)
    assert found.mask.all() and (found.background, found.threshold) == ("none", None)


def test_real_micrographs(sample_data: Path) -> None:
    """All are full of tissue, but for one with a dark corner, which at half the size is too small to count."""
    found, half = {}, {}
    for path in sorted(sample_data.glob("axon_sem_rat/*/micr/*_SEM.png")):
        with Image.open(path) as image:
            grey = np.asarray(image.convert("L"))
        found[path.stem] = find_foreground(smaller(grey, 8), detail=8)
        half[path.stem] = find_foreground(smaller(grey, 16), detail=8)
    corner = found.pop("sub-rat5_sample-data14_SEM")
    assert corner.background == "dark" and not corner.mask[-20:, :10].any() and corner.mask[:180].mean() > 0.99
    assert all(other.background == "none" for other in half.values())
    assert len(found) == 9 and all(other.background == "none" for other in found.values())


@given(st.integers(1, 60), st.integers(1, 60), st.sampled_from((1, 2, 4)), st.integers(0, 1000))
def test_shares_are_means_of_the_mask(height: int, width: int, scale: int, seed: int) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < 0.4
    tiles = [tile.to_image(scale) for tile in tile_grid((height, width), 16, 4, "reflect")]
    expected = [float(tile.to_level(scale).cut(mask).mean()) for tile in tiles]
    np.testing.assert_allclose(tile_shares(mask, scale, tiles), expected)


def test_a_tile_smaller_than_a_pixel_of_the_mask() -> None:
    mask = np.array([[True, False]])
    assert tile_shares(mask, 64, [Tile(0, 0, 16, 16), Tile(112, 0, 16, 16)]) == [1.0, 0.0]
