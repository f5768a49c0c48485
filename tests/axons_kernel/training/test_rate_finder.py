"""The learning-rate finder: between too small to learn and too large to hold, and it leaves no trace."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from axons_kernel.errors import TrainingError
from axons_kernel.training.config import TrainingConfig
from axons_kernel.training.data import LabelledTile, TrainingData
from axons_kernel.training.rate_finder import best_rate, search_rate

from .conftest import TINY


def test_finds_a_rate_that_learns(data: TrainingData) -> None:
    state = torch.get_rng_state()
    steps: list[int] = []
    search = search_rate(TrainingConfig(**TINY), data, steps=40, on_step=steps.append)
    assert 1e-4 < search.best < 0.2
    assert search.rates[0] == pytest.approx(1e-5) and list(search.rates) == sorted(search.rates)
    assert len(search.rates) == len(search.losses) and steps[: len(search.rates)] == list(
        range(1, len(search.rates) + 1)
    )
    assert torch.equal(torch.get_rng_state(), state)
    assert search == search_rate(TrainingConfig(**TINY), data, steps=40)


def test_a_tenth_of_the_rate_with_the_least_loss() -> None:
    assert best_rate([1e-4, 1e-3, 1e-2, 1e-1], [1.0, 0.8, 0.5, 0.9]) == pytest.approx(1e-3)
    assert best_rate([1e-3, 1.234e-2], [1.0, 0.5]) == pytest.approx(1.2e-3)
    for losses in ([], [1.0, 1.1], [1.0, 0.99]):
        with pytest.raises(TrainingError, match="The loss goes down at no learning rate: look at the labels"):
            best_rate([1e-3, 1e-2][: len(losses)], losses)


def test_an_interruption_ends_it(data: TrainingData) -> None:
    def interrupt(step: int) -> None:
        if step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search_rate(TrainingConfig(**TINY), data, on_step=interrupt)


def test_broken_pixels_are_not_the_rates_fault(data: TrainingData) -> None:
    tile = data.train[0]
    broken = LabelledTile(np.full_like(tile.pixels, np.nan), tile.mask)
    with pytest.raises(TrainingError, match="pixels of a training image are no finite numbers"):
        search_rate(TrainingConfig(**TINY, augmentation="none"), dataclasses.replace(data, train=[broken]))
