"""One mask from many: majority vote and STAPLE, each with a map of how uncertain it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from ..errors import InputError
from .ratings import Ratings

Floats = NDArray[np.float64]
_ALMOST_SURE = 0.99999  # start of STAPLE: everybody is nearly always right
_STEADY = 1e-7  # largest change of a rater's share at which STAPLE stops


@dataclass(frozen=True, eq=False)
class Consensus:
    """`mask` (H, W) uint8 class numbers and `uncertainty` (H, W) float32: entropy in 0 (all sure) to 1 (all equal).

    `reliability` gives, per rater, the share of pixels on which they are right, for each true value in turn: background
    first (with one class that is the specificity), then the classes (the sensitivity).
    """

    mask: NDArray[np.uint8]
    uncertainty: NDArray[np.float32]
    reliability: Mapping[str, tuple[float, ...]]


def majority(ratings: Ratings) -> Consensus:
    """The value that most raters chose; at a tie the lowest, so background comes before a class."""
    votes = ratings.votes().astype(np.float64)
    shares = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)
    return _consensus(ratings, shares, _confusion(ratings, np.eye(ratings.categories)[shares.argmax(axis=1)]))


def staple(ratings: Ratings, *, max_iterations: int = 1000) -> Consensus:
    """Simultaneous truth and performance level estimation (Warfield et al. 2004, for classes Rohlfing et al. 2004).

    Estimates in turn the truth from how good each rater is, and that from the truth; how common each class is, is the
    mean over all raters. For one class it gives what ITK's STAPLEImageFilter gives. Large empty background makes
    everybody look good: `staple(ratings.band())` weighs raters by what is disputed. Raises InputError when it has not
    settled after `max_iterations`.
    """
    looked = (ratings.weights @ ratings.votes()).astype(np.float64)
    if not looked.sum():
        raise InputError("Nobody has rated a pixel, so there is no consensus: give masks with values below 255.")
    prior = looked / looked.sum()
    k = ratings.categories
    wrong = (1 - _ALMOST_SURE) / max(k - 1, 1)
    rates = np.tile(np.where(np.eye(k, dtype=bool), _ALMOST_SURE, wrong), (len(ratings.raters), 1, 1))
    for _ in range(max_iterations):
        truth = _truth(ratings, prior, rates)
        better = _confusion(ratings, truth)
        change = float(np.abs(better - rates).max())
        rates = better
        if change < _STEADY:
            return _consensus(ratings, truth, rates)
    raise InputError(
        f"STAPLE has not settled after {max_iterations} rounds: the masks share too little. "
        "Look at quality.pairwise first."
    )


def _truth(ratings: Ratings, prior: Floats, rates: Floats) -> Floats:
    """(m, k) probability of each true value of a row, given `rates` [rater, said, true]."""
    log_prior, log_rates = (np.log(np.maximum(p, np.finfo(float).tiny)) for p in (prior, rates))
    truth = np.empty((len(ratings.rows), len(prior)))
    for block in ratings.blocks():
        log = log_prior + sum(said @ log_rates[:, value] for value, said in enumerate(ratings.said(block)))
        likelihood = np.exp(log - log.max(axis=1, keepdims=True))
        truth[block] = likelihood / likelihood.sum(axis=1, keepdims=True)
    return truth


def _confusion(ratings: Ratings, truth: Floats) -> Floats:
    """(raters, k, k) how often a rater says a value [rater, said, true], given the truth (m, k) of each row."""
    k = truth.shape[1]
    counts = np.zeros((len(ratings.raters), k, k))
    for block in ratings.blocks():
        weighted = truth[block] * ratings.weights[block, None]
        for value, said in enumerate(ratings.said(block)):
            counts[:, value] += said.T @ weighted
    whole = counts.sum(axis=1, keepdims=True)
    right = np.tile(np.eye(k), (len(ratings.raters), 1, 1))  # of a value that is nowhere, nothing is wrong
    np.divide(counts, whole, out=right, where=whole > 0)
    return right


def _consensus(ratings: Ratings, shares: Floats, rates: Floats) -> Consensus:
    """From the share of each value (m, k) and the rates [rater, said, true]."""
    entropy = entr(shares).sum(axis=1) / np.log(shares.shape[1])
    right = np.diagonal(rates, axis1=1, axis2=2)
    return Consensus(
        mask=ratings.on_pixels(shares.argmax(axis=1).astype(np.uint8)),
        uncertainty=ratings.on_pixels(entropy.astype(np.float32)),
        reliability={name: tuple(map(float, row)) for name, row in zip(ratings.raters, right, strict=True)},
    )
