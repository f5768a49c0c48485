"""Rows of probabilities at the model's pixel size become rows at the image's, and these become classes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..resampling import triangle_weights
from .rows import Probabilities

_MOST_BYTES = 24 << 20  # of probabilities at the image's size, made at a time

Planes = dict[str, NDArray[np.uint8]]  # (n, W), or (classes + 1, n, W) for "probability"


class ImageRows:
    """Takes rows of the model from top to bottom and gives rows of the image as soon as all they need is there.

    Linear, averaged where the image is coarser. `next_row` of the image comes next; `held` are rows of the model from
    `held_top` on that are still needed.
    """

    def __init__(
        self,
        model_shape: tuple[int, int],
        image_shape: tuple[int, int],
        *,
        next_row: int = 0,
        held_top: int = 0,
        held: Probabilities | None = None,
    ):
        self._model, self._image = model_shape, image_shape
        self.next_row, self.held_top, self.held = next_row, held_top, held
        self._down, right = (old / new for old, new in zip(model_shape, image_shape, strict=True))
        self._across = triangle_weights(0, image_shape[1], right, model_shape[1])[2]
        reach = max(self._down, 1.0)
        centres = (np.arange(image_shape[0]) + 0.5) * self._down - 0.5
        last = np.floor(centres - reach).astype(np.int64) + int(np.ceil(2 * reach))
        self._ends = np.minimum(last + 1, model_shape[0])  # by row of the image: rows of the model that must be there

    def push(self, rows: Probabilities) -> Iterator[tuple[int, Probabilities]]:
        """(top, (planes, n, W)) of the image; all must be taken."""
        if self._model == self._image:
            yield from self._cut(rows)
            return
        known = rows if self.held is None else np.concatenate([self.held, rows], axis=1)
        ready = int(np.searchsorted(self._ends, self.held_top + known.shape[1], side="right"))
        step = max(1, _MOST_BYTES // (4 * len(known) * self._image[1]))
        for top in range(self.next_row, ready, step):
            low, high, down = triangle_weights(top, min(step, ready - top), self._down, self._model[0])
            part = known[:, low - self.held_top : high - self.held_top]
            yield top, np.stack([(self._across @ (down @ plane).T).T for plane in part])
        first = triangle_weights(ready, 1, self._down, self._model[0])[0] if ready < self._image[0] else self._model[0]
        keep = max(self.held_top, min(first, self.held_top + known.shape[1]))
        self.held, self.held_top, self.next_row = known[:, keep - self.held_top :].copy(), keep, ready

    def _cut(self, rows: Probabilities) -> Iterator[tuple[int, Probabilities]]:
        step = max(1, _MOST_BYTES // (4 * len(rows) * self._image[1]))
        for start in range(0, rows.shape[1], step):
            part = rows[:, start : start + step]
            yield self.next_row, part
            self.next_row += part.shape[1]


def classified(values: Probabilities, classes: int, *, probabilities: bool) -> Planes:
    """What is kept of rows (planes, n, W): uint8 "mask" (class numbers), "confidence" and "probability" (0 to 255).

    Of equals the first class wins. With a border as the last plane also "border": 1 where it is likelier than all else.
    """
    best = values[0].copy()
    mask = np.zeros(best.shape, np.uint8)
    for number in range(1, classes + 1):
        better = values[number] > best
        mask[better] = number
        np.maximum(best, values[number], out=best)
    planes = {"mask": mask, "confidence": _bytes(best)}
    if probabilities:
        planes["probability"] = _bytes(values[: classes + 1])
    if len(values) > classes + 1:
        planes["border"] = np.asarray(values[classes + 1] >= np.maximum(best, 0.5), np.uint8)
    return planes


def _bytes(values: Probabilities) -> NDArray[np.uint8]:
    return np.asarray(np.rint(np.clip(values, 0, 1) * np.float32(255)), np.uint8)
