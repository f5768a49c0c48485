"""How well a mask agrees with the reference: counts per class (pixels) and per object, and the scores that follow.

This is the one home of Dice, IoU, precision, recall, F1 and PQ; boundaries are in `quality.boundary`, agreement
of several people in `quality.agreement`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from skimage.measure import label

from .errors import InputError

_STRIP = 256  # rows that are counted at a time, which bounds the memory


@dataclass(frozen=True)
class ClassScore:
    """Counts of one class and the scores that follow from them; a score with nothing to count is NaN."""

    true_positive: int
    false_positive: int
    false_negative: int

    @property
    def dice(self) -> float:
        """2 TP / (2 TP + FP + FN) (Dice 1945)."""
        return _ratio(2 * self.true_positive, 2 * self.true_positive + self.false_positive + self.false_negative)

    @property
    def iou(self) -> float:
        """TP / (TP + FP + FN) (Jaccard)."""
        return _ratio(self.true_positive, self.true_positive + self.false_positive + self.false_negative)

    @property
    def precision(self) -> float:
        """TP / (TP + FP)."""
        return _ratio(self.true_positive, self.true_positive + self.false_positive)

    @property
    def recall(self) -> float:
        """TP / (TP + FN)."""
        return _ratio(self.true_positive, self.true_positive + self.false_negative)


@dataclass(frozen=True)
class ObjectScore(ClassScore):
    """Counts of objects: a true positive is a pair whose IoU is above `min_iou`; `iou_sum` adds the IoUs of the pairs.

    The names of the means are those of `stardist.matching`.
    """

    min_iou: float = 0.5
    iou_sum: float = 0.0

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall: `dice` of the objects."""
        return self.dice

    @property
    def mean_matched_score(self) -> float:
        """Mean IoU of the matched pairs (segmentation quality, Kirillov et al. 2019)."""
        return _ratio(self.iou_sum, self.true_positive)

    @property
    def mean_true_score(self) -> float:
        """Mean IoU over the reference objects, where one that was not found counts 0."""
        return _ratio(self.iou_sum, self.true_positive + self.false_negative)

    @property
    def panoptic_quality(self) -> float:
        """Sum of IoUs / (TP + FP/2 + FN/2) = `mean_matched_score` x `f1` (Kirillov et al. 2019, eq. 1)."""
        return _ratio(2 * self.iou_sum, 2 * self.true_positive + self.false_positive + self.false_negative)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


@dataclass(frozen=True, eq=False)
class Overlaps:
    """Which objects of two instance masks share how many pixels: the contingency table without its zeros.

    Areas are (n + 1,) int64 by id, with 0 for the background; `found`, `known` (ids) and `pixels` are (k,) int64, one
    entry per pair of objects that overlap.
    """

    found_area: NDArray[np.int64]
    known_area: NDArray[np.int64]
    found: NDArray[np.int64]
    known: NDArray[np.int64]
    pixels: NDArray[np.int64]

    @property
    def iou(self) -> NDArray[np.float64]:
        """(k,) intersection over union of each pair."""
        union = self.found_area[self.found] + self.known_area[self.known] - self.pixels
        return np.asarray(self.pixels / union, dtype=np.float64)

    def of(self, found: NDArray[np.bool_], known: NDArray[np.bool_]) -> Overlaps:
        """The table of the objects that are True in `found` and `known`, each bool by id."""
        found, known = found[: self.found_area.size], known[: self.known_area.size]
        kept = found[self.found] & known[self.known]
        areas = np.where(found, self.found_area, 0), np.where(known, self.known_area, 0)
        return Overlaps(*areas, self.found[kept], self.known[kept], self.pixels[kept])

    def score(self, min_iou: float = 0.5) -> ObjectScore:
        """Counts at one threshold; objects without a pixel do not count.

        A pair matches when its IoU is above `min_iou`. From 0.5 on, no object can be in two pairs (Kirillov et al.
        2019), so nothing needs to be assigned; lower thresholds raise InputError.
        """
        if not 0.5 <= min_iou < 1:
            raise InputError(f"min_iou={min_iou} is not allowed: give 0.5 or more, and less than 1.")
        matched = self.iou[self.iou > min_iou]
        found, known = (int(np.count_nonzero(area[1:])) for area in (self.found_area, self.known_area))
        return ObjectScore(matched.size, found - matched.size, known - matched.size, min_iou, float(matched.sum()))


def overlaps(found: NDArray[np.integer], known: NDArray[np.integer]) -> Overlaps:
    """Count the pixels that the objects of two instance masks share.

    Shape: two (H, W) arrays of ids from 0 (background); takes time in proportion to the pixels, whatever the number
    of objects. Raises InputError when the shapes differ.
    """
    same_shape(found.shape, known.shape)
    sizes = [int(ids.max(initial=0)) + 1 for ids in (found, known)]
    areas = [np.zeros(size, np.int64) for size in sizes]
    table = csr_array((sizes[0], sizes[1]), dtype=np.int64)
    for top in range(0, found.shape[0], _STRIP):
        strips = found[top : top + _STRIP], known[top : top + _STRIP]
        for ids, area in zip(strips, areas, strict=True):
            area += np.bincount(ids.ravel(), minlength=area.size)
        both = (strips[0] > 0) & (strips[1] > 0)
        pairs = strips[0][both], strips[1][both]
        table = table + coo_array((np.ones(pairs[0].size, np.int64), pairs), shape=table.shape).tocsr()
    for area in areas:
        area[0] = 0
    entries = table.tocoo()
    rows, cols = (np.asarray(ids, dtype=np.int64) for ids in entries.coords)
    return Overlaps(areas[0], areas[1], rows, cols, np.asarray(entries.data, dtype=np.int64))


def same_shape(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    """Raise InputError when the shapes of two masks to compare differ."""
    if one != other:
        sizes = [" x ".join(str(side) for side in shape[::-1]) for shape in (one, other)]
        raise InputError(
            f"The masks to compare are {sizes[0]} and {sizes[1]} pixels large: compare masks of one and the same image."
        )


def pixel_score(predicted: NDArray[np.bool_], reference: NDArray[np.bool_]) -> ClassScore:
    """Counts over pixels of two bool arrays of one shape."""
    same_shape(predicted.shape, reference.shape)
    both = int(np.count_nonzero(predicted & reference))
    return ClassScore(both, int(np.count_nonzero(predicted)) - both, int(np.count_nonzero(reference)) - both)


def object_score(predicted: NDArray[np.bool_], reference: NDArray[np.bool_], min_iou: float = 0.5) -> ObjectScore:
    """Counts over 8-connected objects of two (H, W) masks; see `Overlaps.score`."""
    return overlaps(label(predicted, connectivity=2), label(reference, connectivity=2)).score(min_iou)
