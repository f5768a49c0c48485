"""What a gesture does to an ids raster: the exact booleans that Python and the browser share.

A raster holds one number per pixel, 0 for background. Every function gives a new raster or raises InputError, in a
sentence for the user, when the gesture makes no sense; tests/data/annotate/booleans.json holds results.
"""

from __future__ import annotations

import zlib
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..rasterize import Window

Mode = Literal["new", "add", "subtract", "split"]
Ids = NDArray[np.uint32]


def combine(
    ids: Ids, region: NDArray[np.bool_], mode: Mode, *, target: int = 0, new: int = 0, protect: bool = False
) -> Ids:
    """The raster after a region was painted. Shapes: `ids` and `region` (H, W).

    `target` is the label to add to, subtract from (0: any) or split; `new` the number of the label that is made.
    Raises InputError when no pixel would change, or when a split would leave nothing on one side.
    """
    mine = ids == target
    value = {"new": new, "add": target, "subtract": 0, "split": new}[mode]
    if mode in ("add", "split") and not target:
        raise InputError("No label is chosen: click the label to change first.")
    if mode == "new":
        changing = region & (ids == 0) if protect else region
    elif mode == "add":
        changing = region & (ids == 0) if protect else region & ~mine
    elif mode == "subtract":
        changing = region & (mine if target else ids != 0)
    else:
        changing = region & mine
        if changing.any() and (changing == mine).all():
            raise InputError("Nothing is left on the other side: draw over a part of the label to split it.")
    if not changing.any():
        raise InputError(_NOT_MINE if mode == "subtract" and target else _NOTHING[mode])
    return np.where(changing, np.uint32(value), ids)


_NOTHING = {
    "new": "The shape covers no free pixel of this tile: draw it elsewhere, or switch off protecting neighbours.",
    "add": "Nothing is added: the shape covers no further pixel of this tile.",
    "subtract": "Nothing is erased: the shape covers no pixel of a label here.",
    "split": "The label is not split: the shape covers no pixel of it.",
}


_NOT_MINE = "Nothing is erased: this is no part of the chosen label. Press Escape to choose none and erase any."


def merge(ids: Ids, numbers: tuple[int, ...]) -> Ids:
    """All labels of these numbers as the first of them."""
    if len(set(numbers)) < 2:
        raise InputError("Only one label is chosen: choose two or more to merge.")
    return np.where(np.isin(ids, numbers), np.uint32(numbers[0]), ids)


def changed_rect(before: Ids, after: Ids, window: Window) -> Window | None:
    """The smallest window, in image pixels, of all pixels that differ; None when none does. Both cover `window`."""
    differ = before != after
    rows, columns = np.flatnonzero(differ.any(axis=1)), np.flatnonzero(differ.any(axis=0))
    if not len(rows):
        return None
    x, y = int(columns[0]), int(rows[0])
    return (window[0] + x, window[1] + y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1)


def cut(ids: Ids, window: Window, rect: Window) -> Ids:
    """The part of a raster of `window` that is in `rect` (both in image pixels), as a view."""
    x, y = rect[0] - window[0], rect[1] - window[1]
    return ids[y : y + rect[3], x : x + rect[2]]


def checksum(ids: Ids) -> int:
    """CRC-32 of a raster as little-endian uint32, row by row; 0 for an empty one."""
    return zlib.crc32(np.ascontiguousarray(ids, "<u4").tobytes()) if ids.size else 0
