"""COCO's run lengths of a mask: runs of 0 and 1 in turn, down the columns; plain lists, and the compressed text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..rasterize import Window
from .values import Shape

_MOST_PIXELS = 1 << 28  # of the columns that an object touches: what a few bytes may claim


def encode(mask: NDArray[np.bool_], window: Window, shape: Shape) -> list[int]:
    """Run lengths of an image of `shape` (H, W) that is 0 but for `mask` (h, w) at `window`."""
    x, y, _, _ = window
    height, width = shape
    steps = np.diff(np.pad(mask.T.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    starts, ends = ((col + x) * height + row + y for col, row in (np.nonzero(steps == 1), np.nonzero(steps == -1)))
    joined = starts[1:] == ends[:-1]  # a run may go on at the top of the next column
    starts, ends = (
        starts[np.append(True, ~joined)] if len(starts) else starts,
        ends[np.append(~joined, True)] if len(ends) else ends,
    )
    borders = np.empty(2 * len(starts) + 2, dtype=np.int64)
    borders[0], borders[-1] = 0, height * width
    borders[1:-1:2], borders[2:-1:2] = starts, ends
    runs = [int(n) for n in np.diff(borders)]
    return runs if runs[-1] else runs[:-1]


def decode(counts: Sequence[int], shape: Shape) -> tuple[NDArray[np.bool_], tuple[int, int]]:
    """The object as a bool mask cut to its bounding box, and the box's top left (x, y).

    Raises ValueError when the runs do not fit an image of `shape` (H, W), or the object is too large.
    """
    height, width = shape
    runs = np.asarray(counts, dtype=np.int64)
    if runs.ndim != 1 or (runs < 0).any() or (runs > height * width).any() or int(runs.sum()) != height * width:
        raise ValueError("its run lengths do not add up to the image's size")
    borders = np.cumsum(runs)
    starts, ends = borders[0:-1:2], borders[1::2]
    starts, ends = starts[: len(ends)], ends[: len(starts)]
    some = ends > starts
    starts, ends = starts[some], ends[some]
    if len(starts) == 0:
        return np.zeros((0, 0), dtype=bool), (0, 0)
    first, last = int(starts[0]) // height, (int(ends[-1]) - 1) // height
    if (last - first + 1) * height > _MOST_PIXELS:
        raise ValueError("its mask is too large to be one object")
    steps = np.zeros((last - first + 1) * height + 1, dtype=np.int8)
    np.add.at(steps, starts - first * height, 1)
    np.add.at(steps, ends - first * height, -1)
    mask = np.cumsum(steps[:-1], dtype=np.int8).astype(bool).reshape(-1, height).T
    rows = np.flatnonzero(mask.any(axis=1))
    return mask[rows[0] : rows[-1] + 1], (first, int(rows[0]))


def compress(counts: Sequence[int]) -> str:
    """COCO's text form: differences to the run before last, in groups of 5 bits."""
    text = []
    for i, count in enumerate(counts):
        value = count - counts[i - 2] if i > 2 else count
        more = True
        while more:
            bits = value & 0x1F
            value >>= 5
            more = value != (-1 if bits & 0x10 else 0)
            text.append(chr(48 + bits + (0x20 if more else 0)))
    return "".join(text)


def expand(text: str) -> list[int]:
    """The run lengths of COCO's text form. Raises ValueError when it is none."""
    counts: list[int] = []
    value, shift = 0, 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 55:
            raise ValueError("its compressed run lengths cannot be read")
        value |= (bits & 0x1F) << shift
        shift += 5
        if not bits & 0x20:
            if bits & 0x10:
                value -= 1 << shift
            counts.append(value + counts[-2] if len(counts) > 2 else value)
            value, shift = 0, 0
    if shift:
        raise ValueError("its compressed run lengths are cut off")
    return counts
