"""Training: one loop that can be read on a screen, one line of metrics per epoch."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from .config import TrainingConfig
from .data import TrainingData
from .learner import Learner
from .loading import Crops
from .precision import deterministic
from .progress import Checkpoints, TrainingState, go_on
from .schedule import Clock, rate_share
from .troubles import check_tiles
from .validation import ignore, validate

Asked = Literal["go", "pause", "stop", "stop_after_epoch"]


@dataclass(frozen=True)
class Hooks:
    """Who is told of a training while it goes on, and who may stop it.

    `on_epoch(metrics, net)`: an epoch has ended, with the network as it is to be kept. `on_step(epoch, step, steps,
    samples)`: a step has ended; all count from 1. `on_guess(index, guess)`: class numbers (h, w) found on a validation
    tile. `on_checkpoint(state)`: all that it takes to go on from here. `on_message(text)`: what its author should know.
    `control()`, in every step: what the training is asked for.
    """

    on_epoch: Callable[[dict[str, Any], nn.Module], None] = ignore
    on_step: Callable[[int, int, int, int], None] = ignore
    on_guess: Callable[[int, Tensor], None] = ignore
    on_checkpoint: Callable[[TrainingState], None] = ignore
    on_message: Callable[[str], None] = ignore
    control: Callable[[], Asked] = lambda: "go"


def train(
    config: TrainingConfig, data: TrainingData, hooks: Hooks = Hooks(), *, state: TrainingState | None = None
) -> nn.Module:
    """Train a network and return it, from the start or from the `state` of a checkpoint.

    Raises TrainingError when there is nothing to learn from, or the training cannot go on.
    """
    check_tiles(data)
    torch.manual_seed(config.seed)
    learner, crops = Learner(config, data, hooks.on_message), Crops(config, data.train)
    at, clock = go_on(learner, state, config.max_minutes)
    checkpoints = Checkpoints(learner, at, clock, config.checkpoint_minutes, hooks.on_checkpoint)
    steps, progress = crops.steps, 0.0
    asked: Asked = "go"

    with deterministic(config.deterministic), closing(crops.batches(at.epoch * steps + at.step)) as batches:
        while at.epoch < config.epochs and progress < 1 and asked == "go":
            began, first = clock.seconds, at.step
            while at.step < steps and progress < 1:
                progress = clock.progress((at.epoch + at.step / steps) / config.epochs)
                learner.rate = config.learning_rate * rate_share(config.schedule, progress, config.warmup)
                at.add(learner.learn(next(batches)))
                hooks.on_step(at.epoch + 1, at.step, steps, config.batch)
                checkpoints.make_in_time(epoch_ends=False)
                if (asked := _asked(hooks, clock, checkpoints)) == "stop":
                    checkpoints.make()
                    break
            metrics = {"epoch": at.epoch + 1, "loss": at.loss, "learning_rate": learner.rate, "batch": learner.part}
            metrics["samples_per_s"] = config.batch * (at.step - first) / max(1e-9, clock.seconds - began)
            metrics |= validate(learner, data, hooks.on_guess)
            progress = clock.progress((at.epoch + at.step / steps) / config.epochs)
            hooks.on_epoch({**metrics, "progress": min(1.0, progress), "seconds": clock.seconds}, learner.judged)
            if asked == "stop":
                break  # in the middle of an epoch; there it can go on
            at.end_epoch(float(np.mean(metrics["validation_dice"])))
            if at.best.gives_up(config.patience):
                hooks.on_message(at.best.reason())
                break
            asked = _asked(hooks, clock, checkpoints) if asked == "go" else asked
            checkpoints.make_in_time(epoch_ends=True, at_once=asked != "go")
    return learner.judged


def _asked(hooks: Hooks, clock: Clock, checkpoints: Checkpoints) -> Asked:
    """What the training is asked for, once it is not asked to pause any more."""
    if (asked := hooks.control()) == "pause":
        began = time.monotonic()
        checkpoints.make()  # who pauses a training may well leave
        while (asked := hooks.control()) == "pause":
            time.sleep(0.1)
        clock.leave_out(time.monotonic() - began)
    return asked
