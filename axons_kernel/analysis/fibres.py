"""Which sheath belongs to which axon: fibres that touch are parted by a watershed that starts from the axons.

A fibre is an axon with its sheath. Each axon is one 8-connected area; all sheath pixels that can be reached without
leaving fibres go to the axon that the flood reaches them from, the nearest first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from skimage.measure import label
from skimage.segmentation import watershed

Ids = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Fibres:
    """(h, w) int32 each: `axons` and `fibres` share their ids; `lone` numbers sheaths that have no axon."""

    axons: Ids
    fibres: Ids
    lone: Ids


def part_fibres(axon: NDArray[np.bool_], sheath: NDArray[np.bool_], smallest_px: float) -> Fibres:
    """Give each axon its sheath.

    Shape: (h, w) bool each. An axon whose area is below that of a circle `smallest_px` across starts no fibre, and
    belongs to the fibre around it, as an organelle does; a sheath without an axon that is smaller is no lone one.
    """
    least = np.pi / 4 * smallest_px**2
    axons = _large(axon, least)
    if not axons.any():
        return Fibres(axons, np.zeros_like(axons), _large(sheath, least))
    away = distance_transform_edt(axons == 0)
    fibres = watershed(away, axons, mask=axon | sheath, connectivity=2).astype(np.int32)
    return Fibres(axons, fibres, _large(sheath & (fibres == 0), least))


def _large(mask: NDArray[np.bool_], least: float) -> Ids:
    """Ids of the 8-connected areas of at least `least` pixels, counted from 1 without gaps."""
    ids = label(mask, connectivity=2)
    kept = np.bincount(ids.ravel()) >= least
    kept[0] = False
    numbers = np.where(kept, np.cumsum(kept), 0).astype(np.int32)
    return np.asarray(numbers[ids], np.int32)


def whole_objects(mask: NDArray[np.bool_], smallest_px: float) -> Ids:
    """Ids of the objects of one class that are at least `smallest_px` across."""
    return _large(mask, np.pi / 4 * smallest_px**2)
