"""Pixels of each class in tiles, as a network will see them, read window by window."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from ..project_image import ProjectImage
from ..resampling import scaled_shape
from ..tiling import Tile
from ..training.targets import Targets

_BLOCK = 2048  # pixels; larger tiles are gone through in blocks of this side


class TileCounter:
    """Counts in the tiles of one image at a pixel size; labels of other classes are background."""

    def __init__(self, image: ProjectImage, classes: Sequence[str], pixel_size_um: float):
        self._scale = image.pixel_size_um / pixel_size_um
        self._shape = scaled_shape(image.shape, self._scale)
        self._classes = len(classes)
        self._targets = Targets(image.annotation(), classes, image.shape, self._shape)

    def count(self, tile: Tile) -> tuple[int, ...]:
        """Pixels per class number of a tile (image pixels), background first; those that are not known are left out."""
        window = model_window(tile, self._scale, self._shape)
        counts = np.zeros(256, np.int64)
        for y in range(window.y, window.y + window.height, _BLOCK):
            for x in range(window.x, window.x + window.width, _BLOCK):
                size = min(_BLOCK, window.x + window.width - x), min(_BLOCK, window.y + window.height - y)
                counts += np.bincount(self._targets.window(Tile(x, y, *size)).ravel(), minlength=256)
        return tuple(int(count) for count in counts[: self._classes + 1])


def model_window(tile: Tile, scale: float, shape: tuple[int, int]) -> Tile:
    """A tile of an image in pixels of the model: `scale` of them along an image pixel, `shape` (H, W) in all."""
    left, top = round(tile.x * scale), round(tile.y * scale)
    right = min(round((tile.x + tile.width) * scale), shape[1])
    bottom = min(round((tile.y + tile.height) * scale), shape[0])
    return Tile(left, top, right - left, bottom - top)


def count_tiles(
    image: ProjectImage, tiles: Sequence[Tile], classes: Sequence[str], pixel_size_um: float
) -> dict[Tile, tuple[int, ...]]:
    """Pixels per class number of each tile."""
    counter = TileCounter(image, classes, pixel_size_um)
    bar = tqdm(tiles, desc=f"counting in {image.name}", unit="tile", delay=2, leave=False, file=sys.stdout)
    return {tile: counter.count(tile) for tile in bar}
