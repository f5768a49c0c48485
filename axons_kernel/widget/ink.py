"""The integer rasteriser that Python and the browser share: strokes, polygons and filling, equal pixel by pixel.

All positions are whole numbers of sub-pixels, `SUB` = 16 to a pixel, in whole-image co-ordinates; pixel (column,
row) has its centre at (16 column + 8, 16 row + 8). All arithmetic is in integers below 2**53, so that JavaScript's
numbers do the same. tests/data/annotate/raster.json holds results that both sides must give.

- **Stroke**: a pixel belongs to it when its centre is at most the radius away from the line through the points
  (squared distances, borders included). Part i of the line runs from point i-1 to point i and has the radius of
  point i; the first point is a disc. A part that is longer than `LONGEST` along an axis is cut in n = ceil(longest /
  LONGEST) pieces at start + floor((2 i d + n) / (2 n)), per axis.
- **Polygon**: even-odd over all its rings at the pixel centres, half-open downwards (an edge from upper to lower
  crosses the rows with upper.y <= centre < lower.y) and to the right (a centre on the crossing is right of it).
- **Fill**: the pixels that hang together with the start over their four sides and have its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.morphology import flood

from ..rasterize import Window

SUB = 16  # sub-pixels per pixel
FARTHEST = 2**24  # sub-pixels: positions are between -FARTHEST and FARTHEST
WIDEST = 2**13  # sub-pixels: the largest radius
LONGEST = 2**12  # sub-pixels: longer parts of a stroke are cut, so that squares stay below 2**53

Ints = NDArray[np.int64]


def stroke(points: Sequence[int], radii: int | Sequence[int], window: Window) -> NDArray[np.bool_]:
    """What a round brush covers. `points` are x0, y0, x1, y1, ...; `radii` one number, or one per point.

    Shape: returns (height, width) bool for `window` (x, y, width, height in pixels).
    """
    line = np.asarray(points, np.int64).reshape(-1, 2)
    radius = np.broadcast_to(np.asarray(radii, np.int64), len(line))
    starts, ends, widths = _parts(line, radius)
    near = _near(line, int(radius.max()), window)
    origin = np.array([near[0] * SUB, near[1] * SUB])
    spans = _Spans(near)
    spans.discs(line[:1] - origin, radius[:1])
    spans.discs(starts - origin, widths)
    spans.discs(ends - origin, widths)
    spans.bands(starts - origin, ends - origin, widths)
    mask = np.zeros((window[3], window[2]), bool)
    x, y = near[0] - window[0], near[1] - window[1]
    mask[y : y + near[3], x : x + near[2]] = spans.covered()
    return mask


def _near(line: Ints, radius: int, window: Window) -> Window:
    """The part of a window that a stroke can reach."""
    x0, y0, width, height = window
    low = np.clip((line.min(axis=0) - radius) // SUB - [x0, y0], 0, [width, height])
    high = np.clip((line.max(axis=0) + radius) // SUB + 1 - [x0, y0], low, [width, height])
    return (x0 + int(low[0]), y0 + int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


def _parts(line: Ints, radius: Ints) -> tuple[Ints, Ints, Ints]:
    """Starts, ends and radii of the parts of a line, long ones cut."""
    step = np.diff(line, axis=0)
    pieces = np.maximum(1, -(-np.abs(step).max(axis=1, initial=0) // LONGEST))
    part = np.repeat(np.arange(len(step)), pieces)
    piece = np.arange(len(part)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    n = pieces[part][:, None]

    def at(i: Ints) -> Ints:
        return np.asarray(line[:-1][part] + (2 * i[:, None] * step[part] + n) // (2 * n))

    return at(piece), at(piece + 1), radius[1:][part]


class _Spans:
    """Collects runs of covered pixels, row by row; co-ordinates are sub-pixels from the window's corner."""

    def __init__(self, window: Window) -> None:
        _, _, self.width, self.height = window
        self.changes = np.zeros((self.height, self.width + 1), np.int32)

    def covered(self) -> NDArray[np.bool_]:
        """(height, width) bool."""
        return np.asarray(np.cumsum(self.changes[:, : self.width], axis=1) > 0)

    def discs(self, centres: Ints, radii: Ints) -> None:
        which, row, down = self._rows(centres[:, 1] - radii, centres[:, 1] + radii, centres[:, 1])
        half = _isqrt(radii[which] ** 2 - down**2)
        self._add(row, centres[which, 0] - half, centres[which, 0] + half)

    def bands(self, starts: Ints, ends: Ints, radii: Ints) -> None:
        """The rectangles between the discs: where 0 <= along <= length**2 and across**2 <= radius**2 length**2."""
        step = ends - starts
        squared = (step**2).sum(axis=1)
        low = np.minimum(starts[:, 1], ends[:, 1]) - radii
        high = np.maximum(starts[:, 1], ends[:, 1]) + radii
        moved = squared > 0
        starts, step, squared, radii = starts[moved], step[moved], squared[moved], radii[moved]
        which, row, down = self._rows(low[moved], high[moved], starts[:, 1])
        dx, dy = step[which, 0], step[which, 1]
        most = _isqrt(radii[which] ** 2 * squared[which])
        left, right = _between(dx, -down * dy, squared[which] - down * dy)
        left2, right2 = _between(dy, down * dx - most, down * dx + most)
        self._add(row, starts[which, 0] + np.maximum(left, left2), starts[which, 0] + np.minimum(right, right2))

    def _rows(self, low: Ints, high: Ints, origin: Ints) -> tuple[Ints, Ints, Ints]:
        """For each shape the rows between `low` and `high`: its number, the row, and how far it is below `origin`."""
        first = np.clip(-((8 - low) // SUB), 0, self.height)
        last = np.clip((high - 8) // SUB + 1, 0, self.height)
        count = np.maximum(last - first, 0)
        which = np.repeat(np.arange(len(count)), count)
        row = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[which]
        return which, row, row * SUB + 8 - origin[which]

    def _add(self, row: Ints, left: Ints, right: Ints) -> None:
        """Cover the pixels whose centres are between `left` and `right`, both included."""
        first = np.clip(-((8 - left) // SUB), 0, self.width)
        after = np.clip((right - 8) // SUB + 1, 0, self.width)
        some = first < after
        np.add.at(self.changes, (row[some], first[some]), 1)
        np.add.at(self.changes, (row[some], after[some]), -1)


def _between(factor: Ints, low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """The smallest and the largest integer e with low <= factor * e <= high; where factor is 0, all or none."""
    size = np.maximum(np.abs(factor), 1)
    low, high = np.where(factor < 0, -high, low), np.where(factor < 0, -low, high)
    least, most = -(-low // size), high // size
    still = factor == 0
    everywhere = still & (low <= 0) & (high >= 0)
    least = np.where(still, np.where(everywhere, -(2**40), 1), least)
    most = np.where(still, np.where(everywhere, 2**40, 0), most)
    return least, most


def _isqrt(values: Ints) -> Ints:
    """Whole square roots, rounded down; exact below 2**53."""
    root = np.sqrt(values.astype(np.float64)).astype(np.int64)
    root -= root**2 > values
    return np.asarray(root + ((root + 1) ** 2 <= values))


def polygon(rings: Sequence[Sequence[int]], window: Window) -> NDArray[np.bool_]:
    """What rings x0, y0, x1, y1, ... fill by the even-odd rule; fewer than three points fill nothing.

    Shape: returns (height, width) bool for `window`.
    """
    x0, y0, width, height = window
    toggles = np.zeros((height, width + 1), np.int32)
    for ring in rings:
        points: Ints = np.asarray(ring, np.int64).reshape(-1, 2) - np.array([x0 * SUB, y0 * SUB], np.int64)
        if len(points) >= 3:
            _toggle(toggles, points)
    return np.asarray(np.cumsum(toggles[:, :width], axis=1) & 1, dtype=bool)


def _toggle(toggles: NDArray[np.int32], points: Ints) -> None:
    """Count, for each edge and each row that it crosses, the first pixel centre at or right of the crossing."""
    height, width = toggles.shape[0], toggles.shape[1] - 1
    ends = np.roll(points, -1, axis=0)
    falling = (points[:, 1] < ends[:, 1])[:, None]
    upper, lower = np.where(falling, points, ends), np.where(falling, ends, points)
    first = np.clip(-((8 - upper[:, 1]) // SUB), 0, height)
    last = np.clip(-((8 - lower[:, 1]) // SUB), 0, height)
    count = last - first
    edge = np.repeat(np.arange(len(points)), count)
    row = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    run, fall = lower[edge, 0] - upper[edge, 0], lower[edge, 1] - upper[edge, 1]
    crossing = (upper[edge, 0] - 8) * fall + (row * SUB + 8 - upper[edge, 1]) * run  # times `fall`
    column = np.clip(-(-crossing // (SUB * fall)), 0, width)
    np.add.at(toggles, (row, column), 1)


def fill(ids: NDArray[Any], start: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels of equal value that hang together with `start` (column, row) over their sides.

    Shape: `ids` (H, W), returns (H, W) bool.
    """
    return np.asarray(flood(ids, (start[1], start[0]), connectivity=1))
