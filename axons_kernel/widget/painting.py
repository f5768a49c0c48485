"""Many labels into a window at once, at any scale, by the rule of `rasterize`: a pixel belongs where its centre is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..annotations import Label, Ring
from ..tiling import Tile

_Floats = NDArray[np.float64]
_Whole = NDArray[np.int64]


class Painting:
    """The edges of all parts of all labels, ready to be drawn again and again.

    Drawing them all in one pass takes a hundredth of the time that filling them one after the other does.
    """

    def __init__(self, labels: Sequence[Label]):
        parts = [(index, rings) for index, label in enumerate(labels) for rings in label.parts()]
        rings = [(number, ring) for number, (_, part) in enumerate(parts) for ring in part if len(ring) >= 3]
        lengths = np.array([len(ring) for _, ring in rings], np.int64)
        self._label_of = np.array([index for index, _ in parts], np.int64)
        self._part = np.repeat(np.array([number for number, _ in rings], np.int64), lengths)
        start, end = _edges([ring for _, ring in rings], lengths)
        down = (start[:, 1] < end[:, 1])[:, None]
        self._upper, self._lower = np.where(down, start, end), np.where(down, end, start)
        self._boxes = _boxes(start, self._part, len(parts))

    def draw(self, tile: Tile, scale: float) -> NDArray[np.int32]:
        """(h, w): index of the topmost label plus 1, 0 where there is none; `scale` is image pixels per pixel."""
        edge = np.flatnonzero(self._touching(tile, scale)[self._part])
        rows, cols, edge = _crossings(self._upper[edge] / scale, self._lower[edge] / scale, edge, tile)
        part = self._part[edge]
        order = np.lexsort((cols, rows, part))
        first, last = order[::2], order[1::2]  # by the even-odd rule, from every other crossing to the next
        lengths = cols[last] - cols[first]
        ids = np.zeros(tile.height * tile.width, np.int32)
        begin = rows[first] * tile.width + cols[first]
        inside = np.arange(lengths.sum()) + np.repeat(begin - np.cumsum(lengths) + lengths, lengths)
        ids[inside] = np.repeat(self._label_of[part[first]] + 1, lengths)  # in their order: a later label lies above
        return ids.reshape(tile.height, tile.width)

    def _touching(self, tile: Tile, scale: float) -> NDArray[np.bool_]:
        """Which parts have a bounding box that reaches into the window."""
        left, top, right, bottom = self._boxes / scale
        across = (left < tile.x + tile.width) & (right > tile.x)
        return np.asarray(across & (top < tile.y + tile.height) & (bottom > tile.y))


def _edges(rings: Sequence[Ring], lengths: _Whole) -> tuple[_Floats, _Floats]:
    """Start and end of every edge, (n, 2) each; the last point of a ring goes to its first."""
    start = np.array([point for ring in rings for point in ring], np.float64).reshape(-1, 2)
    following = np.arange(1, len(start) + 1)
    ends = np.cumsum(lengths)
    following[ends - 1] = ends - lengths
    return start, start[following]


def _boxes(points: _Floats, part: _Whole, parts: int) -> _Floats:
    """(4, parts): left, top, right, bottom; of a part without rings, nothing that a window could touch."""
    boxes = np.array([[np.inf], [np.inf], [-np.inf], [-np.inf]]).repeat(parts, axis=1)
    for axis in (0, 1):
        np.minimum.at(boxes[axis], part, points[:, axis])
        np.maximum.at(boxes[axis + 2], part, points[:, axis])
    return boxes


def _crossings(upper: _Floats, lower: _Floats, edge: _Whole, tile: Tile) -> tuple[_Whole, _Whole, _Whole]:
    """For each edge and each row of the window that it crosses: row, first pixel centre at or right of it, edge."""
    # half-open in y (top inclusive), so a vertex on a scan line counts once
    first = np.clip(np.ceil(upper[:, 1] - 0.5) - tile.y, 0, tile.height).astype(np.int64)
    last = np.clip(np.ceil(lower[:, 1] - 0.5) - tile.y, 0, tile.height).astype(np.int64)
    counts = last - first
    which = np.repeat(np.arange(len(edge)), counts)
    rows = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first[which]
    rise = lower[which, 1] - upper[which, 1]
    slope = (lower[which, 0] - upper[which, 0]) / rise
    x = upper[which, 0] + (rows + tile.y + 0.5 - upper[which, 1]) * slope
    return rows, np.clip(np.ceil(x - 0.5) - tile.x, 0, tile.width).astype(np.int64), edge[which]
