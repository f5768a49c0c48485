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

from axons_kernel.metrics import ClassScore, object_score, pixel_score

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


def test_higher_demand_finds_fewer() -> None:
    shifted, exact = squares((0, 1)), squares((0, 0))
    assert [object_score(shifted, exact, min_iou=m).true_positive for m in (0.5, 0.59, 0.6)] == [1, 1, 0]
