"""All labels of an image by number, and the ids rasters of the tiles that are in use: one never without the other.

A raster is always what drawing the labels in order gives. So taking an edit back needs no pixels: the labels of
before are put in their places and the windows that they touch are drawn again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np

from ..annotations import Label
from ..rasterize import Window
from .booleans import Ids, cut
from .drawing import draw
from .placed import Placed, around, overlap, painted
from .places import Places

RASTERS_KEPT = 3
Changes = Mapping[int, Placed | None]  # label number -> what it is now; None: it is gone


class Sheet:
    """Labels by number, and rasters by tile number. `shape` (H, W); `next_id` was never given to a label."""

    def __init__(
        self, labels: Mapping[int, Label], shape: tuple[int, int], tiles: Sequence[Window], next_id: int = 1
    ) -> None:
        """`labels` by number, in drawing order; tiles are (x, y, width, height) in image pixels."""
        self.shape = shape
        self.tiles = tuple(tiles)
        self.labels = {n: Placed.of(label, z, shape) for z, (n, label) in enumerate(labels.items(), start=1)}
        self.next_id = max(next_id, max(self.labels, default=0) + 1)
        self.next_z = len(self.labels) + 1
        self._places = Places()
        for number, placed in self.labels.items():
            self._places.put(number, placed.bounds)
        self._rasters: OrderedDict[int, Ids] = OrderedDict()
        self._overlapped: set[int] = set()  # labels of which pixels may lie under another label

    def raster(self, tile: int) -> Ids:
        """The ids (height, width) uint32 of a tile; not to be written to."""
        if tile not in self._rasters:
            _, _, width, height = window = self.tiles[tile]
            self._rasters[tile] = np.zeros((height, width), np.uint32)
            self._draw(tile, window)
            while len(self._rasters) > RASTERS_KEPT:
                self._rasters.popitem(last=False)
        self._rasters.move_to_end(tile)
        return self._rasters[tile]

    def touching(self, window: Window) -> list[int]:
        """Numbers of the labels whose bounds meet a window, in drawing order."""
        return sorted(self._places.meeting(window), key=lambda number: self.labels[number].z)

    def add(self, label: Label, *, proposal: bool = False) -> tuple[int, Placed]:
        """A number, and a place on top of all, for a new label; put it in with `put`."""
        number, z = self.next_id, self.next_z
        self.next_id, self.next_z = number + 1, z + 1
        return number, Placed.of(label, z, self.shape, proposal=proposal)

    def repainted(self, tile: int, ids: Ids, rect: Window) -> dict[int, Placed | None]:
        """How the labels change when the pixels of a tile become `ids`, which differ within `rect` only.

        A changed pixel belongs to the label that shows there and to no other, not even a covered one.
        """
        before, after = (cut(raster, self.tiles[tile], rect) for raster in (self.raster(tile), ids))
        changed = before != after
        shown = {*np.unique(before[changed]).tolist(), *np.unique(after[changed]).tolist()}
        hidden = self._overlapped.intersection(self.touching(rect)) if self._overlapped else set()
        changes = {}
        for number in sorted((shown | hidden) & set(self.labels)):
            now = painted(self.labels[number], rect, changed, after == number, self.shape)
            if now is not self.labels[number]:
                changes[number] = now
        return changes

    def put(self, changes: Changes, rect: Window | None = None) -> None:
        """Put labels in their places, or away, and draw again what they cover, or only `rect` of it."""
        dirty = rect
        if rect is None:
            touched = [p.bounds for n, now in changes.items() for p in (self.labels.get(n), now) if p]
            dirty = around(*touched)
        for number, now in changes.items():
            self._places.put(number, now.bounds if now else None)
            if now is None:
                self.labels.pop(number, None)
            else:
                self.labels[number] = now
        if dirty:
            for tile in self._rasters:
                part = overlap(dirty, self.tiles[tile])
                if part:
                    self._rasters[tile] = self._rasters[tile].copy()  # the one before may be compared with
                    self._draw(tile, part)

    def _draw(self, tile: int, window: Window) -> None:
        part = cut(self._rasters[tile], self.tiles[tile], window)
        part[...] = 0
        self._overlapped |= draw(
            part, window, [(number, self.labels[number].label) for number in self.touching(window)]
        )
