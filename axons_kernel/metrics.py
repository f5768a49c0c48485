"""How well a predicted mask agrees with the reference: per class (pixels) and per object."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label


@dataclass(frozen=True)
class ClassScore:
    """Pixel counts of one class and the scores that follow from them; a score with nothing to count is NaN."""

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


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def pixel_score(predicted: NDArray[np.bool_], reference: NDArray[np.bool_]) -> ClassScore:
    """Counts over pixels of two bool arrays of one shape."""
    both = int(np.count_nonzero(predicted & reference))
    return ClassScore(both, int(np.count_nonzero(predicted)) - both, int(np.count_nonzero(reference)) - both)


def object_score(predicted: NDArray[np.bool_], reference: NDArray[np.bool_], min_iou: float = 0.5) -> ClassScore:
    """Counts over 8-connected objects of two (H, W) masks.

    An object is found when its IoU with a reference object is above `min_iou` (at 0.5 or more a match is
    unique, Kirillov et al. 2019); `dice` of the result is then the F1 of the objects.
    """
    found, found_count = label(predicted, connectivity=2, return_num=True)
    known, known_count = label(reference, connectivity=2, return_num=True)
    pairs, overlap = np.unique(np.stack([found.ravel(), known.ravel()]), axis=1, return_counts=True)
    found_area, known_area = np.bincount(found.ravel()), np.bincount(known.ravel())
    real = (pairs[0] > 0) & (pairs[1] > 0)
    union = found_area[pairs[0]] + known_area[pairs[1]] - overlap
    matched = int(np.count_nonzero(real & (overlap / np.maximum(union, 1) > min_iou)))
    return ClassScore(matched, found_count - matched, known_count - matched)
