"""How far people agree beyond chance, pixel by pixel: kappas, alpha and the matrix of pairs.

Values: 1 is full agreement, 0 what chance gives, below 0 is less than that; NaN when only one value was ever chosen.
Give `ratings.band()` too: over a whole image the background that nobody doubts dominates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..metrics import ClassScore
from .ratings import MISSING, Ratings

Floats = NDArray[np.float64]
PairScore = Literal["dice", "iou", "kappa"]


def cohen_kappa(table: NDArray[np.integer]) -> float:
    """Agreement of two raters from their (k, k) table of counts (Cohen 1960)."""
    counts = np.asarray(table, dtype=np.float64)
    total = counts.sum()
    if not total:
        return float("nan")
    expected = float(counts.sum(axis=0) @ counts.sum(axis=1)) / total**2
    return _beyond_chance(float(np.trace(counts)) / total, expected)


def rating_table(ratings: Ratings, one: str, other: str) -> NDArray[np.int64]:
    """(categories, categories) int64: pixels by what `one` (rows) and `other` (columns) say, where both have looked."""
    a, b = (ratings.rows[:, _rater(ratings, name)] for name in (one, other))
    both = (a != MISSING) & (b != MISSING)
    k = ratings.categories
    pairs = a[both].astype(np.int64) * k + b[both]
    return np.bincount(pairs, ratings.weights[both], minlength=k * k).astype(np.int64).reshape(k, k)


def _rater(ratings: Ratings, name: str) -> int:
    if name not in ratings.raters:
        raise InputError(f"'{name}' is not among the raters: {', '.join(ratings.raters)}.")
    return ratings.raters.index(name)


def fleiss_kappa(ratings: Ratings) -> float:
    """Agreement of all raters (Fleiss 1971). Raises InputError when somebody has not looked at some pixels."""
    votes, weights = ratings.votes().astype(np.float64), ratings.weights
    raters = len(ratings.raters)
    if (votes[weights > 0].sum(axis=1) != raters).any():
        raise InputError(
            "Fleiss' kappa needs everybody's rating of every pixel: use krippendorff_alpha, or ratings of a "
            "tile that all have finished."
        )
    total = weights.sum()
    if not total:
        return float("nan")
    observed = float(weights @ (votes * (votes - 1)).sum(axis=1)) / (total * raters * (raters - 1))
    shares = weights @ votes / (total * raters)
    return _beyond_chance(observed, float(shares @ shares))


def krippendorff_alpha(ratings: Ratings) -> float:
    """Nominal alpha (Krippendorff 2011); pixels that fewer than two people have looked at do not count."""
    votes = ratings.votes().astype(np.float64)
    looked = votes.sum(axis=1)
    usable = looked >= 2
    votes, looked, weights = votes[usable], looked[usable], ratings.weights[usable]
    totals = weights @ votes  # how often each value was chosen
    n = totals.sum()
    if not n:
        return float("nan")
    same = float((weights / (looked - 1)) @ (votes * (votes - 1)).sum(axis=1))
    return _beyond_chance(same / n, float((totals * (totals - 1)).sum() / (n * (n - 1))))


def _beyond_chance(observed: float, expected: float) -> float:
    return (observed - expected) / (1 - expected) if expected < 1 else float("nan")


@dataclass(frozen=True, eq=False)
class PairMatrix:
    """`values` (n, n) float64, symmetric: how far each two of `raters` agree, by `score`."""

    raters: tuple[str, ...]
    score: str
    values: Floats

    def mean_of(self) -> Mapping[str, float]:
        """Each rater's mean agreement with the others, lowest first: who to talk to."""
        others = self.values[~np.eye(len(self.raters), dtype=bool)].reshape(len(self.raters), -1)
        means = {name: float(np.mean(row)) for name, row in zip(self.raters, others, strict=True)}
        return dict(sorted(means.items(), key=lambda item: item[1]))


def pairwise(ratings: Ratings, score: PairScore = "dice", label_class: str | None = None) -> PairMatrix:
    """Agreement of each pair of raters, by Dice or IoU of a class (by default of all classes as one) or by kappa."""
    if score not in ("dice", "iou", "kappa"):
        raise InputError(f"score={score!r} is not allowed: choose 'dice', 'iou' or 'kappa'.")
    chosen = np.arange(ratings.categories) > 0
    if label_class is not None:
        chosen = np.arange(ratings.categories) == _class_number(ratings, label_class)
    sides_of = (chosen, chosen), (chosen, ~chosen), (~chosen, chosen)  # both, only the first, only the second
    tables = _pair_tables(ratings)
    values = np.empty((len(ratings.raters), len(ratings.raters)))
    for i, j in np.ndindex(values.shape):
        table = tables[i, j]
        if score == "kappa":
            values[i, j] = cohen_kappa(table)
            continue
        counts = ClassScore(*(int(table[np.ix_(*sides)].sum()) for sides in sides_of))
        values[i, j] = counts.dice if score == "dice" else counts.iou
    return PairMatrix(ratings.raters, score, values)


def _pair_tables(ratings: Ratings) -> NDArray[np.int64]:
    """(n, n, k, k): the `rating_table` of each pair of raters, by matrix products over blocks of rows."""
    n, k = len(ratings.raters), ratings.categories
    tables = np.zeros((k, k, n, n))
    for block in ratings.blocks():
        said = ratings.said(block)
        for a in range(k):
            weighted = (said[a] * ratings.weights[block, None]).T
            for b in range(a, k):
                tables[a, b] += weighted @ said[b]
    for a, b in combinations(range(k), 2):
        tables[b, a] = tables[a, b].T
    return np.rint(tables.transpose(2, 3, 0, 1)).astype(np.int64)


def _class_number(ratings: Ratings, label_class: str) -> int:
    if label_class not in ratings.classes:
        raise InputError(f"'{label_class}' is not among the classes: {', '.join(ratings.classes)}.")
    return ratings.classes.index(label_class) + 1
