"""Which outlines cross themselves: a quick test clears nearly all, a sweep over edges decides on the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..annotations import Ring

_MOST_PAIRS = 1 << 20  # edges compared at a time


def flat_points(rings: Sequence[Ring]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """All points of rings one after the other as (N, 2) x, y, and where each ring starts. No ring may be empty."""
    lengths = np.fromiter(map(len, rings), dtype=np.int64, count=len(rings))
    points = np.array([point for ring in rings for point in ring], dtype=np.float64).reshape(-1, 2)
    return points, np.cumsum(lengths) - lengths


def crossing(rings: Sequence[Ring]) -> NDArray[np.bool_]:
    """(N,) bool: the outlines of which two edges cross; edges that only touch do not count."""
    found = np.zeros(len(rings), dtype=bool)
    if len(rings) == 0:
        return found
    for i in np.flatnonzero(~_star_shaped(*flat_points(rings))).tolist():
        found[i] = len(rings[i]) > 3 and _crosses_itself(np.asarray(rings[i], dtype=np.float64))
    return found


def _star_shaped(points: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Rings that go around their mean once and never back: these cannot cross themselves."""
    lengths = np.diff(np.append(starts, len(points)))
    ring = np.repeat(np.arange(len(starts)), lengths)
    centred = points - (np.add.reduceat(points, starts) / lengths[:, None])[ring]
    following = np.arange(1, len(points) + 1)
    following[starts + lengths - 1] = starts
    ahead = centred[following]
    turn = centred[:, 0] * ahead[:, 1] - centred[:, 1] * ahead[:, 0]
    angle = np.abs(np.add.reduceat(np.arctan2(turn, (centred * ahead).sum(axis=1)), starts))
    one_way = (np.minimum.reduceat(turn, starts) > 0) | (np.maximum.reduceat(turn, starts) < 0)
    return np.asarray(one_way & (angle < 3 * np.pi))


def _crosses_itself(points: NDArray[np.float64]) -> bool:
    ends = np.roll(points, -1, axis=0)
    low, high = np.minimum(points[:, 0], ends[:, 0]), np.maximum(points[:, 0], ends[:, 0])
    order = np.argsort(low)
    a, b, low, high = points[order], ends[order], low[order], high[order]
    # an edge meets only those that begin, from the left, before it ends
    last = np.searchsorted(low, high, side="right")
    counts = last - np.arange(len(a)) - 1
    total = np.cumsum(counts)
    begin = 0
    while begin < len(a):
        end = max(begin + 1, int(np.searchsorted(total, (total[begin - 1] if begin else 0) + _MOST_PAIRS)))
        i = np.repeat(np.arange(begin, end), counts[begin:end])
        offset = np.cumsum(counts[begin:end]) - counts[begin:end]
        j = np.arange(len(i)) - np.repeat(offset, counts[begin:end]) + i + 1
        if _cross(a[i], b[i], a[j], b[j]).any():
            return True
        begin = end
    return False


def _cross(
    a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64], d: NDArray[np.float64]
) -> NDArray[np.bool_]:
    return np.asarray((_side(a, b, c) * _side(a, b, d) < 0) & (_side(c, d, a) * _side(c, d, b) < 0))


def _side(a: NDArray[np.float64], b: NDArray[np.float64], p: NDArray[np.float64]) -> NDArray[np.float64]:
    u, v = b - a, p - a
    return np.sign(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0])
