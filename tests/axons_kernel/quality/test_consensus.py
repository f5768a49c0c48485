"""Majority and STAPLE: by hand, beside recorded values of ITK, and on raters whose quality is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from axons_kernel.errors import InputError
from axons_kernel.quality import MISSING, majority, rate, staple


def four_discs() -> dict[str, NDArray[np.uint8]]:
    rows, cols = np.indices((12, 14))
    discs = ((0, 0, 4), (1, 0, 4), (0, 1, 3), (-1, 0, 5))
    return {
        f"r{i}": ((rows - 5 - y) ** 2 + (cols - 6 - x) ** 2 <= r * r).astype(np.uint8)
        for i, (y, x, r) in enumerate(discs)
    }


def test_staple_gives_what_itk_gives() -> None:
    """Recorded from SimpleITK 2.5.7, STAPLEImageFilter with its defaults, on the same four masks."""
    consensus = staple(rate(four_discs()))
    specificity, sensitivity = zip(*(consensus.reliability[f"r{i}"] for i in range(4)), strict=True)
    assert sensitivity == pytest.approx((0.999999824898, 0.816326543420, 0.591836631062, 1.0), abs=1e-6)
    assert specificity == pytest.approx((1.0, 0.924369806578, 1.0, 0.739495851638), abs=1e-6)
    assert consensus.mask.sum() == 49


def test_majority_by_hand() -> None:
    masks = {
        "ana": np.array([[0, 1, 1, 2, MISSING]], np.uint8),
        "ben": np.array([[0, 1, 2, 0, 2]], np.uint8),
        "eva": np.array([[0, 1, 1, 1, 2]], np.uint8),
    }
    consensus = majority(rate(masks, ["myelin", "axon"]))
    assert consensus.mask.tolist() == [[0, 1, 1, 0, 2]]  # three answers: the lowest
    entropy = (np.log(3) - 2 / 3 * np.log(2)) / np.log(3)
    assert consensus.uncertainty == pytest.approx(np.array([[0, 0, entropy, 1, 0]]), abs=1e-6)


def noisy_class(wrong: tuple[float, ...], classes: int = 1) -> tuple[NDArray[np.uint8], dict[str, NDArray[np.uint8]]]:
    """The truth, and raters who give a wrong answer on these shares of the pixels."""
    rng = np.random.default_rng(3)
    truth = np.kron(rng.integers(0, classes + 1, (12, 12)), np.ones((8, 8), int)).astype(np.uint8)
    masks = {}
    for rater, share in enumerate(wrong):
        other = (truth + rng.integers(1, classes + 1, truth.shape)) % (classes + 1)
        masks[f"r{rater}"] = np.where(rng.random(truth.shape) < share, other, truth).astype(np.uint8)
    return truth, masks


def test_staple_trusts_the_careful_few_more_than_the_careless_many() -> None:
    truth, masks = noisy_class((0.02, 0.02, 0.42, 0.42, 0.42))
    ratings = rate(masks)
    wrong = [(consensus.mask != truth).mean() for consensus in (staple(ratings), majority(ratings))]
    assert wrong[0] < 0.03 < wrong[1]
    reliability = staple(ratings).reliability
    assert min(reliability["r0"]) > 0.95 and max(reliability["r4"]) < 0.65


def test_staple_of_several_classes_finds_how_good_each_rater_is() -> None:
    truth, masks = noisy_class((0.05, 0.2, 0.3, 0.4), classes=2)
    consensus = staple(rate(masks, ["myelin", "axon"]))
    assert (consensus.mask != truth).mean() < 0.06
    for rater, share in enumerate((0.05, 0.2, 0.3, 0.4)):
        assert np.mean(consensus.reliability[f"r{rater}"]) == pytest.approx(1 - share, abs=0.04)


def test_everybody_the_same_is_certain() -> None:
    mask = four_discs()["r0"]
    for consensus in (majority(rate({"a": mask, "b": mask})), staple(rate({"a": mask, "b": mask}))):
        assert np.array_equal(consensus.mask, mask)
        assert consensus.uncertainty.max() < 1e-4
        assert consensus.reliability["a"] == pytest.approx((1, 1))


def test_empty_masks_have_an_empty_consensus() -> None:
    empty = np.zeros((5, 5), np.uint8)
    assert not staple(rate({"a": empty, "b": empty})).mask.any()


def test_nothing_rated_and_not_settled_are_told() -> None:
    unseen = np.full((3, 3), MISSING, np.uint8)
    with pytest.raises(InputError, match="Nobody has rated"):
        staple(rate({"a": unseen, "b": unseen}))
    with pytest.raises(InputError, match="not settled after 1 rounds"):
        staple(rate(four_discs()), max_iterations=1)
