"""Size and form of the objects of an instance mask, all at once.

The values are those of skimage's `regionprops`, except that a pixel is a square and not a point: without its own
second moment of 1/12, the axes of small objects come out too short.

All lengths are in pixels, all areas in square pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects
from scipy.spatial import ConvexHull, QhullError

Floats = NDArray[np.float64]
Ids = NDArray[np.integer]
_STEPS = ((0, 1, 1.0), (1, 0, 1.0), (1, 1, 0.5**0.5), (1, -1, 0.5**0.5))  # direction, distance between its lines


@dataclass(frozen=True, eq=False)
class Shapes:
    """Per id, (n + 1,) each with 0 for the background; ids without a pixel have the area 0 and NaN elsewhere.

    `centre` (n + 1, 2) is (x, y) from the image's corner. `major` and `minor` are the axes of the ellipse with the same
    second moments; `orientation` is the angle of the major axis in degrees, 0 to 180 counter-clockwise from the
    x axis. `perimeter` is that of Cauchy and Crofton in four directions. `solidity` is area / area of the convex hull.
    """

    area: Floats
    centre: Floats
    major: Floats
    minor: Floats
    orientation: Floats
    perimeter: Floats
    solidity: Floats

    @property
    def diameter(self) -> Floats:
        """Of the circle of the same area."""
        return np.asarray(np.sqrt(4 * self.area / np.pi), np.float64)

    @property
    def eccentricity(self) -> Floats:
        """Of the ellipse: 0 is a circle, near 1 a line."""
        return np.asarray(np.sqrt(1 - (self.minor / self.major) ** 2), np.float64)


def shapes_of(ids: Ids) -> Shapes:
    """Measure the objects of an (H, W) instance mask of ids from 0 (background)."""
    size = int(ids.max(initial=0)) + 1
    rows, cols = np.nonzero(ids)
    where = ids[rows, cols]

    def mean(values: Floats | None) -> Floats:
        return np.bincount(where, values, minlength=size) / divisor

    divisor: Floats = np.ones(size)
    area = mean(None)
    divisor = np.where(area > 0, area, np.nan)
    x, y = mean(cols.astype(float)), mean(rows.astype(float))
    dx, dy = cols - x[where], rows - y[where]
    xx, yy, xy = mean(dx * dx) + 1 / 12, mean(dy * dy) + 1 / 12, mean(dx * dy)
    middle, half = (xx + yy) / 2, np.hypot((xx - yy) / 2, xy)
    return Shapes(
        area=area,
        centre=np.stack([x + 0.5, y + 0.5], axis=1),
        major=4 * np.sqrt(middle + half),
        minor=4 * np.sqrt(np.maximum(middle - half, 0)),
        orientation=np.degrees(np.arctan2(-2 * xy, xx - yy) / 2) % 180,  # rows go down, angles go up
        perimeter=np.where(area > 0, perimeters(ids), np.nan),
        solidity=area / convex_areas(ids),
    )


def perimeters(ids: Ids) -> Floats:
    """Length of each object's outline, holes too, by how often lines in four directions cross it: (n + 1,)."""
    padded = np.pad(ids, 1)
    lengths = np.zeros(int(ids.max(initial=0)) + 1)
    for down, right, apart in _STEPS:
        one = padded[: padded.shape[0] - down, max(0, -right) : padded.shape[1] - max(0, right)]
        other = padded[down:, max(0, right) : padded.shape[1] + min(0, right)]
        crossed = one != other
        for side in (one[crossed], other[crossed]):
            lengths += np.bincount(side, minlength=lengths.size) * (apart * np.pi / 8)
    lengths[0] = 0
    return lengths


def convex_areas(ids: Ids) -> Floats:
    """Area of each object's convex hull, of the middles of its pixels' sides: (n + 1,), NaN without a pixel."""
    areas = np.full(int(ids.max(initial=0)) + 1, np.nan)
    for number, place in enumerate(find_objects(ids), start=1):
        if place is not None:
            areas[number] = _hull_area(ids[place] == number)
    return areas


def _hull_area(inside: NDArray[np.bool_]) -> float:
    filled = np.flatnonzero(inside.any(axis=1))
    first = inside[filled].argmax(axis=1)
    last = inside.shape[1] - 1 - inside[filled, ::-1].argmax(axis=1)
    ends = np.concatenate([np.stack([filled, first], axis=1), np.stack([filled, last], axis=1)])
    sides = np.array([(0, 0.5), (0, -0.5), (0.5, 0), (-0.5, 0)])
    points = (ends[:, None] + sides).reshape(-1, 2)
    try:
        return max(float(ConvexHull(points).volume), float(np.count_nonzero(inside)))
    except QhullError:  # pragma: no cover - the sides of one pixel already span an area
        return float(np.count_nonzero(inside))
