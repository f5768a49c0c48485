"""Training: it learns, it is reproducible, it can be paused, stopped and gone on with, and it ends when it should."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from axons_kernel.errors import TrainingError
from axons_kernel.training.data import LabelledTile, TrainingData
from axons_kernel.training.early_stopping import Best
from axons_kernel.training.progress import TrainingState

Train = Callable[..., tuple[nn.Module, list[dict[str, Any]]]]


def same_weights(one: nn.Module, other: nn.Module) -> bool:
    theirs = other.state_dict()
    return all(torch.equal(value, theirs[name]) for name, value in one.state_dict().items())


def curve(metrics: list[dict[str, Any]]) -> list[Any]:
    """What does not depend on the time."""
    return [{k: v for k, v in line.items() if k not in ("seconds", "samples_per_s")} for line in metrics]


def test_learns_a_simple_task(trained: Train) -> None:
    _, metrics = trained(epochs=6, width=8, batch=4, learning_rate=1e-2)
    assert metrics[-1]["validation_dice"][0] > 0.85
    assert metrics[-1]["loss"] < metrics[0]["loss"]


def test_metrics_of_an_epoch(trained: Train) -> None:
    _, metrics = trained()
    assert [line["epoch"] for line in metrics] == [1, 2]
    assert [line["progress"] for line in metrics] == [0.5, 1.0]
    assert set(metrics[0]) == {
        *("epoch", "loss", "validation_loss", "validation_dice", "seconds", "progress"),
        *("learning_rate", "samples_per_s", "batch"),
    }
    assert 0 < metrics[0]["seconds"] <= metrics[1]["seconds"]
    assert metrics[0]["learning_rate"] > metrics[1]["learning_rate"] > 0 and metrics[0]["batch"] == 2


def test_the_hooks_are_told(trained: Train, data: TrainingData) -> None:
    steps: list[Any] = []
    guesses: list[Any] = []
    trained(
        on_step=lambda *step: steps.append(step), on_guess=lambda index, guess: guesses.append((index, guess.shape))
    )
    per_epoch = len(steps) // 2
    assert steps == [(epoch, step, per_epoch, 2) for epoch in (1, 2) for step in range(1, per_epoch + 1)]
    assert guesses == [(0, data.validation[0].shape)] * 2


# -- the same bits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"ema": 0.9}, {"deterministic": True, "workers": 2}])
def test_same_seed_gives_the_same_weights_bit_for_bit(trained: Train, options: dict[str, Any]) -> None:
    first, again, other = (trained(seed=seed, **options)[0] for seed in (1, 1, 2))
    assert same_weights(first, again) and not same_weights(first, other)


def test_the_number_of_loader_threads_changes_nothing(trained: Train) -> None:
    nets = [trained(workers=workers)[0] for workers in (0, 1, 3)]
    assert same_weights(nets[0], nets[1]) and same_weights(nets[0], nets[2])


def test_a_slow_start_changes_nothing(trained: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock steers the learning rate only where time runs out."""
    nets = []
    for jump in (0.0, 2.0):
        times = iter([0.0] + [jump] * 1000)
        monkeypatch.setattr("axons_kernel.training.schedule.time.monotonic", lambda times=times: next(times))
        nets.append(trained()[0])
    assert same_weights(*nets)


