"""What is trained on: tiles with their masks, at the model's pixel size, in memory or read when they are asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..tiling import Tile
from .losses import DiceCrossEntropy

IGNORE = DiceCrossEntropy.IGNORE
Pixels = NDArray[np.float32]
Mask = NDArray[np.uint8]

BLOCK = 1024  # pixels; larger tiles are gone through in blocks of this side


class TrainingTile(Protocol):
    """A tile of a training set. Windows are in its own pixels, and inside it."""

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""

    @property
    def pixels(self) -> Pixels:
        """(C, H, W) float32, each channel with mean 0 and deviation 1 over its image."""

    @property
    def mask(self) -> Mask:
        """(H, W) uint8 class numbers; 255 is not known."""

    def cut(self, window: Tile) -> LabelledTile:
        """A part of the tile."""

    def mask_of(self, window: Tile) -> Mask:
        """The mask of a part of the tile."""


@dataclass(frozen=True)
class LabelledTile:
    """A tile in memory: `pixels` (C, H, W) float32, `mask` (H, W) uint8 class numbers, 255 where not known."""

    pixels: Pixels
    mask: Mask

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.mask.shape[0], self.mask.shape[1]

    def cut(self, window: Tile) -> LabelledTile:
        """A part of the tile, as a view."""
        rows, cols = slice(window.y, window.y + window.height), slice(window.x, window.x + window.width)
        return LabelledTile(self.pixels[..., rows, cols], self.mask[rows, cols])

    def mask_of(self, window: Tile) -> Mask:
        """The mask of a part of the tile, as a view."""
        return self.cut(window).mask


class TileCache:
    """Tiles that have been read, as many as fit `limit_bytes`; threads may share it.

    The first ones stay: crops are drawn at random, so that no choice of them serves better than another.
    """

    def __init__(self, limit_bytes: int = 1 << 30):
        self._left = limit_bytes
        self._lock = threading.Lock()
        self._tiles: dict[StoredTile, LabelledTile] = {}

    def get(self, tile: StoredTile) -> LabelledTile | None:
        """The whole tile, read if it has to be; None when there is no room for it."""
        if tile in self._tiles:
            return self._tiles[tile]
        size = tile.shape[0] * tile.shape[1] * (4 * tile.channels + 1)
        with self._lock:
            if size > self._left:
                return None
            self._left -= size
        read = tile.read(Tile(0, 0, tile.shape[1], tile.shape[0]))
        with self._lock:
            if tile in self._tiles:  # another thread was faster
                self._left += size
            return self._tiles.setdefault(tile, read)


@dataclass(frozen=True, eq=False)
class StoredTile:
    """A tile of an image that is read by windows. `window` and what the two functions take are the image's pixels at
    the model's pixel size; they give (C, h, w) float32 and (h, w) uint8, from any thread."""

    window: Tile
    channels: int
    read_pixels: Callable[[Tile], Pixels]
    read_mask: Callable[[Tile], Mask]
    cache: TileCache

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.window.height, self.window.width

    @property
    def pixels(self) -> Pixels:
        """(C, H, W) float32."""
        return self.cut(Tile(0, 0, self.window.width, self.window.height)).pixels

    @property
    def mask(self) -> Mask:
        """(H, W) uint8."""
        return self.mask_of(Tile(0, 0, self.window.width, self.window.height))

    def cut(self, window: Tile) -> LabelledTile:
        """A part of the tile, from the cache where the tile fits into it, else from the image."""
        whole = self.cache.get(self)
        return self.read(window) if whole is None else whole.cut(window)

    def mask_of(self, window: Tile) -> Mask:
        """The mask of a part of the tile."""
        whole = self.cache.get(self)
        return self.read_mask(self._in_image(window)) if whole is None else whole.mask_of(window)

    def read(self, window: Tile) -> LabelledTile:
        """A part of the tile, from the image."""
        there = self._in_image(window)
        return LabelledTile(self.read_pixels(there), self.read_mask(there))

    def _in_image(self, window: Tile) -> Tile:
        return Tile(self.window.x + window.x, self.window.y + window.y, window.width, window.height)


@dataclass(frozen=True)
class TrainingData:
    """The tiles of a training set, at the model's pixel size, and the names of its classes without background."""

    train: Sequence[TrainingTile]
    validation: Sequence[TrainingTile]
    classes: int
    channels: int = 1


def pad_to(tile: LabelledTile, size: int, divisor: int = 1) -> LabelledTile:
    """Reflect a tile to at least `size` pixels a side and to a multiple of `divisor`; padding is not scored."""
    h, w = (max(size, -(-n // divisor) * divisor) for n in tile.shape)
    if (h, w) == tile.shape:
        return tile
    margin = ((0, h - tile.shape[0]), (0, w - tile.shape[1]))
    outer = ((0, 0),) * (tile.pixels.ndim - 2)
    return LabelledTile(
        np.pad(tile.pixels, (*outer, *margin), mode="symmetric"), np.pad(tile.mask, margin, constant_values=IGNORE)
    )


def blocks(shape: tuple[int, int], side: int = BLOCK) -> Iterator[Tile]:
    """Windows of at most `side` x `side` pixels that cover (H, W), each pixel once."""
    for y in range(0, shape[0], side):
        for x in range(0, shape[1], side):
            yield Tile(x, y, min(side, shape[1] - x), min(side, shape[0] - y))


def class_counts(tiles: Sequence[TrainingTile], numbers: int) -> Tensor:
    """(numbers,) int64: pixels per class number, background included, over all tiles; ignored pixels are left out."""
    counts = np.zeros(256, np.int64)
    for tile in tiles:
        for block in blocks(tile.shape):
            counts += np.bincount(tile.mask_of(block).ravel(), minlength=256)
    return torch.from_numpy(counts[:numbers])
