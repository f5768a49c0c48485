"""Class masks from picture files: grey levels to class numbers, tolerant of stray values and telling of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

_FEW = (np.dtype(np.uint8), np.dtype(np.uint16))  # types with few enough values for a table of all
_STRIP = 1 << 20  # pixels that are counted at a time
_STRAY_SHARE = 1e-3  # a grey level on fewer pixels than this share is taken for a stray value


@dataclass(frozen=True)
class MaskReading:
    """A mask as class numbers (H, W) uint8 (0 is background), and `strays`: grey level -> pixels put to the nearest."""

    classes: NDArray[np.uint8]
    strays: dict[int, int]


def grey_levels(pixels: NDArray[Any]) -> list[int]:
    """The grey levels that a mask really uses, ascending: those on at least 0.1 % of its pixels."""
    levels, counts = _counted(_flat(pixels))
    return [int(v) for v, n in zip(levels, counts, strict=True) if n >= _STRAY_SHARE * counts.sum()]


def read_mask(pixels: NDArray[Any], levels: Mapping[str, int]) -> MaskReading:
    """Map grey levels to class numbers 1, 2, ... in the order of `levels`; other values go to the nearest level.

    Shape: `pixels` (H, W) or (H, W, C), of which the first channel counts. Level 0 is background. Masks of 8 or 16 bits
    need no memory beside the result.
    """
    grey = _flat(pixels)
    known = np.array([0, *levels.values()], dtype=np.int64)
    if len(set(known.tolist())) != len(known):
        raise InputError(
            f"Mask levels {dict(levels)} are not allowed: each class needs a grey level of its own, not 0."
        )
    values, counts = _counted(grey)
    nearest = np.abs(values.astype(np.int64)[:, None] - known[None, :]).argmin(axis=1).astype(np.uint8)
    strays = {int(v): int(n) for v, n in zip(values, counts, strict=True) if int(v) not in known}
    if grey.dtype in _FEW:
        table = np.zeros(np.iinfo(grey.dtype).max + 1, dtype=np.uint8)
        table[values] = nearest
        return MaskReading(table[grey], strays)
    return MaskReading(nearest[np.searchsorted(values, grey)], strays)


def _counted(grey: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The values of a mask, ascending, and on how many pixels each is; in strips, as the counting needs memory."""
    if grey.dtype not in _FEW:
        values, counts = np.unique(grey, return_counts=True)
        return values, counts.astype(np.int64)
    total = np.zeros(np.iinfo(grey.dtype).max + 1, dtype=np.int64)
    step = max(1, _STRIP // max(1, grey.shape[1]))
    for row in range(0, len(grey), step):
        total += np.bincount(grey[row : row + step].ravel(), minlength=len(total))
    found = np.flatnonzero(total)
    return found, total[found]


def _flat(pixels: NDArray[Any]) -> NDArray[Any]:
    return pixels if pixels.ndim == 2 else pixels[..., 0]
