"""Outlines of labels: clip, simplify, hit test, and an index of their boxes. All in image co-ordinates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..annotations import Label, Point, PointLabel, Ring
from ..rasterize import bounding_window, fill_rings

Box = tuple[float, float, float, float]  # x0, y0, x1, y1 in image pixels
NOWHERE: Box = (np.inf, np.inf, -np.inf, -np.inf)


def clip_ring(ring: Ring, size: tuple[int, int]) -> Ring:
    """The part of a ring inside an image of `size` (width, height), for even-odd filling (Sutherland-
    Hodgman).

    Where the ring leaves the image, the result runs along the border; empty when nothing is inside.
    """
    points = list(ring)
    for axis, limit, sign in ((0, 0.0, 1), (0, float(size[0]), -1), (1, 0.0, 1), (1, float(size[1]), -1)):
        points = list(_half_plane(points, axis, limit, sign))
    distinct = [p for i, p in enumerate(points) if p != points[i - 1]]
    return tuple(distinct)


def _half_plane(points: list[Point], axis: int, limit: float, sign: int) -> Iterable[Point]:
    for before, here in zip(points[-1:] + points[:-1], points, strict=True):
        was_in, is_in = (sign * (p[axis] - limit) >= 0 for p in (before, here))
        if was_in != is_in:
            part = (limit - before[axis]) / (here[axis] - before[axis])
            other = before[1 - axis] + part * (here[1 - axis] - before[1 - axis])
            yield (limit, other) if axis == 0 else (other, limit)
        if is_in:
            yield here


def ring_area(ring: Ring) -> float:
    """Area by the shoelace formula, in square pixels; parts that wind the other way count negative."""
    points = np.asarray(ring, dtype=np.float64).reshape(-1, 2)
    following = np.roll(points, -1, axis=0)
    return abs(float(np.sum(points[:, 0] * following[:, 1] - following[:, 0] * points[:, 1])) / 2)


def covers_a_pixel(ring: Ring, size: tuple[int, int]) -> bool:
    """Whether filling the ring gives at least one pixel of an image of `size` (width, height)."""
    if len(ring) < 3:
        return False
    window = bounding_window((ring,), (size[1], size[0]))
    return bool(fill_rings((ring,), window).any())


def simplify(ring: Ring, tolerance: float) -> Ring:
    """Leave out points that lie within `tolerance` pixels of the line between their neighbours."""
    if len(ring) < 4:
        return ring
    from skimage.measure import approximate_polygon  # half of what the widget's first picture would wait for

    closed = np.asarray(ring + ring[:1], dtype=np.float64)
    kept = approximate_polygon(closed, tolerance)[:-1]
    return tuple((float(x), float(y)) for x, y in kept)


def distance(a: Point, b: Point) -> float:
    """Euclidean distance in pixels."""
    return float(np.hypot(a[0] - b[0], a[1] - b[1]))


@dataclass(frozen=True, eq=False)
class Outline:
    """A label ready for drawing and hit tests: its rings as (N, 2) arrays of x, y, and their box."""

    label: Label
    rings: tuple[NDArray[np.float64], ...]
    box: Box

    @classmethod
    def of(cls, label: Label) -> Outline:
        """Prepare one label."""
        rings = tuple(np.asarray(ring, dtype=np.float64) for ring in label.rings() if len(ring))
        if isinstance(label, PointLabel):
            return cls(label, (), (*label.position, *label.position))
        if not rings:
            return cls(label, (), NOWHERE)
        points = np.concatenate(rings)
        (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
        return cls(label, rings, (float(x0), float(y0), float(x1), float(y1)))

    def contains(self, point: Point) -> bool:
        """Even-odd test of a point."""
        inside = False
        for ring in self.rings:
            before = np.roll(ring, 1, axis=0)
            crosses = (ring[:, 1] > point[1]) != (before[:, 1] > point[1])
            a, b = ring[crosses], before[crosses]
            x = a[:, 0] + (point[1] - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
            inside ^= bool(np.count_nonzero(x > point[0]) % 2)
        return inside


@dataclass(frozen=True, eq=False)
class LabelIndex:
    """Outlines of all labels in drawing order; `boxes` is (N, 4) float: x0, y0, x1, y1."""

    outlines: tuple[Outline, ...]
    boxes: NDArray[np.float64]

    @classmethod
    def of(cls, labels: Iterable[Label], previous: LabelIndex | None = None) -> LabelIndex:
        """Index labels; outlines of `previous` are taken over for the label objects that both hold."""
        known = {id(o.label): o for o in previous.outlines} if previous else {}
        outlines = tuple(known.get(id(label)) or Outline.of(label) for label in labels)
        return cls(outlines, np.array([o.box for o in outlines], dtype=np.float64).reshape(-1, 4))

    def touching(self, box: Box) -> list[Outline]:
        """Outlines whose boxes meet `box`, in drawing order."""
        b: NDArray[Any] = self.boxes
        hit = (b[:, 0] <= box[2]) & (b[:, 2] >= box[0]) & (b[:, 1] <= box[3]) & (b[:, 3] >= box[1])
        return [self.outlines[i] for i in np.flatnonzero(hit)]

    def at(self, point: Point, reach: float) -> tuple[str, ...]:
        """Ids of the labels under `point`, the top one first; a point label may be `reach` pixels away."""
        x, y = point
        found = self.touching((x - reach, y - reach, x + reach, y + reach))
        return tuple(o.label.object_id for o in reversed(found) if not o.rings or o.contains(point))

    def changed_box(self, other: LabelIndex) -> Box | None:
        """The box of all labels that only one of the two holds; None when they hold the same."""
        mine, theirs = ({id(o.label): o.box for o in index.outlines} for index in (self, other))
        boxes = [mine.get(key) or theirs[key] for key in mine.keys() ^ theirs.keys()]
        if not boxes:
            return None
        low, high = np.min(boxes, axis=0), np.max(boxes, axis=0)
        if low[0] > high[2]:  # only labels without a place
            return None
        return (float(low[0]), float(low[1]), float(high[2]), float(high[3]))
