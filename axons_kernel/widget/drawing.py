"""Draws many labels into an ids raster at once, in order: the same pixels as `rasterize` gives one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..annotations import Label, Ring
from ..rasterize import Window
from .booleans import Ids

_Ints = NDArray[np.int64]


def draw(ids: Ids, window: Window, labels: Sequence[tuple[int, Label]]) -> set[int]:
    """Paint labels (number, label) into `ids`, which covers `window`; a later one covers an earlier one.

    Returns the numbers of those that are covered in part by another one.
    """
    parts = [(number, rings) for number, label in labels for rings in label.parts()]
    if not parts:
        return set()
    spans = _spans([rings for _, rings in parts], window)
    part, row, first, after = spans
    length = after - first
    column = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length - first, length)
    pixel = np.repeat(row * window[2], length) + column
    numbers = np.array([number for number, _ in parts], ids.dtype)
    number = np.repeat(numbers[part], length)
    flat = ids.reshape(-1) if ids.flags.c_contiguous else ids.flatten()
    below = flat[pixel]
    flat[pixel] = number  # where a pixel comes twice, the last one stays
    if not ids.flags.c_contiguous:
        ids[...] = flat.reshape(ids.shape)
    hidden = number[flat[pixel] != number]
    return {*np.unique(hidden).tolist(), *np.unique(below[below != 0]).tolist()}


def _spans(parts: Sequence[Sequence[Ring]], window: Window) -> tuple[_Ints, _Ints, _Ints, _Ints]:
    """Part, row, first column and column after the last of each run of pixels inside, in the parts' order."""
    x0, y0, width, height = window
    rings = [(number, ring) for number, part in enumerate(parts) for ring in part if len(ring) >= 3]
    sizes = np.array([len(ring) for _, ring in rings], np.int64)
    points = np.array([p for _, ring in rings for p in ring], np.float64).reshape(-1, 2)
    start = np.cumsum(sizes) - sizes
    following = np.arange(1, len(points) + 1)
    following[start + sizes - 1] = start  # a ring ends where it starts
    ends = points[following]
    falling = (points[:, 1] < ends[:, 1])[:, None]
    upper, lower = np.where(falling, points, ends), np.where(falling, ends, points)
    top = np.clip(np.ceil(upper[:, 1] - 0.5) - y0, 0, height).astype(np.int64)
    bottom = np.clip(np.ceil(lower[:, 1] - 0.5) - y0, 0, height).astype(np.int64)
    count = bottom - top
    edge = np.repeat(np.arange(len(points)), count)
    row = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + top[edge]
    run, fall = lower[edge, 0] - upper[edge, 0], lower[edge, 1] - upper[edge, 1]
    crossing = (upper[edge, 0] - 0.5) * fall + (row + y0 + 0.5 - upper[edge, 1]) * run  # as in `rasterize`
    column = np.clip(np.ceil(crossing / fall) - x0, 0, width).astype(np.int64)
    part = np.repeat(np.array([number for number, _ in rings], np.int64), sizes)[edge]
    order = np.lexsort((column, row, part))
    part, row, column = part[order], row[order], column[order]
    return part[::2], row[::2], column[::2], column[1::2]  # by the even-odd rule every second crossing leaves
