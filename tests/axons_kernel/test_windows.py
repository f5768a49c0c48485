"""Tiles read from a pyramid equal those of numpy's mirrored array, at every level."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from axons_kernel.chunk_cache import ChunkCache
from axons_kernel.errors import InputError
from axons_kernel.pyramid import Pyramid
from axons_kernel.tiling import Tile, tile_grid
from axons_kernel.windows import read_window, read_windows


def opened(pixels: NDArray[Any], levels: int = 1) -> Pyramid:
    buffer = io.BytesIO()
    options: dict[str, Any] = {"tile": (32, 32), "compression": "zlib", "metadata": None, "photometric": "minisblack"}
    with tifffile.TiffWriter(buffer) as writer:
        writer.write(pixels, subifds=levels - 1, **options)
        for level in range(1, levels):
            coarse = pixels[:: 2**level, :: 2**level][: pixels.shape[0] >> level, : pixels.shape[1] >> level]
            writer.write(np.ascontiguousarray(coarse), subfiletype=1, **options)
    return Pyramid(buffer, "image.tif", ChunkCache())


def numbered(shape: tuple[int, int]) -> NDArray[np.uint16]:
    return np.arange(shape[0] * shape[1], dtype=np.uint16).reshape(shape)


@given(st.tuples(st.integers(1, 90), st.integers(1, 90)), st.integers(16, 80), st.integers(0, 8))
def test_tiles_over_the_edge_are_mirrored(shape: tuple[int, int], size: int, overlap: int) -> None:
    pixels = numbered(shape)
    mirrored = np.pad(pixels, ((0, 160), (0, 160)), mode="reflect")
    tiles = tile_grid(shape, size, overlap, "reflect")
    for tile, values in zip(tiles, read_windows(opened(pixels), tiles), strict=True):
        np.testing.assert_array_equal(values, tile.cut(mirrored))


def test_a_window_left_of_and_above_the_image() -> None:
    pixels = numbered((40, 50))
    values = read_window(opened(pixels), Tile(-6, -10, 20, 30))
    np.testing.assert_array_equal(values, np.pad(pixels, ((10, 0), (6, 0)), mode="reflect")[:30, :20])


@given(st.integers(0, 2), st.integers(0, 20), st.integers(0, 20), st.integers(1, 20), st.integers(1, 20))
def test_a_level_holds_every_other_pixel(level: int, x: int, y: int, width: int, height: int) -> None:
    pixels, scale = numbered((172, 181)), 2**level
    tile = Tile(x, y, width, height).to_image(scale)
    values = read_window(opened(pixels, levels=3), tile, level)
    np.testing.assert_array_equal(values, tile.cut(pixels)[::scale, ::scale])


def test_windows_that_cannot_be_read() -> None:
    image = opened(numbered((64, 64)), levels=2)
    with pytest.raises(InputError, match=r"image\.tif has no level 2: give 0 to 1"):
        read_window(image, Tile(0, 0, 8, 8), 2)
    with pytest.raises(InputError, match="at a level of 2 image pixels per pixel: give multiples of 2"):
        read_window(image, Tile(1, 0, 8, 8), 1)
    with pytest.raises(InputError, match=r"Tile\(x=64, y=0, width=8, height=8\) lies outside image\.tif"):
        read_window(image, Tile(64, 0, 8, 8))
