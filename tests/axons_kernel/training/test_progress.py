"""When checkpoints are made: within an epoch after some minutes, at its end unless they would take too much time."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest

from axons_kernel.training.progress import Checkpoints, Position


class Clock:
    seconds = 12.0


class Learner:
    def tensors(self) -> dict[str, Any]:
        return {}

    def numbers(self) -> dict[str, Any]:
        return {"rate": 0.1}


def test_checkpoints_take_little_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    made: list[float] = []
    monkeypatch.setattr("axons_kernel.training.progress.time.monotonic", lambda: now[0])

    def slow(state: Any) -> None:
        assert state.numbers["seconds"] == 12 and state.numbers["position"]["epoch"] == 3
        made.append(now[0])
        now[0] += 0.5

    checkpoints = Checkpoints(Learner(), Position(epoch=3), Clock(), 1.0, slow)  # type: ignore[arg-type]
    for second in range(200):  # epochs of one second
        now[0] = max(now[0], float(second))
        checkpoints.make_in_time(epoch_ends=True)
    assert len(made) == 8 and made[0] == 0 and min(b - a for a, b in pairwise(made)) >= 25
    before = len(made)
    checkpoints.make_in_time(epoch_ends=False)
    now[0] += 61
    checkpoints.make_in_time(epoch_ends=False)
    checkpoints.make_in_time(epoch_ends=False)
    assert len(made) == before + 1
    checkpoints.make_in_time(epoch_ends=True, at_once=True)
    assert len(made) == before + 2


def test_a_step_that_was_left_out_has_no_loss() -> None:
    position = Position()
    for loss in (1.0, math.nan, 2.0, math.inf):
        position.add(loss)
    assert position.step == 4 and position.loss == 1.5
    position.end_epoch(0.4)
    assert (position.epoch, position.step, position.loss, position.best.score) == (1, 0, 0.0, 0.4)
