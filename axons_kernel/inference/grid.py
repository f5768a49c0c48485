"""Where tiles lie on an image, and how much each of them says of a pixel that several cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..blending import Blend, profile
from ..errors import InputError
from ..tiling import Tile, tile_starts

SoftBlend = Literal["gaussian", "linear", "hann", "uniform"]
_SMALLEST, _LARGEST = 64, 4096  # pixels; of a tile


@dataclass(frozen=True)
class TileGrid:
    """Tiles of `size` pixels that overlap by `overlap` over an image of `shape` (H, W), all in the model's pixels.

    Rows and columns of tiles are blended one after the other: a pixel's shares, down and across, each sum to 1.
    """

    shape: tuple[int, int]
    size: int
    overlap: int
    blend: Blend = "gaussian"

    def __post_init__(self) -> None:
        if not _SMALLEST <= self.size <= _LARGEST:
            raise InputError(
                f"size={self.size} is not allowed: give tiles of {_SMALLEST} to {_LARGEST} pixels; larger ones need "
                "more memory and are seldom quicker."
            )
        if not 0 <= self.overlap <= self.size // 2:
            raise InputError(
                f"overlap={self.overlap} is not allowed for tiles of {self.size}: give 0 to {self.size // 2}."
            )

    @property
    def tile_shape(self) -> tuple[int, int]:
        """(h, w) of every tile."""
        return min(self.size, self.shape[0]), min(self.size, self.shape[1])

    @property
    def tops(self) -> list[int]:
        """Where the rows of tiles begin."""
        return tile_starts(self.shape[0], self.size, self.overlap)

    @property
    def lefts(self) -> list[int]:
        """Where the columns of tiles begin."""
        return tile_starts(self.shape[1], self.size, self.overlap)

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return len(self.tops) * len(self.lefts)

    def row(self, top: int) -> list[Tile]:
        """The tiles of one row."""
        height, width = self.tile_shape
        return [Tile(left, top, width, height) for left in self.lefts]

    def shares_down(self) -> dict[int, NDArray[np.float32]]:
        """By the top of a row of tiles: the share of it in each of its pixel rows, (h,)."""
        return _shares(self.tops, self.tile_shape[0], self.shape[0], self.blend)

    def shares_across(self) -> dict[int, NDArray[np.float32]]:
        """By the left of a column of tiles: the share of it in each of its pixel columns, (w,)."""
        return _shares(self.lefts, self.tile_shape[1], self.shape[1], self.blend)


def _shares(starts: Sequence[int], length: int, side: int, blend: Blend) -> dict[int, NDArray[np.float32]]:
    """Weights that were divided by their sum over all tiles, so that nothing need be counted pixel by pixel."""
    weight, total = profile(length, blend), np.zeros(side)
    for start in starts:
        total[start : start + length] += weight
    return {start: (weight / total[start : start + length]).astype(np.float32) for start in starts}
