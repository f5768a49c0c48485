"""The learning-rate finder: how the loss answers to steps that grow (Smith 2017, arXiv 1506.01186)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from ..errors import TrainingError
from .config import TrainingConfig
from .data import TrainingData
from .learner import Learner
from .loading import Crops
from .troubles import check_tiles

LOWEST, HIGHEST = 1e-5, 1.0
_SMOOTH = 0.85  # share of the past in the smoothed loss
_DIVERGED = 3.0  # times the least loss


@dataclass(frozen=True)
class RateSearch:
    """`rates[i]` was the learning rate of step i, `losses[i]` the smoothed loss after it; `best` is what to use."""

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    best: float


def search_rate(
    config: TrainingConfig,
    data: TrainingData,
    *,
    steps: int = 80,
    on_step: Callable[[int], None] = lambda step: None,
) -> RateSearch:
    """Train for some steps with a learning rate that grows from 1e-5 to 1, until the loss diverges.

    The network is forgotten, and the random state of torch is as before. Raises TrainingError when there is nothing
    to learn from or no rate makes the loss go down.
    """
    check_tiles(data)
    rates: list[float] = []
    losses: list[float] = []
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        learner = Learner(config.model_copy(update={"ema": 0.0}), data, lambda message: None)
        crops, smoothed = Crops(config, data.train), 0.0
        for step in range(steps):
            rate = LOWEST * (HIGHEST / LOWEST) ** (step / (steps - 1))
            learner.rate = rate
            loss = _loss_of_step(learner, crops, step)
            if math.isnan(loss):  # a batch without anything known
                continue
            smoothed = _SMOOTH * smoothed + (1 - _SMOOTH) * loss if math.isfinite(loss) else math.inf
            corrected = smoothed / (1 - _SMOOTH ** (len(losses) + 1))
            on_step(step + 1)
            if corrected > _DIVERGED * min([*losses, corrected]):
                break
            rates.append(rate)
            losses.append(corrected)
    return RateSearch(tuple(rates), tuple(losses), best_rate(rates, losses))


def _loss_of_step(learner: Learner, crops: Crops, step: int) -> float:
    try:
        return learner.learn(crops.batch(step))
    except TrainingError:
        if step == 0:  # not the rate's fault
            raise
        return math.inf  # the weights are no numbers any more: the rate is too large


def best_rate(rates: Sequence[float], losses: Sequence[float]) -> float:
    """Two significant digits of a tenth of the rate at which the loss was least: large, and far from diverging.

    Raises TrainingError when the loss did not go down.
    """
    least = min(range(len(losses)), key=losses.__getitem__, default=0)
    if not losses or losses[least] > 0.98 * losses[0]:
        raise TrainingError(
            "The loss goes down at no learning rate: look at the labels of the training set and at "
            "project.show_augmentation(), or try another loss."
        )
    return float(f"{rates[least] / 10:.1e}")
