"""Tiles read from a pyramid: places in image pixels, and pixels mirrored where a tile reaches over the edge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .pyramid import Pyramid
from .tiling import Tile


def read_window(pyramid: Pyramid, tile: Tile, level: int = 0) -> NDArray[Any]:
    """The pixels of a tile (image pixels) at a level: (h, w) or (h, w, C), h = tile.height / scale.

    What reaches over the edge is mirrored at the last pixel. Raises InputError when the tile lies outside, or is no
    whole number of the level's pixels.
    """
    return next(read_windows(pyramid, [tile], level))


def read_windows(pyramid: Pyramid, tiles: Iterable[Tile], level: int = 0) -> Iterator[NDArray[Any]]:
    """The pixels of many tiles in their order, as `read_window` gives them, decoded some tiles ahead."""
    if not 0 <= level < len(pyramid.levels):
        raise InputError(f"{pyramid.name} has no level {level}: give 0 to {len(pyramid.levels) - 1}.")
    shape, scale = pyramid.levels[level].shape, pyramid.levels[level].scale
    if scale != int(scale):
        raise InputError(f"Level {level} of {pyramid.name} has {scale:g} image pixels per pixel, no whole number.")
    wanted = [tile.to_level(int(scale)) for tile in tiles]
    for tile in wanted:
        if 0 in tile.clipped(shape)[2:]:
            raise InputError(f"{tile.to_image(int(scale))} lies outside {pyramid.name}: its pixels are not known.")
    sources = [_source(tile, shape) for tile in wanted]
    for tile, pixels in zip(wanted, pyramid.read_each(sources, level), strict=True):
        if tile.clipped(shape) == tile:
            yield pixels
        else:
            rows, columns = _mirrored(tile.y, tile.height, shape[0]), _mirrored(tile.x, tile.width, shape[1])
            yield pixels[rows - rows.min()][:, columns - columns.min()]


def _source(tile: Tile, shape: tuple[int, int]) -> Tile:
    """The window that holds all pixels of a tile: itself, or that of its mirrored places."""
    if tile.clipped(shape) == tile:
        return tile
    rows, columns = _mirrored(tile.y, tile.height, shape[0]), _mirrored(tile.x, tile.width, shape[1])
    left, top = int(columns.min()), int(rows.min())
    return Tile(left, top, int(columns.max()) - left + 1, int(rows.max()) - top + 1)


def _mirrored(start: int, count: int, length: int) -> NDArray[np.intp]:
    """Where each of `count` positions from `start` is found in 0..length - 1; the end pixels are not repeated."""
    if length == 1:
        return np.zeros(count, np.intp)
    position = np.arange(start, start + count, dtype=np.intp) % (2 * (length - 1))
    return np.minimum(position, 2 * (length - 1) - position)
