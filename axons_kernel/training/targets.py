"""What a network is to answer: the class per pixel of any window, drawn from the labels when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..annotations import Annotation
from ..tiling import Tile
from ..widget.painting import Painting

IGNORE = 255  # not known: a label without a class
_TOUCH = 1  # pixels of the model; objects this close to a pixel make it a border


class Targets:
    """The labels of one image as class numbers, at the model's pixel size.

    `classes[i]` is i + 1; labels of other classes are background. With `border`, a pixel between objects of one class
    that touch (both within 3 x 3 pixels) is `len(classes) + 1`.
    """

    def __init__(
        self,
        annotation: Annotation,
        classes: Sequence[str],
        image_shape: tuple[int, int],
        shape: tuple[int, int],
        *,
        border: bool = False,
    ):
        """`image_shape` is (H, W) of the image, in which labels have their places; `shape` is at the model's size."""
        numbers = {name: number for number, name in enumerate(classes, start=1)}
        known = [label for label in annotation.labels if label.label_class is None or label.label_class in numbers]
        self._painting = Painting(known)
        self._class_of = np.array([0, *(numbers.get(label.label_class or "", IGNORE) for label in known)], np.uint8)
        self._image_shape, self._shape = image_shape, shape
        self._border = len(classes) + 1 if border else 0

    def window(self, tile: Tile) -> NDArray[np.uint8]:
        """(h, w) class numbers; what is in one window does not depend on how windows are cut."""
        reach = _TOUCH if self._border else 0
        left, top = max(0, tile.x - reach), max(0, tile.y - reach)
        right = min(self._shape[1], tile.x + tile.width + reach)
        bottom = min(self._shape[0], tile.y + tile.height + reach)
        ids = self._objects(Tile(left, top, right - left, bottom - top))
        numbers = self._class_of[ids]
        if self._border:
            numbers[touching(ids, numbers)] = self._border
        return np.ascontiguousarray(Tile(tile.x - left, tile.y - top, tile.width, tile.height).cut(numbers))

    def _objects(self, tile: Tile) -> NDArray[np.int32]:
        """(h, w): which label lies on top at the centre of each pixel; 0 is none."""
        cols = _source_pixels(tile.x, tile.width, self._image_shape[1], self._shape[1])
        rows = _source_pixels(tile.y, tile.height, self._image_shape[0], self._shape[0])
        x, y = int(cols[0]), int(rows[0])
        ids = self._painting.draw(Tile(x, y, int(cols[-1]) + 1 - x, int(rows[-1]) + 1 - y), 1.0)
        return np.asarray(ids[rows[:, None] - y, cols[None, :] - x])


def _source_pixels(start: int, length: int, old: int, new: int) -> NDArray[np.int64]:
    """The image pixels under the centres of pixels `start`... at the model's size, as `resample_nearest` takes them."""
    return np.minimum((np.arange(start, start + length) + 0.5) * old / new, old - 1).astype(np.int64)


def touching(ids: NDArray[np.int32], numbers: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(h, w) bool: pixels of a class or of background that have two objects of that class within 3 x 3 pixels.

    Shape: `ids` (h, w) object per pixel, 0 is none; `numbers` (h, w) class number of each pixel's object.
    """
    found = np.zeros(ids.shape, dtype=bool)
    for number in np.unique(numbers):
        if number in (0, IGNORE):
            continue
        mine = np.where(numbers == number, ids, 0)
        highest = ndimage.maximum_filter(mine, 2 * _TOUCH + 1, mode="nearest")
        lowest = ndimage.minimum_filter(np.where(mine, mine, np.iinfo(np.int32).max), 2 * _TOUCH + 1, mode="nearest")
        found |= (lowest < highest) & ((numbers == number) | (numbers == 0))
    return found
