"""What is read or worked out once per tile and used again: pixels, superpixels, the live-wire's costs."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rasterize import Window
from . import assist, livewire
from .picture import Picture

_KEPT = 3  # of each kind


class Assets:
    """Keeps the last few of each kind."""

    def __init__(self, picture: Picture) -> None:
        """`picture` is the image that tiles are read from."""
        self._picture = picture
        self.pixels: Callable[[Window], NDArray[Any]] = lru_cache(_KEPT)(self._finite)
        self.superpixels: Callable[[Window, int, float], NDArray[np.uint32]] = lru_cache(_KEPT)(self._superpixels)
        self.costs: Callable[[Window], NDArray[np.uint8]] = lru_cache(_KEPT)(self._costs)

    def _finite(self, tile: Window) -> NDArray[Any]:
        """The tile's pixels; what is no number, or infinite, counts as 0."""
        pixels = self._picture.read(tile)
        return np.nan_to_num(pixels, nan=0, posinf=0, neginf=0) if pixels.dtype.kind == "f" else pixels

    def _superpixels(self, tile: Window, size: int, compactness: float) -> NDArray[np.uint32]:
        return assist.superpixels(self.pixels(tile), size, compactness)

    def _costs(self, tile: Window) -> NDArray[np.uint8]:
        return livewire.cost_map(self.pixels(tile))
