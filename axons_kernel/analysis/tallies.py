"""What is counted in each part of the images, and the scores that follow from the sums.

Every score here is a function of sums over parts, so one array product gives the scores of thousands of bootstrap
samples. The formulas are those of `metrics` and `quality.boundary`, on arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CONFIDENCE_BINS = 15
PIXEL_SCORES = ("dice", "iou", "precision", "recall")
OBJECT_SCORES = ("f1", "sq", "rq", "pq")
BOUNDARY_SCORES = ("boundary_iou", "surface_dice", "hd95_um")
STEPS_PER_PIXEL = 10  # how finely distances between outlines are counted
REACH_PX = 64  # outlines are looked for so far away


@dataclass(frozen=True, eq=False)
class Tallies:
    """Counts of n parts (blocks or images), for K classes; all float64, the first axis is the part.

    pixels : (n, K + 1, K + 1), reference class by predicted class; 0 is background.
    objects : (n, K, 4), found, extra, missed, and the sum of the IoUs of the found ones.
    bands : (n, K, 3), pixels along the outlines: in both bands, in the predicted one only, in the reference's only.
    outlines : (n, K, REACH_PX * STEPS_PER_PIXEL + 2), length of outline by the distance to the other's, in steps
        rounded up; the last place is all that is farther.
    confidence : (n, CONFIDENCE_BINS, 3), pixels, sum of the confidence, pixels that are right.
    """

    pixels: Floats
    objects: Floats
    bands: Floats
    outlines: Floats
    confidence: Floats

    def __len__(self) -> int:
        return len(self.pixels)

    def weighted(self, weights: Floats) -> Tallies:
        """Sums over the parts, each with its weight: (b, n) weights give b sums."""
        return Tallies(*(np.tensordot(weights, getattr(self, f.name), axes=1) for f in fields(self)))

    def total(self) -> Tallies:
        """The sum over all parts, as one part."""
        return self.weighted(np.ones((1, len(self))))


def joined(tallies: Sequence[Tallies]) -> Tallies:
    """The parts of several, one after the other."""
    return Tallies(*(np.concatenate([getattr(t, f.name) for t in tallies]) for f in fields(Tallies)))


def ratio(part: Floats, whole: Floats) -> Floats:
    """part / whole; NaN where there is nothing to count."""
    out: Floats = np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)
    return out


def agreement(both: Floats, extra: Floats, missed: Floats) -> dict[str, Floats]:
    """Dice, IoU, precision and recall from counts of any shape."""
    return {
        "dice": ratio(2 * both, 2 * both + extra + missed),
        "iou": ratio(both, both + extra + missed),
        "precision": ratio(both, both + extra),
        "recall": ratio(both, both + missed),
    }


def class_scores(tallies: Tallies, pixel_um: float, tolerance_px: float) -> dict[str, Floats]:
    """All scores of each class: name -> (n, K), NaN where there is nothing to count.

    Distances are in µm, for pixels of `pixel_um`; `surface_dice` counts outlines within `tolerance_px`.
    """
    both = np.diagonal(tallies.pixels, axis1=1, axis2=2)[:, 1:]
    extra, missed = (tallies.pixels.sum(axis=axis)[:, 1:] - both for axis in (1, 2))
    found, more, less, iou_sum = np.moveaxis(tallies.objects, 2, 0)
    rq = ratio(2 * found, 2 * found + more + less)
    return {
        **agreement(both, extra, missed),
        "f1": rq,
        "sq": ratio(iou_sum, found),
        "rq": rq,
        "pq": ratio(2 * iou_sum, 2 * found + more + less),
        "boundary_iou": ratio(tallies.bands[..., 0], tallies.bands.sum(axis=2)),
        "surface_dice": surface_dice(tallies.outlines, tolerance_px),
        "hd95_um": hausdorff_px(tallies.outlines) * pixel_um,
    }


def foreground_scores(tallies: Tallies) -> dict[str, Floats]:
    """Dice, IoU, precision and recall of all classes together against the background: name -> (n,)."""
    table = tallies.pixels
    both, extra, missed = table[:, 1:, 1:].sum(axis=(1, 2)), table[:, 0, 1:].sum(axis=1), table[:, 1:, 0].sum(axis=1)
    return agreement(both, extra, missed)


def surface_dice(outlines: Floats, tolerance_px: float) -> Floats:
    """Share of the outlines within `tolerance_px` of the other's: (..., D) -> (...)."""
    close = outlines[..., : round(tolerance_px * STEPS_PER_PIXEL) + 1].sum(axis=-1)
    return ratio(close, outlines.sum(axis=-1))


def hausdorff_px(outlines: Floats, percent: float = 95) -> Floats:
    """The distance that `percent` of the outlines of both stay within, in pixels: (..., D) -> (...).

    Infinite where it is beyond `REACH_PX`. Both outlines are pooled, which lets parts be added up; `quality.boundary`
    takes the larger of the two directions.
    """
    whole = outlines.sum(axis=-1)
    reached = np.cumsum(outlines, axis=-1) >= percent / 100 * whole[..., None] * (1 - 1e-12)
    steps = reached.argmax(axis=-1).astype(np.float64)
    steps[steps == outlines.shape[-1] - 1] = np.inf
    return np.where(whole > 0, steps / STEPS_PER_PIXEL, np.nan)


def calibration_error(confidence: Floats) -> Floats:
    """Expected calibration error (Naeini et al. 2015) of (n, bins, 3) counts: (n,), NaN without probabilities."""
    pixels, sure, right = np.moveaxis(confidence, 2, 0)
    return ratio(np.abs(sure - right).sum(axis=1), pixels.sum(axis=1))
