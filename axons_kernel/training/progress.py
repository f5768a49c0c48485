"""How far a training is, and what of it is kept so that it can go on later."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from torch import Tensor

from .early_stopping import Best
from .learner import Learner
from .schedule import Clock


@dataclass(frozen=True)
class TrainingState:
    """All that it takes to go on with a training as if it had not been interrupted: tensors, and JSON values."""

    tensors: dict[str, Tensor]
    numbers: dict[str, Any]


@dataclass
class Position:
    """`epoch` epochs are done, and of the one after them `step` steps, with the sum of `counted` losses."""

    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    counted: int = 0
    best: Best = field(default_factory=Best)

    def add(self, loss: float) -> None:
        """A step is done; one that was left out has no loss that counts."""
        self.step += 1
        if math.isfinite(loss):
            self.loss_sum += loss
            self.counted += 1

    @property
    def loss(self) -> float:
        """The mean loss of the epoch so far."""
        return self.loss_sum / max(1, self.counted)

    def end_epoch(self, score: float) -> None:
        """The epoch is done, with this mean validation Dice."""
        self.epoch += 1
        self.best = self.best.after(self.epoch, score)
        self.step, self.loss_sum, self.counted = 0, 0.0, 0


class Checkpoints:
    """Makes checkpoints: within an epoch every so many minutes, at its end unless that is too soon.

    They take at most about a fiftieth of the time, however short the epochs are.
    """

    _SHARE = 50

    def __init__(
        self,
        learner: Learner,
        at: Position,
        clock: Clock,
        minutes: float,
        on_checkpoint: Callable[[TrainingState], None],
    ):
        self._learner, self._at, self._clock = learner, at, clock
        self._every, self._on_checkpoint = 60 * minutes, on_checkpoint
        self._took, self._last = 0.0, time.monotonic()

    def make(self) -> None:
        """Make one now."""
        began = time.monotonic()
        numbers = {"position": asdict(self._at), "seconds": self._clock.seconds, "learner": self._learner.numbers()}
        self._on_checkpoint(TrainingState(self._learner.tensors(), numbers))
        self._last = time.monotonic()
        self._took = self._last - began

    def make_in_time(self, *, epoch_ends: bool, at_once: bool = False) -> None:
        """Make one, if it is time for it."""
        if at_once or time.monotonic() - self._last >= (self._SHARE * self._took if epoch_ends else self._every):
            self.make()


def go_on(learner: Learner, state: TrainingState | None, max_minutes: float) -> tuple[Position, Clock]:
    """Where a training starts: at its beginning, or at `state`, of which the learner takes what it had learned."""
    if state is None:
        return Position(), Clock(max_minutes)
    learner.restore(state.tensors, state.numbers["learner"])
    position = state.numbers["position"]
    return Position(**{**position, "best": Best(**position["best"])}), Clock(max_minutes, state.numbers["seconds"])
