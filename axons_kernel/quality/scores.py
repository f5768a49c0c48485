"""The scores of one class of a comparison: pixels, objects at several thresholds, outlines."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..metrics import ClassScore, ObjectScore, pixel_score
from .boundary import BAND_SHARE, BoundaryDistances, boundary_distances, boundary_iou
from .findings import Outlines
from .instances import Instances
from .matching import PART, Matching

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)
TOLERANCES_PX = (1, 2, 3)


@dataclass(frozen=True, eq=False)
class ClassComparison:
    """All scores of one class.

    `counts` gives the fates of the reference's objects, which add up to `objects`, and the number of `extra` ones;
    `splits` and `merges` count the groups, `specks` the extra objects with under 5 % of the pixels that half of the
    reference's objects have. `at` holds the object scores per IoU threshold, and counts by overlap
    alone: an object split so that one piece is above the threshold is found there, and split in `counts`.
    `offset_px` is the mean over all pairs of how far outlines are too wide (below 0: too narrow), NaN without a pair.
    """

    name: str
    objects: int
    drawn: int
    counts: dict[str, int]
    splits: int
    merges: int
    specks: int
    pixels: ClassScore
    at: dict[float, ObjectScore]
    offset_px: float
    annotated: Instances = field(repr=False)
    reference: Instances = field(repr=False)

    @cached_property
    def boundary(self) -> BoundaryDistances:
        """Distances between the outlines of the class, in pixels: surface Dice, HD95, ASSD; takes about a second."""
        return boundary_distances(self.annotated.mask(self.name), self.reference.mask(self.name))

    def boundary_iou(self, share: float = BAND_SHARE) -> float:
        """IoU of the bands along the outlines of the class; see `boundary.boundary_iou`."""
        return boundary_iou(self.annotated.mask(self.name), self.reference.mask(self.name), share=share)

    def row(self) -> dict[str, str | int | float]:
        """All scores by name, for a table of many students; a score with nothing to count is NaN. Distances in px."""
        pixels = {key: getattr(self.pixels, key) for key in ("dice", "iou", "precision", "recall")}
        objects = {f"{key}@{t}": getattr(s, key) for key in ("f1", "panoptic_quality") for t, s in self.at.items()}
        surface = {f"surface_dice@{px}px": self.boundary.surface_dice(px) for px in TOLERANCES_PX}
        return {
            **{"class": self.name, "objects": self.objects, "drawn": self.drawn, **self.counts},
            **pixels,
            **objects,
            **surface,
            "boundary_iou": self.boundary_iou(),
            "hd95_px": self.boundary.hausdorff(95),
            "assd_px": self.boundary.mean(),
            "offset_px": self.offset_px,
        }


def compare_class(
    name: str, annotated: Instances, reference: Instances, matching: Matching, pairs: Outlines
) -> ClassComparison:
    """All scores of a class, from the two instance masks and what was found out about their objects."""
    mine, theirs = annotated.is_class(name), reference.is_class(name)
    table = matching.table.of(mine, theirs)
    fates = ("found", "far off", "missed", "split", "merged", "wrong class")
    counts = {fate: int(np.count_nonzero(matching.known[theirs] == fate)) for fate in fates}
    counts["extra"] = int(np.count_nonzero(matching.found[mine] == "extra"))
    offset = pairs.offset_px[theirs[pairs.reference]]
    sizes = table.known_area[table.known_area > 0]
    extra = table.found_area[matching.found[: table.found_area.size] == "extra"]
    specks = int(np.count_nonzero((extra > 0) & (extra < PART * np.median(sizes)))) if sizes.size else 0
    scores = {threshold: table.score(threshold) for threshold in THRESHOLDS}
    return ClassComparison(
        name=name,
        objects=int(np.count_nonzero(table.known_area)),
        drawn=int(np.count_nonzero(table.found_area)),
        counts=counts,
        splits=sum(bool(theirs[whole]) for whole, _ in matching.splits),
        merges=sum(bool(mine[whole]) for whole, _ in matching.merges),
        specks=specks,
        pixels=pixel_score(annotated.mask(name), reference.mask(name)),
        at=scores,
        offset_px=float(offset.mean()) if offset.size else math.nan,
        annotated=annotated,
        reference=reference,
    )
