"""Small statistics with fixed seeds, so that a report says the same each time: bootstrap, paired tests, agreement."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata, t, wilcoxon

from ..errors import InputError

Floats = NDArray[np.float64]
RESAMPLES = 2000
LEVEL = 0.95
FEWEST_PAIRS = 6  # with five, no two-sided p-value of signs or ranks can be below 0.05
_EXACT_PAIRS = 14  # up to here all 2^n changes of sign are counted


def resampling_weights(units: int, resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """How often each unit is drawn in each bootstrap sample: (resamples, units), each row adds up to `units`."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(units, np.full(units, 1 / units), size=resamples).astype(np.float64)


def leave_one_out(units: int) -> Floats:
    """(units, units) weights of the jackknife: each row leaves one unit out."""
    return 1 - np.eye(units)


def bca_interval(point: float, replicates: Floats, jackknife: Floats, level: float = LEVEL) -> tuple[float, float]:
    """The bias-corrected and accelerated bootstrap interval (Efron 1987), widened for few units (Hesterberg 2015).

    `replicates` (B,) are the score of each bootstrap sample, `jackknife` (n,) with each unit left out. (nan, nan) when
    it cannot be told: less than three units, or a score that is undefined in 5 % of the samples or more.
    """
    known = replicates[np.isfinite(replicates)]
    if not np.isfinite(point) or jackknife.size < 3 or known.size <= 0.95 * replicates.size:
        return float("nan"), float("nan")
    below = (np.mean(known < point) + np.mean(known <= point)) / 2
    if not 0 < below < 1:  # all samples say the same, or the score is at its limit
        return float(known.min()), float(known.max())
    left_out = jackknife[np.isfinite(jackknife)]
    away = left_out.mean() - left_out
    spread = float((away**2).sum()) ** 1.5
    acceleration = float((away**3).sum()) / (6 * spread) if spread else 0.0
    shift = ndtri(below) + np.array([-1, 1]) * normal_reach(jackknife.size, level)
    shares = ndtr(ndtri(below) + shift / (1 - acceleration * shift))
    low, high = np.quantile(known, shares)
    return float(low), float(high)


def normal_reach(units: int, level: float = LEVEL) -> float:
    """How many standard deviations of a bootstrap distribution the interval reaches: for many units 1.96.

    Bootstrap distributions are too narrow by (n - 1) / n, and take the deviation as known; without this, intervals
    from 25 blocks of tissue hold the true score in 89 % of cases.
    """
    return float((units / (units - 1)) ** 0.5 * t.ppf((1 + level) / 2, units - 1))


@dataclass(frozen=True)
class PairedTest:
    """What pairs of scores tell of two models; the differences are first minus second.

    `effect` is the matched-pairs rank-biserial correlation (Kerby 2014): from -1, the first is always lower, to 1.
    `p_wilcoxon` (signed ranks, two-sided) and `p_permutation` (changes of sign) are None with too few pairs.
    """

    pairs: int
    first: float
    second: float
    difference: float
    low: float
    high: float
    effect: float
    p_wilcoxon: float | None
    p_permutation: float | None


def paired_test(first: Floats, second: Floats, *, test: bool = True, seed: int = 0) -> PairedTest:
    """Compare (n,) scores of two models on the same n images or blocks; pairs with a NaN are left out.

    No p-value is given with fewer than 6 pairs, or without `test`. Raises InputError when the lengths differ.
    """
    if first.shape != second.shape:
        raise InputError(f"{first.size} and {second.size} scores make no pairs: score both models on the same images.")
    both = np.isfinite(first) & np.isfinite(second)
    first, second = first[both], second[both]
    away = first - second
    low, high = mean_interval(away, seed=seed)
    tested = test and away.size >= FEWEST_PAIRS
    means = [float(values.mean()) if values.size else float("nan") for values in (first, second, away)]
    return PairedTest(
        pairs=away.size,
        first=means[0],
        second=means[1],
        difference=means[2],
        low=low,
        high=high,
        effect=rank_biserial(away),
        p_wilcoxon=signed_rank_p(away) if tested else None,
        p_permutation=sign_flip_p(away, seed=seed) if tested else None,
    )


def mean_interval(values: Floats, *, seed: int = 0) -> tuple[float, float]:
    """Bootstrap interval of a mean, values (n,)."""
    if values.size < 3:
        return float("nan"), float("nan")
    replicates, jackknife = (
        weights @ values / weights.sum(axis=1)
        for weights in (resampling_weights(values.size, seed=seed), leave_one_out(values.size))
    )
    return bca_interval(float(values.mean()), replicates, jackknife)


def rank_biserial(away: Floats) -> float:
    """(sum of ranks above 0 - sum of ranks below 0) / sum of all ranks of (n,) differences; 0 when all are 0."""
    changed = away[away != 0]
    ranks = rankdata(np.abs(changed))
    return float(ranks @ np.sign(changed) / ranks.sum()) if changed.size else 0.0


def signed_rank_p(away: Floats) -> float:
    """Two-sided p of Wilcoxon's signed-rank test of (n,) differences; 1 when all are 0."""
    return float(wilcoxon(away).pvalue) if np.any(away) else 1.0


def sign_flip_p(away: Floats, *, seed: int = 0, samples: int = 20_000) -> float:
    """Two-sided p of the mean under changes of sign: all of them up to 14 pairs, else `samples` random ones.

    The observed signs count as one of the samples, so p is never 0 (Phipson and Smyth 2010).
    """
    if away.size <= _EXACT_PAIRS:
        signs = np.array(list(product((-1.0, 1.0), repeat=away.size)))
        more = 0
    else:
        signs = np.random.default_rng(seed).choice((-1.0, 1.0), size=(samples, away.size))
        more = 1
    far = np.abs(signs @ away) >= abs(away.sum()) * (1 - 1e-12)
    return float((far.sum() + more) / (len(signs) + more))


@dataclass(frozen=True)
class BlandAltman:
    """How two ways of measuring agree: mean difference and the range that 95 % of the differences lie in.

    Limits are bias +- 1.96 s.d.; `*_interval` are 95 % confidence intervals (Bland and Altman 1999).
    """

    pairs: int
    bias: float
    lower: float
    upper: float
    bias_interval: tuple[float, float]
    lower_interval: tuple[float, float]
    upper_interval: tuple[float, float]


def bland_altman(measured: Floats, reference: Floats) -> BlandAltman:
    """Agreement of (n,) values with (n,) reference values, in their unit. Raises InputError with under 3 pairs."""
    away = measured - reference
    if away.size < 3:
        raise InputError(f"{away.size} pairs tell nothing of how two measurements agree: 3 are the least.")
    bias, spread, count = float(away.mean()), float(away.std(ddof=1)), away.size
    reach = float(t.ppf((1 + LEVEL) / 2, count - 1)) * spread
    of_bias, of_limit = reach / count**0.5, reach * (1 / count + 1.96**2 / (2 * (count - 1))) ** 0.5
    lower, upper = bias - 1.96 * spread, bias + 1.96 * spread
    return BlandAltman(
        pairs=count,
        bias=bias,
        lower=lower,
        upper=upper,
        bias_interval=(bias - of_bias, bias + of_bias),
        lower_interval=(lower - of_limit, lower + of_limit),
        upper_interval=(upper - of_limit, upper + of_limit),
    )