def test_time_limit_ends_the_training(trained: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(np.arange(0, 1e6, 2.0))
    monkeypatch.setattr("axons_kernel.training.schedule.time.monotonic", lambda: float(next(times)))
    _, metrics = trained(epochs=1000, max_minutes=1)
    assert 1 <= len(metrics) < 10 and metrics[-1]["progress"] == 1.0
    assert metrics[-1]["learning_rate"] < 1e-3  # the schedule is fitted to the time


@pytest.mark.parametrize("options", [{}, {"ema": 0.9, "schedule": "one_cycle"}, {"architecture": "residual_unet"}])
def test_going_on_from_any_checkpoint_is_as_if_nothing_had_happened(trained: Train, options: dict[str, Any]) -> None:
    states: list[TrainingState] = []
    options = {"workers": 1, "checkpoint_minutes": 0.05, **options}
    whole, metrics = trained(on_checkpoint=states.append, **options)
    assert states
    for state in states:
        net, rest = trained(state=state, **options)
        assert same_weights(whole, net) and curve(rest) == curve(metrics)[state.numbers["position"]["epoch"] :]


def test_going_on_in_the_middle_of_an_epoch(trained: Train) -> None:
    whole, metrics = trained()
    for stop_at in (1, 3, 6):
        asked = iter(["go"] * (stop_at - 1) + ["stop"] * 9)
        states: list[TrainingState] = []
        trained(control=lambda asked=asked: next(asked), on_checkpoint=states.append)
        position = states[-1].numbers["position"]
        assert 4 * position["epoch"] + position["step"] in (stop_at, stop_at - 1)
        net, rest = trained(state=states[-1])
        assert same_weights(whole, net) and curve(rest) == curve(metrics)[-len(rest) :]


def test_a_checkpoint_of_another_network_is_refused(trained: Train) -> None:
    states: list[TrainingState] = []
    trained(on_checkpoint=states.append)
    with pytest.raises(TrainingError, match="checkpoint is of another training than this one"):
        trained(state=states[0], width=8)


# -- until when --------------------------------------------------------------------------------------------------


def asking(*answers: str) -> Callable[[], str]:
    """Each answer once; the last one from then on."""

    def answer() -> Iterator[str]:
        yield from answers
        while True:
            yield answers[-1]

    given = answer()
    return lambda: next(given)


def test_stops_when_asked_and_keeps_the_epoch(trained: Train) -> None:
    states: list[TrainingState] = []
    _, metrics = trained(epochs=1000, control=asking("go", "stop"), on_checkpoint=states.append)
    assert len(metrics) == 1
    assert states[-1].numbers["position"]["step"] == 2


def test_stops_after_the_epoch_when_asked(trained: Train) -> None:
    steps, states = list[Any](), list[TrainingState]()
    _, metrics = trained(
        epochs=1000,
        control=asking("stop_after_epoch"),
        on_step=lambda *step: steps.append(step),
        on_checkpoint=states.append,
    )
    assert len(metrics) == 1 and steps[-1][1] == steps[-1][2]
    assert states[-1].numbers["position"]["epoch"] == 1 and states[-1].numbers["position"]["step"] == 0


def test_a_pause_costs_no_time_and_keeps_what_was_learned(trained: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("axons_kernel.training.schedule.time.monotonic", lambda: now[0])
    monkeypatch.setattr("axons_kernel.training.loop.time.sleep", lambda _: now.__setitem__(0, now[0] + 1000))
    states: list[TrainingState] = []
    _, metrics = trained(control=asking("pause", "pause", "pause", "go"), on_checkpoint=states.append)
    assert now[0] == 2000 and metrics[-1]["seconds"] == 0 and len(metrics) == 2
    assert states[0].numbers["position"]["step"] == 1


def test_stops_early_when_it_does_not_get_better(trained: Train) -> None:
    messages: list[str] = []
    _, metrics = trained(
        epochs=50,
        patience=2,
        learning_rate=1e-9,
        weight_decay=0,
        warmup=0,
        schedule="constant",
        on_message=messages.append,
    )
    scores = [line["validation_dice"][0] for line in metrics]
    assert len(metrics) < 50 and max(scores[-2:]) <= max(scores[:-2])
    best = int(np.argmax(scores)) + 1
    assert messages == [
        f"Stopped early: the validation Dice has not got better for 2 epochs (best {max(scores):.3f} at epoch {best})."
    ]


def test_patience() -> None:
    best = Best()
    for epoch, score in enumerate((0.3, 0.5, 0.5, 0.4), start=1):
        best = best.after(epoch, score)
    assert best == Best(0.5, 2, 2)
    assert best.gives_up(2) and not best.gives_up(3) and not best.gives_up(0)


# -- what cannot be trained --------------------------------------------------------------------------------------


def test_without_validation_tiles_the_training_tiles_are_scored(trained: Train, data: TrainingData) -> None:
    _, metrics = trained(TrainingData(data.train, [], 1))
    assert len(metrics[0]["validation_dice"]) == 1


def empty(tiles: Any, number: int) -> list[LabelledTile]:
    return [LabelledTile(tile.pixels, np.full_like(tile.mask, number)) for tile in tiles]


def test_nothing_to_learn_from(trained: Train, data: TrainingData) -> None:
    for tiles in ([], empty(data.train, 0), empty(data.train, 255)):
        with pytest.raises(TrainingError, match="No training tile holds a label: annotate some objects"):
            trained(TrainingData(tiles, data.validation, 1))
    with pytest.raises(TrainingError, match="All labelled pixels of the training tiles are of class number 1"):
        trained(TrainingData(empty(data.train, 1), data.validation, 1))


def test_a_batch_of_which_nothing_is_known_is_left_out(trained: Train, data: TrainingData) -> None:
    unknown = empty(data.train * 20, 255)
    net, metrics = trained(TrainingData([*unknown, *data.train], data.validation, 1), batch=1, seed=1)
    assert all(math.isfinite(line["loss"]) for line in metrics)
    assert all(weight.isfinite().all() for weight in net.parameters())


def test_tiles_with_other_channels(trained: Train, data: TrainingData) -> None:
    with pytest.raises(TrainingError, match=r"tiles have 1 channels, and the network is made for 2"):
        trained(TrainingData(data.train, data.validation, 1, channels=2))


def test_several_channels(trained: Train, data: TrainingData) -> None:
    twice = [LabelledTile(np.concatenate([t.pixels, -t.pixels]), t.mask) for t in data.train]
    _, metrics = trained(TrainingData(twice, twice, 1, channels=2))
    assert len(metrics) == 2


def test_a_border_counts_as_background(trained: Train, data: TrainingData) -> None:
    bordered = [LabelledTile(tile.pixels, tile.mask.copy()) for tile in data.train]
    for tile in bordered:
        tile.mask[40:44] = 2
    net, metrics = trained(TrainingData(bordered, bordered, 1), border=True)
    assert len(metrics[0]["validation_dice"]) == 1
    assert net(torch.zeros(1, 1, 64, 64)).shape[1] == 3
