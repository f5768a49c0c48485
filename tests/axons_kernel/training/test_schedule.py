"""The learning rate over a training, by steps or by time."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from axons_kernel.training.config import Schedule
from axons_kernel.training.schedule import LOWEST, Clock, rate_share


@pytest.mark.parametrize("schedule", get_args(Schedule))
def test_rises_once_to_the_full_rate_and_never_again(schedule: Schedule) -> None:
    rates = np.array([rate_share(schedule, progress, 0.1) for progress in np.linspace(0, 1, 1001)])
    peak = int(rates.argmax())
    assert rates.max() == pytest.approx(1, abs=0.001) and 0 < rates[0] < 0.05 and rates.min() > 0
    assert (np.diff(rates[: peak + 1]) >= 0).all() and (np.diff(rates[peak:]) <= 0).all()
    assert abs(np.diff(rates)).max() < 0.02  # no jump
    assert peak == (300 if schedule == "one_cycle" else 100)
    assert rates[-1] == {"constant": 1, "one_cycle": pytest.approx(1e-4)}.get(schedule, pytest.approx(LOWEST))
    assert rate_share(schedule, 1.5, 0.1) == rates[-1]


@pytest.mark.parametrize("schedule", get_args(Schedule))
def test_without_warming_up(schedule: Schedule) -> None:
    assert rate_share(schedule, 0.0, 0.0) == pytest.approx(0.04 if schedule == "one_cycle" else 1.0)


def test_time_counts_only_where_it_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("axons_kernel.training.schedule.time.monotonic", lambda: now[0])
    clock = Clock(max_minutes=1)
    now[0] += 30
    assert clock.seconds == 30 and clock.progress(0.6) == 0.6 and clock.progress(0.49) == 0.49
    assert clock.progress(0.4) == 0.5
    clock.leave_out(10)
    assert clock.seconds == 20
    now[0] += 41
    assert clock.progress(0.4) > 1
    assert Clock(1, seconds_before=45).progress(0.1) == 0.75
