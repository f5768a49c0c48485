"""Metrics against values worked out by hand and against slow, obvious formulas."""

from __future__ import annotations

from itertools import product
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from skimage.measure import label

from axons_kernel.errors import InputError
from axons_kernel.metrics import ClassScore, object_score, overlaps, pixel_score

Mask = NDArray[np.bool_]
pairs = st.tuples(*[hnp.arrays(np.bool_, (9, 9))] * 2)


def test_hand_values() -> None:
    score = pixel_score(np.array([True, True, True, False, False]), np.array([True, True, False, True, False]))
    assert (score.true_positive, score.false_positive, score.false_negative) == (2, 1, 1)
    assert (score.dice, score.iou, score.precision, score.recall) == (4 / 6, 2 / 4, 2 / 3, 2 / 3)


@pytest.mark.parametrize(
    ("score", "dice", "precision", "recall"),
    [
        (ClassScore(5, 0, 0), 1, 1, 1),
        (ClassScore(0, 5, 0), 0, 0, None),
        (ClassScore(0, 0, 5), 0, None, 0),
        (ClassScore(0, 0, 0), None, None, None),
    ],
)
def test_nothing_to_count_is_nan(score: ClassScore, dice: float, precision: float | None, recall: float | None) -> None:
    found = [None if isnan(v) else v for v in (score.dice, score.iou, score.precision, score.recall)]
    assert found == [dice, dice, precision, recall]


@given(pairs)
def test_pixel_scores_are_set_formulas(pair: tuple[Mask, Mask]) -> None:
    a, b = ({tuple(p) for p in np.argwhere(mask)} for mask in pair)
    score = pixel_score(*pair)
    if a | b:
        assert score.dice == pytest.approx(2 * len(a & b) / (len(a) + len(b)))
        assert score.iou == pytest.approx(len(a & b) / len(a | b))
        assert score.dice == pytest.approx(2 * score.iou / (1 + score.iou))
    assert pixel_score(*pair[::-1]).false_positive == score.false_negative


@given(pairs)
def test_object_scores_are_a_search_over_pairs(pair: tuple[Mask, Mask]) -> None:
    found, known = (label(mask, connectivity=2) for mask in pair)
    matches = sum(
        ((found == i) & (known == j)).sum() / ((found == i) | (known == j)).sum() > 0.5
        for i, j in product(range(1, found.max() + 1), range(1, known.max() + 1))
    )
    score = object_score(*pair)
    assert (score.true_positive, score.false_positive, score.false_negative) == (
        matches,
        found.max() - matches,
        known.max() - matches,
    )


def squares(*corners: tuple[int, int], side: int = 4) -> Mask:
    mask = np.zeros((30, 30), bool)
    for y, x in corners:
        mask[y : y + side, x : x + side] = True
    return mask


@pytest.mark.parametrize(
    ("predicted", "counts"),
    [
        (squares((0, 0), (10, 10)), (2, 0, 0)),
        (squares((0, 1), (10, 10)), (2, 0, 0)),  # IoU 12/20
        (squares((0, 2), (10, 10)), (1, 1, 1)),  # IoU 8/24
        (squares((0, 0), (10, 10), (20, 20)), (2, 1, 0)),
        (squares((0, 0)), (1, 0, 1)),
        (squares(), (0, 0, 2)),
    ],
)
def test_objects_by_hand(predicted: Mask, counts: tuple[int, int, int]) -> None:
    score = object_score(predicted, squares((0, 0), (10, 10)))
    assert (score.true_positive, score.false_positive, score.false_negative) == counts


def test_scores_of_objects_are_those_of_stardist() -> None:
    """Recorded from stardist.matching 0.9.2 on the same instance masks, away from IoUs that equal a threshold."""
    known, found = np.zeros((2, 40, 40), int)
    known[2:10, 2:10], found[2:10, 3:11] = 1, 1
    known[2:10, 20:28], found[4:12, 20:28] = 2, 2
    known[20:30, 20:30], found[20:30, 20:29], found[33:36, 1:9] = 3, 3, 4
    expected = {  # tp, fp, fn, f1, mean_matched_score, mean_true_score, panoptic_quality
        0.5: (3, 1, 0, 0.857142857, 0.759259224, 0.759259224, 0.650793621),
        0.7: (2, 2, 1, 0.571428571, 0.838888884, 0.559259240, 0.479365076),
        0.8: (1, 3, 2, 0.285714286, 0.899999976, 0.299999980, 0.257142850),
    }
    table = overlaps(found, known)
    for min_iou, values in expected.items():
        score = table.score(min_iou)
        counts = score.true_positive, score.false_positive, score.false_negative
        means = score.f1, score.mean_matched_score, score.mean_true_score, score.panoptic_quality
        assert (*counts, *means) == pytest.approx(values, abs=1e-6)
    assert table.score(0.6).true_positive == 2  # one pair has an IoU of 0.6, which is not above it


def test_overlaps_of_many_rows_are_those_of_the_whole() -> None:
    rng = np.random.default_rng(0)
    found, known = rng.integers(0, 6, (2, 700, 9))
    table = overlaps(found, known)
    for i, j, pixels in zip(table.found, table.known, table.pixels, strict=True):
        assert pixels == np.count_nonzero((found == i) & (known == j))
    assert table.pixels.size == 25
    assert table.found_area.tolist() == [0, *np.bincount(found.ravel())[1:]]


def test_thresholds_under_one_half_and_other_sizes_are_told() -> None:
    one = np.ones((3, 4), int)
    for min_iou in (0.4, 1.0):
        with pytest.raises(InputError, match=f"min_iou={min_iou} is not allowed"):
            overlaps(one, one).score(min_iou)
    with pytest.raises(InputError, match="4 x 3 and 3 x 3 pixels"):
        overlaps(one, one[:, :3])


def test_higher_demand_finds_fewer() -> None:
    shifted, exact = squares((0, 1)), squares((0, 0))
    assert [object_score(shifted, exact, min_iou=m).true_positive for m in (0.5, 0.59, 0.6)] == [1, 1, 0]
