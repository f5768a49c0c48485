"""Put tiles together again: in any order, some rows at a time, so that neither input nor result need fit in memory.

Where one tile alone covers a pixel, its value is copied; where several do, they are blended or they vote.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from .blending import Blend, check_blend, profile, vote, weighted_mean
from .errors import InputError
from .picture import BAND_BYTES, Picture
from .tile_spill import TileSpill
from .tiling import Tile

_T = TypeVar("_T")
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
        if fill is not None and spill.dtype.kind == "u" and fill not in range(np.iinfo(spill.dtype).max + 1):
            raise InputError(f"fill={fill} is not allowed for {spill.dtype}: give a whole number that it can hold.")
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
    rows = _Line((t.y, t.y + t.height, t) for t in tiles)
    missing, first = 0, ""
    for top, bottom in rows.parts(0, shape[0]):
        columns = _Line((t.x, t.x + t.width, t) for t in rows.over(top, bottom))
        for left, right in columns.parts(0, shape[1]):
            if not columns.over(left, right):
                missing += (bottom - top) * (right - left)
                first = first or f"x={left}, y={top}"
    if missing:
        raise InputError(
            f"{missing} pixels are covered by no tile, the first at {first}: give all tiles, or a value for "
            "these pixels, as in fill=0."
        )


class _Line(Generic[_T]):
    """Intervals (start, end, what) along one axis, found by place; many may lie side by side, few on each other."""

    def __init__(self, intervals: Iterable[tuple[int, int, _T]]):
        self._intervals = sorted(intervals, key=itemgetter(0))
        self._starts = [start for start, _, _ in self._intervals]
        self._longest = max((end - start for start, end, _ in self._intervals), default=0)

    def parts(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """From `start` to `stop`, cut wherever an interval begins or ends."""
        ends = {end for begin, finish, _ in self._near(start, stop) for end in (begin, finish) if start < end < stop}
        return pairwise(sorted({start, stop, *ends}))

    def over(self, start: int, stop: int) -> list[_T]:
        """What covers all of `start` to `stop`."""
        return [what for begin, end, what in self._near(start, stop) if begin <= start and stop <= end]

    def touching(self, start: int, stop: int) -> list[_T]:
        """What covers a part of it."""
        return [what for begin, end, what in self._near(start, stop) if begin < stop and start < end]

    def _near(self, start: int, stop: int) -> list[tuple[int, int, _T]]:
        first = bisect_right(self._starts, start - self._longest - 1)
        return self._intervals[first : bisect_left(self._starts, stop)]


class _Bands:
    """The stitched picture from top to bottom."""

    def __init__(self, spill: TileSpill, tiles: Sequence[Tile], shape: tuple[int, int], blend: Blend, fill: float):
        self._spill, self._shape, self._blend, self._fill = spill, shape, blend, fill
        self._rows = _Line((t.y, t.y + t.height, t) for t in tiles)

    def read(self, channels: slice, *, release: bool) -> Iterator[NDArray[Any]]:
        """Bands (h, W, C) of some channels; `release`: tiles that are done are forgotten."""
        row_bytes = self._shape[1] * self._spill.channels * self._spill.dtype.itemsize
        step = max(1, BAND_BYTES // row_bytes)
        for top in range(0, self._shape[0], step):
            bottom = min(top + step, self._shape[0])
            at = self._rows.touching(top, bottom)
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
        for y, y_end in self._rows.parts(top, bottom):
            strip = [(t, self._spill.rows(t, y, y_end)[..., channels]) for t in self._rows.over(y, y_end)]
            self._strip(out[y - top : y_end - top], y, strip)
        return out

    def _strip(self, out: NDArray[Any], y: int, strip: Sequence[Rows]) -> None:
        """Fill rows that the same tiles cover all the way down, from edge to edge between two tiles' sides."""
        line = _Line((t.x, t.x + t.width, (t, rows)) for t, rows in strip)
        for x, x_end in line.parts(0, self._shape[1]):
            over = [(t, rows[:, x - t.x : x_end - t.x]) for t, rows in line.over(x, x_end)]
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
