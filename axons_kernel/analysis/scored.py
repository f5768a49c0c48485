"""One image as it is scored: predicted and reference classes by windows, without what the model has seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..annotations import Annotation
from ..quality.instances import from_annotation
from ..rasterize import bounding_window
from ..tiling import Tile

Classes = NDArray[np.uint8]
ReadClasses = Callable[[Tile], Classes]
ReadConfidence = Callable[[Tile], NDArray[np.float32] | None]


@dataclass(frozen=True, eq=False)
class ScoredImage:
    """A prediction beside its reference; the functions give (h, w) uint8 class numbers of a window inside the image.

    `classes[i]` is class number i + 1. `seen` are the windows that the model has learned from: there, both are 0.
    `confidence` gives the probability of the predicted class, (h, w) float32, or None when it was not kept.
    """

    name: str
    shape: tuple[int, int]
    pixel_size_um: float
    classes: tuple[str, ...]
    predicted: ReadClasses
    reference: ReadClasses
    seen: tuple[Tile, ...] = ()
    confidence: ReadConfidence | None = None

    def pair(self, tile: Tile) -> tuple[Classes, Classes, NDArray[np.bool_]]:
        """Predicted and reference class numbers, and which pixels count: (h, w) each."""
        counted = ~covered(tile, self.seen)
        predicted, reference = self.predicted(tile), self.reference(tile)
        return np.where(counted, predicted, 0), np.where(counted, reference, 0), counted

    @cached_property
    def scored_pixels(self) -> int:
        """How many pixels count."""
        strips = range(0, self.shape[0], 512)
        windows = (Tile(0, y, self.shape[1], 512).clipped(self.shape) for y in strips)
        return sum(int(np.count_nonzero(~covered(window, self.seen))) for window in windows)

    @property
    def scored_share(self) -> float:
        """Share of the image that counts."""
        return self.scored_pixels / (self.shape[0] * self.shape[1])


def covered(tile: Tile, by: Sequence[Tile]) -> NDArray[np.bool_]:
    """(h, w) bool: the pixels of `tile` that lie in any of `by`."""
    out = np.zeros((tile.height, tile.width), bool)
    for other in by:
        inner = Tile(other.x - tile.x, other.y - tile.y, other.width, other.height).clipped(out.shape)
        inner.cut(out)[...] = True
    return out


def windows_of(mask: NDArray[np.integer]) -> ReadClasses:
    """Reads windows of a (H, W) array."""
    return lambda tile: tile.cut(mask).astype(np.uint8)


class LabelWindows:
    """Class numbers of an annotation by windows; only labels that reach into a window are drawn."""

    def __init__(self, annotation: Annotation, classes: Sequence[str], shape: tuple[int, int]):
        self._classes, self._shape = tuple(classes), shape
        self._labels = [item for item in annotation.labels if item.label_class in classes]
        self._annotation = annotation
        parts = [[ring for rings in item.parts() for ring in rings] for item in self._labels]
        boxes = np.array([bounding_window(rings, shape) for rings in parts], np.int64).reshape(-1, 4)
        self._left, self._top = boxes[:, 0], boxes[:, 1]
        self._right, self._bottom = boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]

    def __call__(self, tile: Tile) -> Classes:
        """(h, w) uint8: class i of the names as i + 1; a later label covers an earlier one."""
        across = (self._left < tile.x + tile.width) & (self._right > tile.x)
        near = across & (self._top < tile.y + tile.height) & (self._bottom > tile.y)
        labels = tuple(self._labels[i] for i in np.flatnonzero(near))
        drawn = from_annotation(replace(self._annotation, labels=labels), self._shape, tile=tile)
        numbers = np.array([0, *(self._classes.index(name) + 1 for name in drawn.classes)], np.uint8)
        return numbers[drawn.ids]
