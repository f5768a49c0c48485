"""The scores of one class of a comparison: pixels, objects at several thresholds, outlines."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..metrics import ClassScore, ObjectScore, pixel_score
from .boundary import BoundaryDistances, boundary_distances, boundary_iou
from .findings import Outlines
from .instances import Instances
from .matching import Matching

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True)
class ClassComparison:
    """All scores of one class.

    `counts` gives the fates of the reference's objects, which add up to `objects`, and the number of `extra` ones;
    `splits` and `merges` count the groups. `at` holds the object scores per IoU threshold, and counts by overlap
    alone: an object split so that one piece is above the threshold is found there, and split in `counts`.
    `offset_px` is the mean over all pairs of how far outlines are too wide (below 0: too narrow), NaN without a pair.
    """

    name: str
    objects: int
    drawn: int
    counts: dict[str, int]
    splits: int
    merges: int
    pixels: ClassScore
    at: dict[float, ObjectScore]
    boundary: BoundaryDistances
    boundary_iou: float
    offset_px: float


def compare_class(
    name: str, annotated: Instances, reference: Instances, matching: Matching, pairs: Outlines
) -> ClassComparison:
    """All scores of a class, from the two instance masks and what was found out about their objects."""
    mine, theirs = annotated.is_class(name), reference.is_class(name)
    table = matching.table.of(mine, theirs)
    fates = ("found", "far off", "missed", "split", "merged", "wrong class")
    counts = {fate: int(np.count_nonzero(matching.known[theirs] == fate)) for fate in fates}
    counts["extra"] = int(np.count_nonzero(matching.found[mine] == "extra"))
    masks = mine[annotated.ids], theirs[reference.ids]
    offset = pairs.offset_px[theirs[pairs.reference]]
    scores = {threshold: table.score(threshold) for threshold in THRESHOLDS}
    return ClassComparison(
        name=name,
        objects=int(np.count_nonzero(table.known_area)),
        drawn=int(np.count_nonzero(table.found_area)),
        counts=counts,
        splits=sum(bool(theirs[whole]) for whole, _ in matching.splits),
        merges=sum(bool(mine[whole]) for whole, _ in matching.merges),
        pixels=pixel_score(*masks),
        at=scores,
        boundary=boundary_distances(*masks),
        boundary_iou=boundary_iou(*masks),
        offset_px=float(offset.mean()) if offset.size else math.nan,
    )
