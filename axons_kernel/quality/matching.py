"""What became of each object: found, outlined far off, missed, extra, split, merged, or of the wrong class.

All shares are of pixels, `MATCH` is the IoU above which two objects are the same one (as in metrics and in CVAT's
and stardist's matching). Exchanging annotation and reference exchanges missed with extra and split with merged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..metrics import Overlaps, overlaps
from .instances import Instances

Fate = Literal["", "found", "far off", "missed", "extra", "split", "merged", "wrong class"]
MATCH = 0.5  # IoU above which an object is found
MOST = 0.5  # more than this share of an object lies in the other
PART = 0.05  # smaller parts than this share are specks, which make no split or merge
Ids = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Matching:
    """The fate of each object by id; "" for background and for objects without a pixel.

    `partner[r]` is the annotated object that reference object r is paired with (found, far off, wrong class), else 0.
    `splits` holds (reference id, annotated ids), `merges` (annotated id, reference ids). A reference object has one
    fate, so its fates add up to the number of reference objects.
    """

    table: Overlaps
    known: NDArray[np.str_]  # (m + 1,) fates of the reference's objects
    found: NDArray[np.str_]  # (n + 1,) fates of the annotated objects
    partner: Ids  # (m + 1,)
    splits: tuple[tuple[int, tuple[int, ...]], ...]
    merges: tuple[tuple[int, tuple[int, ...]], ...]

    def pairs(self, *fates: Fate) -> tuple[Ids, Ids]:
        """Annotated and reference ids, each (k,), of the pairs of these fates."""
        known = np.flatnonzero(np.isin(self.known, fates))
        return self.partner[known], known


def match(annotated: Instances, reference: Instances) -> Matching:
    """Pair the objects of an annotation with those of the reference.

    Within a class: *split* is a reference object of which two or more annotated objects, each mostly inside it and
    with at least 5 % of its area, together cover more than half; *merged* is the same with the roles exchanged.
    Of the rest, a pair with IoU > 0.5 is *found*; with IoU > 0.5 across classes, *wrong class*; a pair of one class of
    which one lies mostly in the other, *far off*. What is then left is *missed* or *extra*.
    """
    table = overlaps(annotated.ids, reference.ids)
    # a class mask or a cut tile may use fewer ids than there are labels
    found = _fates(table.found_area, len(annotated.classes), "extra")
    known = _fates(table.known_area, len(reference.classes), "missed")
    partner = np.zeros(known.size, np.int64)
    numbers = {name: i for i, name in enumerate({*annotated.classes, *reference.classes})}
    class_a, class_r = (np.array([-1, *(numbers[c] for c in x.classes)]) for x in (annotated, reference))
    a, r, iou = table.found, table.known, table.iou
    same = class_a[a] == class_r[r]
    of_a, of_r = table.pixels / table.found_area[a], table.pixels / table.known_area[r]

    splits = _groups(r, a, same & (of_a > MOST) & (of_r >= PART), of_r)
    merges = _groups(a, r, same & (of_r > MOST) & (of_a >= PART), of_a)
    for whole, parts in merges:  # each side: its own trouble (split, merged) wins over being a part of the other's
        known[list(parts)] = "merged"
        found[whole] = "merged"
    for whole, parts in splits:
        known[whole] = "split"
        found[[part for part in parts if found[part] != "merged"]] = "split"

    def pair(fate: Fate, candidates: NDArray[np.bool_]) -> None:
        for k in np.flatnonzero(candidates)[np.argsort(-iou[candidates], kind="stable")]:
            if found[a[k]] == "extra" and known[r[k]] == "missed":
                found[a[k]] = known[r[k]] = fate
                partner[r[k]] = a[k]

    pair("found", same & (iou > MATCH))
    pair("wrong class", ~same & (iou > MATCH))
    pair("far off", same & ((of_a > MOST) | (of_r > MOST)))
    return Matching(table, known, found, partner, splits, merges)


def _fates(area: Ids, count: int, fate: Fate) -> NDArray[np.str_]:
    fates = np.full(count + 1, "", dtype="<U11")
    fates[: area.size][area > 0] = fate
    return fates


def _groups(
    whole: Ids, part: Ids, candidates: NDArray[np.bool_], share: NDArray[np.float64]
) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """(whole, its parts) where two or more parts together make up more than half of the whole."""
    wholes, parts, shares = whole[candidates], part[candidates], share[candidates]
    several = (np.bincount(wholes, minlength=1) >= 2) & (np.bincount(wholes, shares, minlength=1) > MOST)
    return tuple((int(w), tuple(int(p) for p in parts[wholes == w])) for w in np.flatnonzero(several))
