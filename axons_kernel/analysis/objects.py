"""Objects of two class masks, counted strip by strip: an object that crosses strips is one object.

An object is an 8-connected area of one class. Memory depends on the width of the image and the number of objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from skimage.measure import label

from ..metrics import Overlaps
from ..tiling import Tile

Ids = NDArray[np.int64]
_STRIP_PIXELS = 1_000_000
MATCH = 0.5  # IoU above which a pair is found; then no object is in two pairs


@dataclass(frozen=True, eq=False)
class ObjectMatches:
    """Which objects of a prediction (found) and its reference (known) are the same.

    Arrays are by id with 0 for the background: class number, centre as (x, y) in pixels, whether it has a partner.
    `iou` (m + 1,) is that of each reference object with its partner, 0 without one.
    """

    table: Overlaps
    found_class: Ids
    known_class: Ids
    found_centre: NDArray[np.float64]
    known_centre: NDArray[np.float64]
    found_matched: NDArray[np.bool_]
    known_matched: NDArray[np.bool_]
    iou: NDArray[np.float64]


class _Side:
    """The objects of one mask while strips go by; ids are those of parts, which are joined at the end."""

    def __init__(self) -> None:
        self._edge: tuple[NDArray[np.uint8], Ids] | None = None  # classes and ids of the last row
        self._links: list[Ids] = []
        self._sums: list[NDArray[np.float64]] = [np.zeros((1, 3))]  # area, sum of x, sum of y
        self._classes: list[Ids] = [np.zeros(1, np.int64)]
        self._count = 0

    def add(self, mask: NDArray[np.uint8], top: int) -> Ids:
        """(h, w) ids of the parts in a strip that begins at row `top`."""
        ids, count = label(mask, connectivity=2, return_num=True)
        rows, cols = np.nonzero(ids)
        local = ids[rows, cols]
        weights = (None, cols + 0.5, rows + top + 0.5)
        self._sums.append(np.stack([np.bincount(local, w, minlength=count + 1)[1:] for w in weights], axis=1))
        classes = np.zeros(count + 1, np.int64)
        classes[local] = mask[rows, cols]
        self._classes.append(classes[1:])
        numbers = np.where(ids > 0, ids.astype(np.int64) + self._count, 0)
        if self._edge is not None:
            self._links += _touching(*self._edge, mask[0], numbers[0])
        self._edge = mask[-1].copy(), numbers[-1].copy()
        self._count += count
        return numbers

    def joined(self) -> tuple[Ids, Ids, NDArray[np.float64]]:
        """Object of each part (parts + 1,), then class (n + 1,) and centre (n + 1, 2) of each object."""
        links = np.concatenate(self._links, axis=1) if self._links else np.zeros((2, 0), np.int64)
        size = self._count + 1
        graph = coo_array((np.ones(links.shape[1], np.int8), (links[0], links[1])), shape=(size, size))
        count, object_of = connected_components(graph, directed=False)
        order: Ids = object_of.astype(np.int64)
        sums, classes = np.concatenate(self._sums), np.zeros(count, np.int64)
        classes[order] = np.concatenate(self._classes)
        area, x, y = (np.bincount(order, sums[:, i], minlength=count) for i in range(3))
        centre = np.stack([x, y], axis=1) / np.maximum(area, 1)[:, None]
        return order, classes, centre


def _touching(above: NDArray[np.uint8], above_ids: Ids, below: NDArray[np.uint8], below_ids: Ids) -> Iterator[Ids]:
    """Pairs (2, k) of parts of one class that touch between two rows, corners too."""
    width = above.size
    for shift in (-1, 0, 1):
        upper = slice(max(0, -shift), min(width, width - shift))
        lower = slice(max(0, shift), min(width, width + shift))
        same = (above[upper] == below[lower]) & (above[upper] > 0)
        yield np.stack([above_ids[upper][same], below_ids[lower][same]])


def match_objects(
    pair: Callable[[Tile], tuple[NDArray[np.uint8], NDArray[np.uint8]]], shape: tuple[int, int]
) -> ObjectMatches:
    """Match the objects of a prediction with those of its reference.

    `pair` gives (h, w) predicted and reference class numbers of a window; `shape` is the image's (H, W).
    """
    sides, shared = (_Side(), _Side()), []
    height = max(16, _STRIP_PIXELS // shape[1])
    for top in range(0, shape[0], height):
        masks = pair(Tile(0, top, shape[1], height).clipped(shape))
        found, known = (side.add(mask, top) for side, mask in zip(sides, masks, strict=True))
        both = (found > 0) & (known > 0)
        pairs, pixels = np.unique(np.stack([found[both], known[both]]), axis=1, return_counts=True)
        shared.append(np.concatenate([pairs, pixels[None]]))
    (found_of, found_class, found_centre), (known_of, known_class, known_centre) = (side.joined() for side in sides)
    parts = np.concatenate(shared, axis=1)
    table = _table(
        (found_of[parts[0]], known_of[parts[1]], parts[2]),
        _areas(sides[0], found_of, found_class.size),
        _areas(sides[1], known_of, known_class.size),
    )
    same = (found_class[table.found] == known_class[table.known]) & (table.iou > MATCH)
    found_matched, known_matched = np.zeros(found_class.size, bool), np.zeros(known_class.size, bool)
    found_matched[table.found[same]] = known_matched[table.known[same]] = True
    iou = np.zeros(known_class.size)
    iou[table.known[same]] = table.iou[same]
    return ObjectMatches(table, found_class, known_class, found_centre, known_centre, found_matched, known_matched, iou)


def _areas(side: _Side, object_of: Ids, count: int) -> Ids:
    sums = np.concatenate(side._sums)[:, 0]
    return np.bincount(object_of, sums, minlength=count).astype(np.int64)


def _table(shared: tuple[Ids, Ids, Ids], found_area: Ids, known_area: Ids) -> Overlaps:
    rows, cols, pixels = shared
    entries = coo_array((pixels, (rows, cols)), shape=(found_area.size, known_area.size)).tocsr().tocoo()
    found, known = (np.asarray(ids, np.int64) for ids in entries.coords)
    return Overlaps(found_area, known_area, found, known, np.asarray(entries.data, np.int64))
