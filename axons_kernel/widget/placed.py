"""Labels in a document: a label with its place in the drawing order, and labels whose pixels have changed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..annotations import GroupLabel, Label, PolygonLabel, Ring
from ..errors import InputError
from ..rasterize import Window, fill_rings, mask_to_rings

TRACED_WHOLE = 2**22  # pixels: larger labels are not traced anew as a whole
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Placed:
    """A label in a document. A higher `z` covers a lower one; `bounds` in whole pixels, None when it has no area."""

    label: Label
    z: int
    bounds: Window | None
    proposal: bool = False

    @classmethod
    def of(cls, label: Label, z: int, shape: tuple[int, int], *, proposal: bool = False) -> Placed:
        """`shape` (H, W) is the image's."""
        return cls(label, z, _bounds(label, shape), proposal)

    def having(self, label: Label, shape: tuple[int, int]) -> Placed:
        """Another label in the same place."""
        return Placed.of(label, self.z, shape, proposal=self.proposal)


def _bounds(label: Label, shape: tuple[int, int]) -> Window | None:
    """As `bounding_window`, but quick for small labels."""
    points = [point for ring in label.rings() for point in ring]
    if not points:
        return None
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    left, right = (min(max(round_(v), 0), shape[1]) for round_, v in ((math.floor, min(xs)), (math.ceil, max(xs))))
    top, bottom = (min(max(round_(v), 0), shape[0]) for round_, v in ((math.floor, min(ys)), (math.ceil, max(ys))))
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


def covered(label: Label, window: Window) -> Mask:
    """The pixels of a label. Shape: returns (height, width) bool for `window`."""
    mask = np.zeros((window[3], window[2]), bool)
    for rings in label.parts():
        mask |= fill_rings(rings, window)
    return mask


def overlap(a: Window, b: Window) -> Window | None:
    """The window that two windows share; None when they share no pixel."""
    x, y = max(a[0], b[0]), max(a[1], b[1])
    w, h = min(a[0] + a[2], b[0] + b[2]) - x, min(a[1] + a[3], b[1] + b[3]) - y
    return (x, y, w, h) if w > 0 and h > 0 else None


def around(*windows: Window | None) -> Window | None:
    """The smallest window that holds all; None when there is none."""
    real = [window for window in windows if window]
    if not real:
        return None
    x, y = min(w[0] for w in real), min(w[1] for w in real)
    return (x, y, max(w[0] + w[2] for w in real) - x, max(w[1] + w[3] for w in real) - y)


def polygon_like(label: Label, regions: tuple[Ring, ...]) -> PolygonLabel:
    """A polygon with the id, class and attributes of `label`."""
    return PolygonLabel(
        label_class=label.label_class,
        object_id=label.object_id,
        source=label.source,
        anno_data=label.anno_data,
        extra=label.extra,
        regions=regions,
    )


def painted(placed: Placed, rect: Window, changed: Mask, mine: Mask, shape: tuple[int, int]) -> Placed | None:
    """The label after the pixels `changed` of `rect` belong to it exactly where `mine`; None when nothing is left.

    Shapes: both masks (height, width) of `rect`; `shape` (H, W) is the image's. A label that keeps its pixels is
    returned as it is. What lies outside of `rect` stays, also where the label reaches over several tiles. Raises
    InputError when a group would have to grow.
    """
    label = placed.label
    before = covered(label, rect)
    if not ((before != mine) & changed).any():
        return placed
    if isinstance(label, GroupLabel):
        if (mine & changed & ~before).any():
            raise InputError("A group cannot be painted on: dissolve it first, or begin a new label.")
        parts = [painted(Placed.of(part, 0, shape), rect, changed, mine, shape) for part in label.components]
        kept = tuple(part.label for part in parts if part)
        return placed.having(replace(label, components=kept), shape) if kept else None
    regions = _retraced(label, placed.bounds, rect, (before ^ mine) & changed)
    return placed.having(polygon_like(label, regions), shape) if regions else None


def _retraced(label: Label, bounds: Window | None, rect: Window, flipped: Mask) -> tuple[Ring, ...]:
    """The outline after the pixels `flipped` of `rect` have changed sides."""
    whole = around(bounds, rect) or rect
    if whole[2] * whole[3] > TRACED_WHOLE:
        # even-odd rings add up by exclusive or: the outline of the flipped pixels is all that changes
        return (*label.rings(), *mask_to_rings(flipped, rect[:2]))
    mask = covered(label, whole)
    x, y = rect[0] - whole[0], rect[1] - whole[1]
    mask[y : y + rect[3], x : x + rect[2]] ^= flipped
    return outline(mask, whole)


def outline(mask: Mask, window: Window) -> tuple[Ring, ...]:
    """The rings of a mask (height, width) of `window`; tracing only the part that is not empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return ()
    part = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return mask_to_rings(part, (window[0] + int(columns[0]), window[1] + int(rows[0])))
