"""Tiles: windows of an image, cut with overlap and put back together.

A tile is a rectangle, not a copy of pixels. Positions are whole image pixels, origin top-left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .documents import Document
from .errors import InputError


class Tile(NamedTuple):
    """A window of an image: left, top, width, height in image pixels."""

    x: int
    y: int
    width: int
    height: int

    def cut(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """The tile's pixels as a view of (H, W) or (H, W, C)."""
        return pixels[self.y : self.y + self.height, self.x : self.x + self.width]


class Tiling(Document):
    """tilings/<name>.json: how an image is cut; `tiles` are windows, no pixel is copied."""

    kind: ClassVar[str] = "tiling"
    name: str
    image: str
    size: int
    overlap: int
    tiles: tuple[Tile, ...]


def tile_starts(length: int, size: int, overlap: int) -> list[int]:
    """Starts of the tiles along one side of `length` pixels.

    Every pixel is covered; the last tile is shifted inwards so that it ends at the edge. A side shorter than
    `size` gets one tile at 0.
    """
    if length <= size:
        return [0]
    stride = size - overlap
    count = -(-(length - size) // stride) + 1  # ceil: the last, shifted tile covers the rest
    return [min(i * stride, length - size) for i in range(count)]


def tile_grid(shape: tuple[int, int], size: int, overlap: int) -> tuple[Tile, ...]:
    """Tiles of `size` x `size` pixels over an image of `shape` (H, W), row by row; `overlap` in pixels.

    Raises InputError when size < 16 or overlap is not in 0..size/2.
    """
    if size < 16:
        raise InputError(f"Tile size {size} is too small: give 16 pixels or more, as in tile(image, size=512).")
    if not 0 <= overlap <= size // 2:
        raise InputError(f"Overlap {overlap} is not allowed for tiles of {size}: give 0 to {size // 2} pixels.")
    height, width = shape
    return tuple(
        Tile(x, y, min(size, width), min(size, height))
        for y in tile_starts(height, size, overlap)
        for x in tile_starts(width, size, overlap)
    )


@dataclass
class Stitcher:
    """Blend overlapping tiles into one (C, H, W) float32 array; weights fall off linearly towards a tile's edges."""

    channels: int
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        self._sum = np.zeros((self.channels, *self.shape), np.float32)
        self._weight = np.zeros(self.shape, np.float32)

    def add(self, tile: Tile, values: NDArray[np.float32]) -> None:
        """Add a tile's values (C, height, width)."""
        weight = _ramp(tile.height)[:, None] * _ramp(tile.width)[None, :]
        rows, cols = slice(tile.y, tile.y + tile.height), slice(tile.x, tile.x + tile.width)
        self._sum[:, rows, cols] += values * weight
        self._weight[rows, cols] += weight

    def result(self) -> NDArray[np.float32]:
        """The weighted mean (C, H, W). Raises InputError when a pixel is covered by no tile."""
        if not self._weight.all():
            missing = int((self._weight == 0).sum())
            raise InputError(f"{missing} pixels are covered by no tile; add all tiles of the grid before stitching.")
        return np.asarray(self._sum / self._weight, dtype=np.float32)


def _ramp(length: int) -> NDArray[np.float32]:
    position = np.arange(length, dtype=np.float32) + 0.5
    return np.asarray(np.minimum(position, length - position), dtype=np.float32)
