"""Put units (images, animals) into parts, so that each part has its share of every class, as nearly as whole units can.

How far a choice is off: the sum over classes and parts of the squared difference between the share that the part has
of the class's pixels and the share that it should have.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float64]
_Parts = NDArray[np.int64]

_EXACT = 60_000  # so many choices are all tried; of more, some are made better step by step
_STARTS = 4
_SWAPS = 1000  # units; of more, only moves are tried
_SAME = 1e-9  # choices that differ by less are equally good, and chance decides


def partition(amounts: NDArray[np.number], shares: Sequence[float], rng: np.random.Generator) -> list[int]:
    """The part of each unit; every part gets one unit at least, so there must be as many units as parts.

    Shape: `amounts` (units, kinds), such as pixels per class; `shares` (parts,) above 0 that sum to 1. Where several
    choices are equally good, `rng` decides.
    """
    found = np.asarray(amounts, np.float64)
    found = found[:, found.sum(axis=0) > 0]
    fractions = found / found.sum(axis=0) if found.size else np.full((len(amounts), 1), 1 / len(amounts))
    wanted = np.asarray(shares, np.float64)
    if len(wanted) ** len(fractions) <= _EXACT:
        return [int(part) for part in _best(fractions, wanted, rng)]
    tries = [_improved(_started(fractions, wanted, rng), fractions, wanted) for _ in range(_STARTS)]
    return [int(part) for part in min(tries, key=lambda parts: _off(parts[None], fractions, wanted)[0])]


def _off(choices: _Parts, fractions: _Floats, wanted: _Floats) -> _Floats:
    """(choices,) how far each is off; `choices` (choices, units), `fractions` (units, kinds), `wanted` (parts,)."""
    off = np.zeros(len(choices))
    for part, share in enumerate(wanted):
        off += (((choices == part).astype(np.float64) @ fractions - share) ** 2).sum(axis=1)
    return off


def _best(fractions: _Floats, wanted: _Floats, rng: np.random.Generator) -> _Parts:
    """Of all choices that leave no part empty."""
    n, parts = len(fractions), len(wanted)
    choices = np.arange(parts**n)[:, None] // parts ** np.arange(n) % parts
    choices = choices[np.all([(choices == part).any(axis=1) for part in range(parts)], axis=0)]
    off = _off(choices, fractions, wanted)
    return np.asarray(choices[rng.choice(np.flatnonzero(off <= off.min() + _SAME))])


def _started(fractions: _Floats, wanted: _Floats, rng: np.random.Generator) -> _Parts:
    """The largest units first, in an order that chance varies, each to the part that lacks it most."""
    size = fractions.max(axis=1) * rng.uniform(0.8, 1.2, len(fractions))
    parts = np.full(len(fractions), -1, np.int64)
    lacking = np.repeat(wanted[:, None], fractions.shape[1], axis=1)  # (parts, kinds)
    for left, unit in zip(range(len(fractions), 0, -1), np.argsort(-size), strict=True):
        empty = [part for part in range(len(wanted)) if not (parts == part).any()]
        may = empty if len(empty) >= left else range(len(wanted))  # the last ones fill what is empty
        part = max(may, key=lambda part: (fractions[unit] @ lacking[part], rng.random()))
        parts[unit] = part
        lacking[part] -= fractions[unit]
    return parts


def _improved(parts: _Parts, fractions: _Floats, wanted: _Floats) -> _Parts:
    """Moves of one unit and swaps of two, the best first, until none makes it better."""
    squares = (fractions**2).sum(axis=1)
    products = fractions @ fractions.T if len(fractions) <= _SWAPS else None
    units = np.arange(len(fractions))
    for _ in range(10 * len(fractions)):
        over = np.stack([fractions[parts == part].sum(axis=0) - share for part, share in enumerate(wanted)])
        toward = fractions @ over.T  # (units, parts)
        here = toward[units, parts]
        moves = 2 * (toward - here[:, None] + squares[:, None])
        moves[units, parts] = np.inf
        moves[np.bincount(parts, minlength=len(wanted))[parts] == 1] = np.inf  # it would leave its part empty
        unit, part = np.unravel_index(np.argmin(moves), moves.shape)
        best = moves[unit, part]
        if products is not None:
            across = toward[:, parts]  # (units, units): the one of the row in the part of the one of the column
            apart = squares[:, None] + squares[None, :] - 2 * products
            swaps = 2 * (across + across.T - here[:, None] - here[None, :] + apart)
            first, second = np.unravel_index(np.argmin(swaps), swaps.shape)
            if swaps[first, second] < min(best, -_SAME):
                parts[first], parts[second] = parts[second], parts[first]
                continue
        if best >= -_SAME:
            break
        parts[unit] = part
    return parts
