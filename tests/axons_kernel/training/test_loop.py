"""Training: it learns, it is reproducible, and what cannot be trained is said in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from axons_kernel.errors import TrainingError
from axons_kernel.images import to_grey
from axons_kernel.training.config import TrainingConfig
from axons_kernel.training.data import LabelledTile
from axons_kernel.training.loop import TrainingData, schedule, train
from axons_kernel.training.unet import UNet

TINY: dict[str, Any] = {"epochs": 2, "batch": 2, "crop": 64, "width": 4, "depth": 2}


@pytest.fixture
def data(discs: Callable[..., Any]) -> TrainingData:
    tiles = [LabelledTile(to_grey(pixels), mask) for pixels, mask in (discs((96, 96), seed) for seed in range(3))]
    return TrainingData(tiles[:2], tiles[2:], classes=1)


def run(config: dict[str, Any], data: TrainingData, **options: Any) -> tuple[UNet, list[dict[str, Any]]]:
    metrics: list[dict[str, Any]] = []
    net = train(TrainingConfig(**config), data, on_epoch=lambda line, _: metrics.append(line), **options)
    return net, metrics


def test_learns_a_simple_task(data: TrainingData) -> None:
    _, metrics = run({**TINY, "epochs": 6, "width": 8, "batch": 4, "learning_rate": 1e-2}, data)
    assert metrics[-1]["validation_dice"][0] > 0.85
    assert metrics[-1]["loss"] < metrics[0]["loss"]


def test_metrics_of_an_epoch(data: TrainingData) -> None:
    _, metrics = run(TINY, data)
    assert [line["epoch"] for line in metrics] == [1, 2]
    assert [line["progress"] for line in metrics] == [0.5, 1.0]
    assert set(metrics[0]) == {"epoch", "loss", "validation_loss", "validation_dice", "seconds", "progress"}
    assert 0 < metrics[0]["seconds"] <= metrics[1]["seconds"]


def test_same_seed_gives_the_same_weights_bit_for_bit(data: TrainingData) -> None:
    weights = [run({**TINY, "seed": seed}, data)[0].state_dict() for seed in (1, 1, 2)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert not all(torch.equal(weights[0][name], weights[2][name]) for name in weights[0])


def test_a_slow_start_changes_nothing(data: TrainingData, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock steers the learning rate only where time runs out."""
    weights = []
    for jump in (0.0, 2.0):
        times = iter([0.0] + [jump] * 1000)
        monkeypatch.setattr("axons_kernel.training.loop.time.monotonic", lambda times=times: next(times))
        weights.append(run(TINY, data)[0].state_dict())
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_time_limit_ends_the_training(data: TrainingData, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(np.arange(0, 1e6, 4.0))
    monkeypatch.setattr("axons_kernel.training.loop.time.monotonic", lambda: float(next(times)))
    _, metrics = run({**TINY, "epochs": 1000, "max_minutes": 1}, data)
    assert 1 <= len(metrics) < 10 and metrics[-1]["progress"] == 1.0


def test_stops_when_asked_and_keeps_the_epoch(data: TrainingData) -> None:
    asked = iter([False, True] + [True] * 10)
    _, metrics = run({**TINY, "epochs": 1000}, data, should_stop=lambda: next(asked))
    assert len(metrics) == 1


def test_without_validation_tiles_the_training_tiles_are_scored(data: TrainingData) -> None:
    _, metrics = run(TINY, TrainingData(data.train, [], 1))
    assert len(metrics[0]["validation_dice"]) == 1


@pytest.mark.parametrize("tiles", ["none", "empty"])
def test_nothing_to_learn_from(data: TrainingData, tiles: str) -> None:
    empty = [LabelledTile(t.pixels, np.zeros_like(t.mask)) for t in data.train]
    with pytest.raises(TrainingError, match="No training tile holds a label: annotate some objects"):
        run(TINY, TrainingData([] if tiles == "none" else empty, data.validation, 1))


def test_loss_that_is_not_a_number(data: TrainingData) -> None:
    broken = LabelledTile(data.train[0].pixels * np.float32(np.nan), data.train[0].mask)
    saved: list[Any] = []
    with pytest.raises(TrainingError, match="loss is not a number any more: train again with a smaller learning_rate"):
        train(TrainingConfig(**TINY), TrainingData([broken], [], 1), on_epoch=lambda *epoch: saved.append(epoch))
    assert saved == []


def test_schedule() -> None:
    rates = [schedule(progress, warmup=0.1) for progress in np.linspace(0, 1, 101)]
    assert rates[0] == 0.01 and max(rates) == pytest.approx(1, abs=0.01) and rates[-1] == pytest.approx(0.01)
    assert int(np.argmax(rates)) == 10
    assert schedule(1.5, 0.1) == pytest.approx(0.01)
