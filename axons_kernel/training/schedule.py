"""How the learning rate goes: a warm-up, then a fall, over the steps or over the time, whichever runs out first."""

from __future__ import annotations

import math
import time

from .config import Schedule

LOWEST = 0.01  # share of the full learning rate at the end
_FIRST, _LAST = 0.04, 1e-4  # of a one-cycle schedule (Smith 2018, arXiv 1803.09820)


def rate_share(schedule: Schedule, progress: float, warmup: float) -> float:
    """Share of the full learning rate at `progress` 0..1 (and above: as at 1); `warmup` is the share of rising.

    After rising in a line, cosine falls along half a cosine, poly nearly in a line (as nnU-Net), constant stays;
    one_cycle rises and falls along half a cosine each, and its rise takes three tenths at least.
    """
    progress = min(1.0, progress)
    if schedule == "one_cycle":
        rise = max(0.3, warmup)
        if progress < rise:
            return _between(_FIRST, 1.0, progress / rise)
        return _between(1.0, _LAST, (progress - rise) / (1 - rise))
    if progress < warmup:
        return max(LOWEST, progress / warmup)
    if schedule == "constant":
        return 1.0
    fallen = (progress - warmup) / (1 - warmup)
    return max(LOWEST, (1 - fallen) ** 0.9) if schedule == "poly" else _between(1.0, LOWEST, fallen)


def _between(start: float, end: float, share: float) -> float:
    """From `start` to `end` along half a cosine."""
    return end + (start - end) * 0.5 * (1 + math.cos(math.pi * share))


class Clock:
    """The time that a training has taken: what an earlier process spent on it counts, pauses do not."""

    def __init__(self, max_minutes: float, seconds_before: float = 0.0):
        self._limit = 60 * max_minutes
        self._started = time.monotonic() - seconds_before

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return time.monotonic() - self._started

    def leave_out(self, seconds: float) -> None:
        """Do not count so many seconds: the training was paused."""
        self._started += seconds

    def progress(self, share: float) -> float:
        """How far the training is, 0..1 and above: by its steps (`share`), or by its time where that runs out first.

        The time counts only when it is 2 % ahead, so that a training with time enough does not depend on it: the
        same seed then gives the same weights.
        """
        time_share = self.seconds / self._limit
        return time_share if time_share >= 1 or time_share > share + 0.02 else share
