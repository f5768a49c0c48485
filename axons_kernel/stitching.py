"""Put tiles together again: in any order, some rows at a time, so that neither input nor result need fit in memory.

Where one tile alone covers a pixel, its value is copied; where several do, they are blended or they vote.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .blending import Blend, check_blend, profile, vote, weighted_mean
from .errors import InputError
from .picture import BAND_BYTES, Picture
from .tile_spill import TileSpill
from .tiling import Tile

Piece = tuple[Tile, NDArray[Any]]
Rows = tuple[Tile, NDArray[Any]]  # a tile and its pixels in one band, (h, width, C)


@contextlib.contextmanager
def stitching(
    pieces: Iterable[Piece],
    tiles: Sequence[Tile],
    shape: tuple[int, int],
    *,
    blend: Blend = "linear",
    fill: float | None = None,
    folder: Path | None = None,
) -> Iterator[Picture]:
    """The picture of `shape` (H, W) that `pieces` make, to be written band by band.

    `pieces` are (tile, values) of exactly `tiles`, in any order; values are (h, w) or (h, w, C) of uint8, uint16 or
    float32. They are taken one by one while the picture is read, and kept, beyond 64 MB in a temporary file in
    `folder`, until the last row that they touch is done. `fill` is the value where no tile is. Raises InputError when
    a pixel is covered by no tile and there is no `fill`, and, while reading, for a tile that is unknown, comes twice,
    does not come, or has other values than the first.
    """
    check_blend(blend)
    if fill is None:
        _check_covered(tiles, shape)
    with TileSpill(tiles, iter(pieces), folder) as spill:
        rgb = spill.channels == 3 and spill.dtype.kind == "u"
        groups = [slice(None)] if rgb else [slice(c, c + 1) for c in range(spill.channels)]
        bands = _Bands(spill, tiles, shape, blend, 0 if fill is None else fill)

        def plane(channels: slice) -> Iterator[NDArray[Any]]:
            # all planes but the last leave the tiles for the next one
            for rows in bands.read(channels, release=channels is groups[-1]):
                yield rows if rgb else rows[..., 0]

        yield Picture(shape, spill.dtype, tuple(partial(plane, group) for group in groups), rgb=rgb)


def stitched(
    pieces: Iterable[Piece],
    tiles: Sequence[Tile],
    shape: tuple[int, int],
    *,
    blend: Blend = "linear",
    fill: float | None = None,
) -> NDArray[Any]:
    """The same as one array, (H, W) or (H, W, C)."""
    with stitching(pieces, tiles, shape, blend=blend, fill=fill) as picture:
        return picture.pixels()


def _check_covered(tiles: Sequence[Tile], shape: tuple[int, int]) -> None:
    missing, first = 0, ""
    for top, bottom in pairwise(_breaks(((t.y, t.y + t.height) for t in tiles), 0, shape[0])):
        at = [t for t in tiles if t.y <= top and bottom <= t.y + t.height]
        for left, right in pairwise(_breaks(((t.x, t.x + t.width) for t in at), 0, shape[1])):
            if not any(t.x <= left and right <= t.x + t.width for t in at):
                missing += (bottom - top) * (right - left)
                first = first or f"x={left}, y={top}"
    if missing:
        raise InputError(
            f"{missing} pixels are covered by no tile, the first at {first}: give all tiles, or a value for "
            "these pixels, as in fill=0."
        )


def _breaks(intervals: Iterable[tuple[int, int]], start: int, stop: int) -> list[int]:
    """Where intervals begin and end between `start` and `stop`, both included, ascending."""
    ends = {end for interval in intervals for end in interval if start < end < stop}
    return sorted({start, stop, *ends})


class _Bands:
    """The stitched picture from top to bottom."""

    def __init__(self, spill: TileSpill, tiles: Sequence[Tile], shape: tuple[int, int], blend: Blend, fill: float):
        self._spill, self._shape, self._blend, self._fill = spill, shape, blend, fill
        self._tiles = sorted(tiles, key=lambda t: (t.y, t.x))

    def read(self, channels: slice, *, release: bool) -> Iterator[NDArray[Any]]:
        """Bands (h, W, C) of some channels; `release`: tiles that are done are forgotten."""
        row_bytes = self._shape[1] * self._spill.channels * self._spill.dtype.itemsize
        step = max(1, BAND_BYTES // row_bytes)
        for top in range(0, self._shape[0], step):
            bottom = min(top + step, self._shape[0])
            at = [t for t in self._tiles if t.y < bottom and t.y + t.height > top]
            yield self._band(top, bottom, at, channels)
            if release:
                for tile in at:
                    if tile.y + tile.height <= bottom or bottom == self._shape[0]:
                        self._spill.forget(tile)
        if release:
            self._spill.expect_end()

    def _band(self, top: int, bottom: int, at: Sequence[Tile], channels: slice) -> NDArray[Any]:
        self._spill.wait_for(at)
        count = len(range(*channels.indices(self._spill.channels)))
        out = np.full((bottom - top, self._shape[1], count), self._fill, self._spill.dtype)
        for y, y_end in pairwise(_breaks(((t.y, t.y + t.height) for t in at), top, bottom)):
            strip = [
                (t, self._spill.rows(t, y, y_end)[..., channels]) for t in at if t.y <= y and y_end <= t.y + t.height
            ]
            self._strip(out[y - top : y_end - top], y, strip)
        return out

    def _strip(self, out: NDArray[Any], y: int, strip: Sequence[Rows]) -> None:
        """Fill rows that the same tiles cover all the way down, from edge to edge between two tiles' sides."""
        for x, x_end in pairwise(_breaks(((t.x, t.x + t.width) for t, _ in strip), 0, self._shape[1])):
            over = [(t, rows[:, x - t.x : x_end - t.x]) for t, rows in strip if t.x <= x and x_end <= t.x + t.width]
            values = [rows for _, rows in over]
            if len(over) == 1:
                out[:, x:x_end] = values[0]
            elif over:
                weights = [_weights(t, self._blend, x, x_end, y, y + len(out)) for t, _ in over]
                out[:, x:x_end] = (vote if self._blend == "vote" else weighted_mean)(values, weights)


def _weights(tile: Tile, blend: Blend, left: int, right: int, top: int, bottom: int) -> NDArray[np.float64]:
    """The tile's weights (h, w) in a window of the image."""
    down = profile(tile.height, blend)[top - tile.y : bottom - tile.y]
    across = profile(tile.width, blend)[left - tile.x : right - tile.x]
    return down[:, None] * across[None, :]
