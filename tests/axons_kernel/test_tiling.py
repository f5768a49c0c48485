"""Tiles: the grid covers every pixel, and stitching what was cut gives the image back."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axons_kernel.errors import InputError
from axons_kernel.tiling import Stitcher, Tile, Tiling, tile_grid, tile_starts

shapes = st.tuples(st.integers(1, 150), st.integers(1, 150))
sizes = st.integers(16, 64).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size // 2)))


@given(shapes, sizes)
def test_grid_covers_every_pixel_and_stays_inside(shape: tuple[int, int], size_overlap: tuple[int, int]) -> None:
    size, overlap = size_overlap
    tiles = tile_grid(shape, size, overlap)
    covered = np.zeros(shape, int)
    for tile in tiles:
        assert tile.cut(covered).shape == (tile.height, tile.width) == (min(size, shape[0]), min(size, shape[1]))
        tile.cut(covered)[...] += 1
    assert covered.min() >= 1
    assert len(set(tiles)) == len(tiles)
    assert list(tiles) == sorted(tiles, key=lambda t: (t.y, t.x))


@given(st.integers(1, 500), sizes)
def test_neighbours_overlap_at_least_as_asked(length: int, size_overlap: tuple[int, int]) -> None:
    size, overlap = size_overlap
    starts = tile_starts(length, size, overlap)
    assert starts[0] == 0 and starts[-1] == max(0, length - size)
    assert all(overlap <= size - (b - a) < size for a, b in pairwise(starts))
    assert len(starts) == max(1, -(-(length - overlap) // (size - overlap)))


@given(shapes, sizes)
def test_stitching_the_cut_gives_the_image_back(shape: tuple[int, int], size_overlap: tuple[int, int]) -> None:
    values = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    stitcher = Stitcher(2, shape)
    for tile in tile_grid(shape, *size_overlap):
        stitcher.add(tile, np.stack([tile.cut(channel) for channel in values]))
    np.testing.assert_allclose(stitcher.result(), values, atol=1e-5)


def test_seams_are_blended() -> None:
    stitcher = Stitcher(1, (16, 48))
    stitcher.add(Tile(0, 0, 32, 16), np.zeros((1, 16, 32), np.float32))
    stitcher.add(Tile(16, 0, 32, 16), np.ones((1, 16, 32), np.float32))
    row = stitcher.result()[0, 8]
    assert row[0] == 0 and row[-1] == 1 and (np.diff(row) >= 0).all() and np.diff(row).max() < 0.1


def test_a_missing_tile_is_told() -> None:
    stitcher = Stitcher(1, (16, 32))
    stitcher.add(Tile(0, 0, 16, 16), np.zeros((1, 16, 16), np.float32))
    with pytest.raises(InputError, match="256 pixels are covered by no tile; add all tiles"):
        stitcher.result()


@pytest.mark.parametrize(
    ("size", "overlap", "message"),
    [
        (15, 0, "Tile size 15 is too small: give 16 pixels or more"),
        (-1, 0, "Tile size -1 is too small"),
        (64, -1, "Overlap -1 is not allowed for tiles of 64: give 0 to 32 pixels"),
        (64, 33, "Overlap 33 is not allowed"),
    ],
)
def test_bad_grid(size: int, overlap: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        tile_grid((100, 100), size, overlap)


def test_cut_is_a_view() -> None:
    pixels = np.zeros((20, 30, 3))
    Tile(5, 2, 4, 3).cut(pixels)[...] = 1
    assert pixels.sum() == 36 and pixels[2:5, 5:9].all()


def test_tiling_round_trip() -> None:
    tiling = Tiling(name="a", image="a", size=16, overlap=4, tiles=tile_grid((40, 40), 16, 4))
    assert Tiling.decode(tiling.encode(), "x") == tiling and isinstance(tiling.tiles[0], Tile)
