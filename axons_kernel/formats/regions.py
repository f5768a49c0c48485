"""Regions under the even-odd rule as other programs want them: outer rings with holes, or one ring with key-holes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_

import numpy as np
from numpy.typing import NDArray

from ..annotations import GroupLabel, Label, Point, Ring
from ..rasterize import Window, fill_rings, mask_to_rings

PolygonWithHoles = tuple[Ring, ...]  # the outer ring first

_MOST_PIXELS = 1 << 24  # of one object that is drawn to find out how its regions lie
_FAR = 1e7


def flat(labels: Iterable[Label]) -> list[Label]:
    """The labels with groups taken apart into their components."""
    found: list[Label] = []
    for label in labels:
        found += flat(label.components) if isinstance(label, GroupLabel) else [label]
    return found


def window_of(rings: Sequence[Ring]) -> Window:
    """The smallest window of whole pixels around `rings`, wherever they lie."""
    points = np.asarray([point for ring in rings for point in ring], dtype=np.float64).reshape(-1, 2)
    if len(points) == 0:
        return (0, 0, 0, 0)
    low, high = np.clip(np.floor(points.min(axis=0)), -_FAR, _FAR), np.clip(np.ceil(points.max(axis=0)), -_FAR, _FAR)
    return (int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


def are_islands(rings: Sequence[Ring]) -> bool:
    """Whether regions lie side by side, so that their union is what the even-odd rule fills."""
    if len(rings) < 2:
        return True
    window = window_of(rings)
    if window[2] * window[3] > _MOST_PIXELS:
        return False
    union = reduce(or_, (fill_rings([ring], window) for ring in rings))
    return bool((fill_rings(rings, window) == union).all())


def with_holes(rings: Sequence[Ring]) -> tuple[tuple[PolygonWithHoles, ...], bool]:
    """Polygons with holes that cover what the even-odd rule fills, and whether their points are those of `rings`.

    Regions that cross each other have no such form: the outline of their pixels is given then.
    """
    if len(rings) < 2:
        return tuple((ring,) for ring in rings), True
    window = window_of(rings)
    if window[2] * window[3] > _MOST_PIXELS:
        return _nested(rings), True
    filled = fill_rings(rings, window)
    polygons = _nested(rings)
    if _covers(polygons, window, filled):
        return polygons, True
    return _nested(mask_to_rings(filled, window[:2])), False


def _covers(polygons: Iterable[PolygonWithHoles], window: Window, filled: NDArray[np.bool_]) -> bool:
    """Whether outer rings less their holes, no two of them on the same pixel, are what is `filled`."""
    depth = np.zeros(filled.shape, dtype=np.int32)
    for outer, *holes in polygons:
        inside = fill_rings([outer], window)
        for hole in holes:
            cut = fill_rings([hole], window)
            if (cut & ~inside).any():
                return False
            inside &= ~cut
        depth += inside
    return bool((depth == filled).all())


def _nested(rings: Sequence[Ring]) -> tuple[PolygonWithHoles, ...]:
    """Rings at an even depth are outer ones; each ring at an odd depth is a hole of the one around it."""
    holders = [
        [j for j, other in enumerate(rings) if j != i and contains(other, ring[0])] for i, ring in enumerate(rings)
    ]
    polygons = {i: [rings[i]] for i, around in enumerate(holders) if len(around) % 2 == 0}
    for i, around in enumerate(holders):
        if i not in polygons:
            nearest = max(around, key=lambda j: len(holders[j]))
            polygons.setdefault(nearest, [rings[nearest]]).append(rings[i])
    return tuple(tuple(polygon) for polygon in polygons.values())


def ring_area(ring: Ring) -> float:
    """Area by the shoelace formula, in square pixels; parts that wind the other way count negative."""
    following = (*ring[1:], *ring[:1])
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(ring, following, strict=True))) / 2


def contains(ring: Ring, point: Point) -> bool:
    """Even-odd test of a point."""
    points = np.asarray(ring, dtype=np.float64).reshape(-1, 2)
    before = np.roll(points, 1, axis=0)
    crosses = (points[:, 1] > point[1]) != (before[:, 1] > point[1])
    a, b = points[crosses], before[crosses]
    x = a[:, 0] + (point[1] - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
    return bool(np.count_nonzero(x > point[0]) % 2)


def keyhole(rings: Sequence[Ring]) -> Ring:
    """One ring that goes to each further region and back on the same line, which the even-odd rule does not see."""
    if not rings:
        return ()
    first, *others = [ring for ring in rings if ring]
    path = list(first)
    for ring in others:
        path += [first[0], *ring, ring[0]]
    return tuple([*path, first[0]] if others else path)


def without_keyholes(ring: Ring) -> tuple[Ring, ...]:
    """The regions of a ring that `keyhole` has made; any other ring as it is."""
    if len(ring) < 8 or ring[-1] != ring[0]:
        return (ring,)
    start = ring[0]
    end = ring.index(start, 1)
    regions, at = [ring[:end]], end
    while at < len(ring) - 1:
        turn = ring[at + 1]
        try:
            back = ring.index(turn, at + 2)
        except ValueError:
            return (ring,)
        if back + 1 >= len(ring) or ring[back + 1] != start:
            return (ring,)
        regions.append(ring[at + 1 : back])
        at = back + 1
    return tuple(regions) if all(len(region) >= 3 for region in regions) else (ring,)
