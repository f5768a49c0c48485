"""What a run has reached: its best epoch and how long it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def mean_dice(line: Mapping[str, Any]) -> float:
    """The mean over classes of an epoch's validation Dice; what the best epoch is chosen by."""
    return float(np.mean(line["validation_dice"]))


def best_epoch(metrics: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The line of metrics with the highest mean Dice, the first of those that are equal; None before the first."""
    return max(metrics, key=mean_dice, default=None)


def duration(seconds: float) -> str:
    """As people say it: 45 s, 3 min 20 s, 1 h 5 min."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min" + (f" {rest} s" if rest else "")
    return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")
