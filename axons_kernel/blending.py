"""What becomes of a pixel that several tiles cover: a weighted mean of real values, or a vote of class numbers.

Weights are whole numbers, so that the sums are exact: tiles that agree give their value back bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

Blend = Literal["uniform", "linear", "hann", "gaussian", "vote"]
_FULL = 1024  # the weight in a tile's middle; a float32 times the square of it, some times, is exact in a float64


def check_blend(blend: str) -> None:
    """Raise InputError that lists what is allowed."""
    if blend not in get_args(Blend):
        raise InputError(f"blend={blend!r} is not allowed: give one of {', '.join(map(repr, get_args(Blend)))}.")


@lru_cache(maxsize=64)
def profile(length: int, blend: Blend) -> NDArray[np.float64]:
    """Weights along one side of a tile, (length,), whole numbers 1 to 1024, highest in the middle.

    "uniform": 1024 everywhere; "linear" and "vote": a straight slope from the edge; "hann": a squared sine;
    "gaussian": a bell of standard deviation length / 8.
    """
    place = (np.arange(length) + 0.5) / length  # 0 to 1
    weight = {
        "uniform": np.ones(length),
        "linear": 1 - np.abs(2 * place - 1),
        "vote": 1 - np.abs(2 * place - 1),
        "hann": np.sin(np.pi * place) ** 2,
        "gaussian": np.exp(-0.5 * ((place - 0.5) * 8) ** 2),
    }[blend]
    whole = np.maximum(1, np.rint(_FULL * weight / weight.max()))
    whole.flags.writeable = False
    return np.asarray(whole, np.float64)


def weighted_mean(values: Sequence[NDArray[Any]], weights: Sequence[NDArray[np.float64]]) -> NDArray[Any]:
    """The mean of arrays (h, w, C) with weights (h, w), in their type; whole numbers are rounded."""
    total = np.full(values[0].shape, -0.0)  # a sum that starts at +0.0 would lose the sign of -0.0
    for piece, weight in zip(values, weights, strict=True):
        total += piece * weight[..., None]
    mean = total / sum(weights)[..., None]  # type: ignore[index]
    return np.asarray(mean if values[0].dtype.kind == "f" else np.rint(mean), dtype=values[0].dtype)


def vote(values: Sequence[NDArray[Any]], weights: Sequence[NDArray[np.float64]]) -> NDArray[Any]:
    """For each pixel the value with the highest sum of weights, of equals that of the first array."""
    if all(np.array_equal(values[0], other) for other in values[1:]):
        return values[0]
    winner, most = values[0].copy(), np.full(values[0].shape, -1.0)
    for candidate in values:
        votes = np.zeros(candidate.shape)
        for other, weight in zip(values, weights, strict=True):
            votes += np.where(other == candidate, weight[..., None], 0)
        better = votes > most
        winner[better], most[better] = candidate[better], votes[better]
    return winner
