"""Tiny training data, and a short way to train on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from torch import nn

from axons_kernel.images import to_grey
from axons_kernel.training.config import TrainingConfig
from axons_kernel.training.data import LabelledTile, TrainingData
from axons_kernel.training.loop import Hooks, train
from axons_kernel.training.progress import TrainingState

TINY: dict[str, Any] = {"epochs": 2, "batch": 2, "crop": 64, "width": 4, "depth": 2, "workers": 0}
Trained = tuple[nn.Module, list[dict[str, Any]]]


@pytest.fixture
def data(discs: Callable[..., Any]) -> TrainingData:
    """Discs: two tiles to train on, one to validate with."""
    tiles = [LabelledTile(to_grey(pixels)[None], mask) for pixels, mask in (discs((96, 96), seed) for seed in range(3))]
    return TrainingData(tiles[:2], tiles[2:], classes=1)


@pytest.fixture
def trained(data: TrainingData) -> Callable[..., Trained]:
    """trained(data=..., state=..., hook=..., setting=...) -> the network and the metrics of its epochs."""

    def run(given: TrainingData = data, *, state: TrainingState | None = None, **options: Any) -> Trained:
        metrics: list[dict[str, Any]] = []
        hooks = {name: options.pop(name) for name in list(options) if name in Hooks.__dataclass_fields__}
        hooks.setdefault("on_epoch", lambda line, _: metrics.append(line))
        return train(TrainingConfig(**TINY | options), given, Hooks(**hooks), state=state), metrics

    return run
