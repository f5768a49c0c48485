"""Objects of one class in a mask: connected areas, cut where they are narrow, or grown into the border between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

Labels = NDArray[np.int32]
_NECK = 0.7  # an area is cut where it is narrower than this share of the narrower of its two parts
_EIGHT = np.ones((3, 3), bool)  # pixels that touch at a corner are connected


def connected(mask: NDArray[np.bool_]) -> Labels:
    """(h, w) ids from 1 of the connected areas."""
    labels: Labels = np.zeros(mask.shape, np.int32)
    ndimage.label(mask, _EIGHT, output=labels)
    return labels


def cut_at_necks(mask: NDArray[np.bool_]) -> Labels:
    """(h, w) ids of areas that were cut where they are narrow: watershed on the distance to the edge.

    Each top of the distance begins a part of its own; two parts become one again unless the neck between them is
    clearly narrower than both, so a ring or a rod stays whole.
    """
    distance = ndimage.distance_transform_edt(mask)
    tops = connected(mask & (ndimage.maximum_filter(distance, 3) == distance))
    parts = np.asarray(watershed(-distance, tops, mask=mask, connectivity=2), np.int32)
    return _joined(parts, distance)


def _joined(parts: Labels, distance: NDArray[np.float64]) -> Labels:
    """Parts with wide passages between them put together, the widest passage first."""
    count = int(parts.max()) + 1
    top = np.asarray(ndimage.maximum(distance, parts, np.arange(count)), float)
    parent = np.arange(count)
    for first, second, width in _passages(parts, distance):
        a, b = _root(parent, first), _root(parent, second)
        if a != b and width > _NECK * min(top[a], top[b]):
            low, high = min(a, b), max(a, b)
            parent[high], top[low] = low, max(top[a], top[b])
    roots = np.array([_root(parent, number) for number in range(count)])
    number = np.zeros(count, np.int32)
    kept = np.unique(roots[1:])
    number[kept] = np.arange(1, len(kept) + 1)
    return np.asarray(number[roots][parts], np.int32)


def _root(parent: NDArray[np.int64], number: int) -> int:
    while parent[number] != number:
        parent[number] = parent[parent[number]]
        number = int(parent[number])
    return number


def _passages(parts: Labels, distance: NDArray[np.float64]) -> list[tuple[int, int, float]]:
    """(part, part, distance to the edge in the middle of the passage between them), the widest first."""
    h, w = parts.shape
    found: list[NDArray[np.float64]] = []
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = (slice(0, h - dy), slice(max(0, -dx), w - max(0, dx)))
        there = (slice(dy, h), slice(max(0, dx), w - max(0, -dx)))
        a, b = parts[here], parts[there]
        at = (a != b) & (a > 0) & (b > 0)
        low, high = np.minimum(a[at], b[at]), np.maximum(a[at], b[at])
        found.append(np.stack([low, high, np.minimum(distance[here][at], distance[there][at])]))
    low, high, width = np.concatenate(found, axis=1)
    order = np.lexsort((high, low, -width))
    pairs = {(int(low[i]), int(high[i])): float(width[i]) for i in order[::-1]}  # of each pair the widest is last
    return sorted(((a, b, width) for (a, b), width in pairs.items()), key=lambda passage: (-passage[2], *passage[:2]))


def grown(labels: Labels, border: NDArray[np.bool_], reach: float) -> Labels:
    """The areas with the border pixels that are theirs: the nearest area's within `reach` pixels."""
    distance, nearest = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    mine = border & (labels == 0) & (distance <= reach)
    out = labels.copy()
    out[mine] = labels[nearest[0][mine], nearest[1][mine]]
    return out
