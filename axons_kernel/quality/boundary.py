"""How well outlines agree, in pixels: distances between outlines, surface Dice, Hausdorff, boundary IoU, offset.

An outline is made of the cells between pixel centres, as in DeepMind's surface-distance (Nikolov et al. 2021): each
2 x 2 neighbourhood that is not all inside or all outside holds a piece of it, whose length marching squares gives.
Where an object is cut by the image's border, the border counts as outline, as in the reference implementations of
surface Dice and of boundary IoU.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ..errors import InputError
from ..metrics import pixel_score, same_shape

Floats = NDArray[np.float64]
BAND_SHARE = 0.005  # of the image diagonal
_HALF = np.sqrt(0.5)  # from side to side of a cell, across a corner
# length of the outline in a cell by which of its corners (1, 2 / 4, 8) are inside
_LENGTH = np.array([0, 1, 1, 2**0.5, 1, 2**0.5, 2, 1, 1, 2, 2**0.5, 1, 2**0.5, 1, 1, 0]) * _HALF
_CORNERS = np.array([1, 2, 4, 8])


def _cells(values: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[Any]]:
    """Rows and columns (k,), and corner values (k, 4), of the cells that are not uniform; around the image is 0."""
    padded = np.pad(values, 1)
    corners = [padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]]
    mixed = (corners[0] != corners[1]) | (corners[0] != corners[2]) | (corners[0] != corners[3])
    rows, cols = np.nonzero(mixed)
    return rows, cols, np.stack([corner[rows, cols] for corner in corners], axis=1)


def outline_lengths(ids: NDArray[np.integer]) -> Floats:
    """Length of each object's outline in pixels, holes too.

    Shape: (H, W) ids from 0 -> (highest id + 1,); 0 for the background and for ids without a pixel.
    """
    _, _, cells = _cells(ids)
    lengths = np.zeros(int(ids.max(initial=0)) + 1)
    for corner in range(4):
        object_id = cells[:, corner]
        inside = cells == object_id[:, None]
        first = ~inside[:, :corner].any(axis=1) & (object_id > 0)  # an object counts once per cell
        pieces = _LENGTH[inside[first] @ _CORNERS]
        lengths += np.bincount(object_id[first], pieces, minlength=lengths.size)
    return lengths


@dataclass(frozen=True, eq=False)
class BoundaryDistances:
    """Distances in pixels between two outlines, piece by piece, with the pieces' lengths as weights.

    All scores are NaN when both masks are empty. When one is, distances are infinite and surface Dice is 0.
    """

    to_reference: Floats  # (k,) from each piece of the annotated outline
    annotated_length: Floats  # (k,)
    to_annotated: Floats  # (m,) from each piece of the reference's outline
    reference_length: Floats  # (m,)

    def surface_dice(self, tolerance_px: float) -> float:
        """Share of both outlines within `tolerance_px` of the other (NSD, Nikolov et al. 2021)."""
        close = self.annotated_length[self.to_reference <= tolerance_px].sum()
        close += self.reference_length[self.to_annotated <= tolerance_px].sum()
        whole = self._length()
        return float(close / whole) if whole else float("nan")

    def hausdorff(self, percent: float = 95) -> float:
        """The larger of the two directed distances that `percent` of the outline stays within (HD95)."""
        sides = (self.to_reference, self.annotated_length), (self.to_annotated, self.reference_length)
        return max((_percentile(*side, percent) for side in sides if side[0].size), default=float("nan"))

    def mean(self) -> float:
        """Mean distance over both outlines (average symmetric surface distance, ASSD)."""
        total = self.to_reference @ self.annotated_length + self.to_annotated @ self.reference_length
        whole = self._length()
        return float(total / whole) if whole else float("nan")

    def _length(self) -> float:
        return float(self.annotated_length.sum() + self.reference_length.sum())


def _percentile(distances: Floats, lengths: Floats, percent: float) -> float:
    order: NDArray[np.intp] = np.argsort(distances)
    share = np.cumsum(lengths[order]) / lengths.sum()
    reached = int(np.searchsorted(share, percent / 100))
    return float(distances[order[min(reached, distances.size - 1)]])


def boundary_distances(annotated: NDArray[np.bool_], reference: NDArray[np.bool_]) -> BoundaryDistances:
    """Distance from each piece of one outline to the nearest of the other, of two (H, W) bool masks."""
    same_shape(annotated.shape, reference.shape)
    (points, length), (known_points, known_length) = (outline_pieces(mask) for mask in (annotated, reference))
    return BoundaryDistances(nearest(points, known_points), length, nearest(known_points, points), known_length)


def outline_pieces(mask: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """The pieces of the outline of a (H, W) mask: places (k, 2) as row and column, and lengths (k,), in pixels.

    A piece at (row, column) lies around the upper left corner of that pixel, so rows go from 0 to H.
    """
    rows, cols, cells = _cells(mask)
    return np.stack([rows, cols], axis=1).astype(np.float64), _LENGTH[cells @ _CORNERS]


def nearest(points: Floats, others: Floats) -> Floats:
    """(k,) distance from each of `points` (k, 2) to the nearest of `others` (m, 2); infinite where there is none."""
    if not len(others):
        return np.full(len(points), np.inf)
    return np.asarray(KDTree(others).query(points)[0], dtype=np.float64)


def boundary_iou(annotated: NDArray[np.bool_], reference: NDArray[np.bool_], *, share: float = BAND_SHARE) -> float:
    """IoU of the bands inside two outlines (Cheng et al. 2021, eq. 2), of (H, W) bool masks; NaN when both are empty.

    The bands are `share` of the image's diagonal wide (rounded, at least 1 pixel; city-block steps in 8 directions, as
    in the authors' code). They use 0.02 for COCO and 0.005 for Cityscapes, whose images hold many small objects,
    as micrographs do. Where bands fill the objects it is the plain IoU. Raises InputError for a share that is not
    above 0 and at most 1.
    """
    same_shape(annotated.shape, reference.shape)
    if not 0 < share <= 1:
        raise InputError(f"share={share} is not allowed: give the band as a share of the diagonal, as in share=0.005.")
    width = max(1, round(share * float(np.hypot(*reference.shape))))
    return pixel_score(inner_band(annotated, width), inner_band(reference, width)).iou


def inner_band(mask: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """The pixels of a (H, W) mask within `width` pixels of its outside; outside the image is outside."""
    return mask & ~_eroded(_eroded(mask, width).T, width).T


def _eroded(mask: NDArray[np.bool_], width: int) -> NDArray[np.bool_]:
    """Along the columns: where all of the 2 `width` + 1 pixels around are inside; outside the image, none is."""
    core, length = np.pad(mask, ((width, width), (0, 0))), 1
    while length < 2 * width + 1:  # a window of n pixels is two windows of n / 2
        step = min(length, 2 * width + 1 - length)
        core = core[:-step] & core[step:]
        length += step
    return core
