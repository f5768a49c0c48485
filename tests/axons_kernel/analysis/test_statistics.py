"""Statistics: the values of scipy and of the literature, and intervals that cover what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from axons_kernel.analysis.statistics import (
    bca_interval,
    bland_altman,
    leave_one_out,
    mean_interval,
    normal_reach,
    paired_test,
    rank_biserial,
    resampling_weights,
    sign_flip_p,
)
from axons_kernel.errors import InputError

RNG = np.random.default_rng(3)


def ratio_interval(counts: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """Of sum(counts[:, 0]) / sum(counts[:, 1]) over units."""
    weights = resampling_weights(len(counts), 500, seed), leave_one_out(len(counts))
    replicates, jackknife = ((w @ counts[:, 0]) / (w @ counts[:, 1]) for w in weights)
    return bca_interval(counts[:, 0].sum() / counts[:, 1].sum(), replicates, jackknife)


def test_bca_is_scipys() -> None:
    values = RNG.lognormal(size=40)
    mine = mean_interval(values)
    level = 2 * stats.norm.cdf(normal_reach(40)) - 1  # theirs is not widened for few values
    result = stats.bootstrap((values,), np.mean, n_resamples=9999, method="BCa", rng=1, confidence_level=level)
    theirs = result.confidence_interval
    assert mine == pytest.approx(theirs, rel=0.03)
    assert mine == mean_interval(values), "the seed is fixed"


def test_intervals_cover_what_they_promise() -> None:
    """Blocks with scores of their own, as tissue has: 25 blocks, 400 times; the true ratio is 0.8."""
    rng, covered = np.random.default_rng(11), 0
    for number in range(400):
        size = rng.integers(200, 2000, 25)
        right = rng.binomial(size, rng.beta(16, 4, 25))
        low, high = ratio_interval(np.stack([right, size], axis=1).astype(float), number)
        covered += low <= 0.8 <= high
    assert 0.91 <= covered / 400 <= 0.98, f"{covered / 400:.3f} of the intervals hold the true value"


def test_intervals_that_cannot_be_told() -> None:
    assert np.isnan(mean_interval(np.array([1.0, 2.0]))).all()
    replicates = np.where(np.arange(100) < 10, np.nan, 0.5)
    assert np.isnan(bca_interval(0.5, replicates, np.full(5, 0.5))).all()
    assert mean_interval(np.full(9, 2.0)) == (2.0, 2.0)


def test_paired_tests_against_scipy_and_by_hand() -> None:
    first = np.array([0.91, 0.88, 0.93, 0.90, 0.86, 0.94, 0.92, 0.89])
    second = first - np.array([0.02, 0.01, 0.03, -0.005, 0.04, 0.015, 0.025, 0.05])
    result = paired_test(first, second)
    assert result.p_wilcoxon == pytest.approx(stats.wilcoxon(first, second).pvalue)
    exact = stats.permutation_test(
        (first, second), lambda a, b, axis: np.mean(a - b, axis=axis), permutation_type="samples", vectorized=True
    )
    assert result.p_permutation == pytest.approx(exact.pvalue)
    assert result.effect == pytest.approx((36 - 2) / 36)  # ranks 1 to 8; one difference, of rank 1, is below 0
    assert result.low < result.difference < result.high and result.low > 0


def test_too_few_pairs_have_an_effect_and_no_p_value() -> None:
    result = paired_test(np.array([0.9, 0.8, 0.85, np.nan]), np.array([0.7, 0.7, 0.7, 0.1]))
    assert result.pairs == 3 and result.effect == 1 and result.p_wilcoxon is None and result.p_permutation is None
    with pytest.raises(InputError, match="3 and 2 scores make no pairs"):
        paired_test(np.zeros(3), np.zeros(2))


def test_no_difference() -> None:
    result = paired_test(np.ones(8), np.ones(8))
    assert (result.p_wilcoxon, result.p_permutation, result.effect, result.difference) == (1, 1, 0, 0)
    assert rank_biserial(np.zeros(0)) == 0


def test_random_sign_flips_agree_with_all_of_them() -> None:
    away = RNG.normal(0.4, 1, 14)
    exact = sign_flip_p(away)
    many = sign_flip_p(np.append(away, 0.0))  # a fifteenth pair without difference changes no sum
    assert many == pytest.approx(exact, abs=0.01)


def test_false_alarms_are_as_rare_as_promised() -> None:
    rng = np.random.default_rng(5)
    alarms = [sign_flip_p(rng.normal(size=8)) <= 0.05 for _ in range(400)]
    assert 0.02 <= np.mean(alarms) <= 0.08


def test_bland_altman() -> None:
    reference = RNG.uniform(1, 5, 300)
    measured = reference + 0.1 + RNG.normal(0, 0.05, 300)
    result = bland_altman(measured, reference)
    assert result.bias == pytest.approx(0.1, abs=0.01) and result.pairs == 300
    assert (result.lower, result.upper) == pytest.approx((0.1 - 0.098, 0.1 + 0.098), abs=0.015)
    theirs = stats.ttest_1samp(measured - reference, 0).confidence_interval()
    assert result.bias_interval == pytest.approx((theirs.low, theirs.high))
    inside = (measured - reference > result.lower) & (measured - reference < result.upper)
    assert 0.92 < inside.mean() < 0.98
    with pytest.raises(InputError, match="2 pairs tell nothing"):
        bland_altman(measured[:2], reference[:2])
