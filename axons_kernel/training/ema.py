"""A second set of weights that follows the trained ones slowly: the noise of single steps averages out."""

from __future__ import annotations

import copy
from typing import Any, cast

import torch
from torch import Tensor, nn


class MovingAverage:
    """Exponential moving average of a network's weights (Polyak and Juditsky 1992); `decay` is what stays per step.

    `net` is the averaged network, in evaluation mode. The average forgets the random start quickly: after t steps the
    decay is at most (1 + t) / (10 + t).
    """

    def __init__(self, net: nn.Module, decay: float):
        self.net = copy.deepcopy(net).requires_grad_(False).eval()
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, net: nn.Module) -> None:
        """Move a little towards `net`; counters and the like are copied."""
        self.steps += 1
        towards = 1 - min(self.decay, (1 + self.steps) / (10 + self.steps))
        mine, theirs = self.net.state_dict(), net.state_dict()
        real = [name for name, value in mine.items() if value.is_floating_point()]
        torch._foreach_lerp_([mine[n] for n in real], [theirs[n] for n in real], towards)
        for name in mine.keys() - set(real):
            mine[name].copy_(theirs[name])

    def state(self) -> dict[str, Tensor]:
        """The averaged weights and the number of steps."""
        return {**self.net.state_dict(), "ema.steps": torch.tensor(self.steps)}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        weights = dict(state)
        self.steps = int(cast(Tensor, weights.pop("ema.steps")))
        self.net.load_state_dict(weights)
