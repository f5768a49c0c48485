"""One step of learning, and all that a training has to remember between steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import TrainingError
from .config import TrainingConfig
from .data import BLOCK, IGNORE, TrainingData, class_counts
from .ema import MovingAverage
from .loading import Batch, to_device
from .losses import loss_for
from .memory import free_cached_memory, is_out_of_memory
from .networks import build, on_best_device
from .precision import Precision
from .troubles import check_learnable, not_a_number, too_large_for_memory

_MOST_SKIPPED = 20  # steps in a row; in 16 bits some overflow until the loss is scaled well


class Learner:
    """A network that learns from batches. `part` is how many samples go through it at once, `block` the side of what
    is validated at once, `skipped` how many steps in a row were left out because numbers overflowed in 16 bits."""

    def __init__(self, config: TrainingConfig, data: TrainingData, on_message: Callable[[str], None]):
        """Raises TrainingError when there is nothing to learn from."""
        counts = class_counts(data.train, data.classes + 1 + config.border)
        check_learnable(counts, data.classes)
        self.config, self._say = config, on_message
        spec = config.network(data.classes, data.channels)
        self.net, self.device = on_best_device(build(spec))
        self.divisor = spec.divisor
        self.loss_of: nn.Module = loss_for(config, counts).to(self.device)
        self.precision = Precision(self.device, amp=config.amp)
        self.average = MovingAverage(self.net, config.ema) if config.ema else None
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        self.part, self.block, self.skipped = config.batch, BLOCK, 0

    @property
    def judged(self) -> nn.Module:
        """The network to validate and to keep: with averaged weights, where they are averaged."""
        return self.average.net if self.average else self.net

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return float(self.optimizer.param_groups[0]["lr"])

    @rate.setter
    def rate(self, value: float) -> None:
        """Set it."""
        for group in self.optimizer.param_groups:
            group["lr"] = value

    def learn(self, batch: Batch) -> float:
        """One step; returns the loss, NaN when the step was left out.

        When memory runs out, the batch goes through in smaller parts from then on. Raises TrainingError when the loss
        is not a number, or one sample alone is too large for the memory.
        """
        if (batch[1] == IGNORE).all():  # there is nothing to learn from
            return math.nan
        while True:
            try:
                return self._step(batch)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            self._lower_part(batch)  # not in the block above: there, the error keeps the step's tensors alive

    def _step(self, batch: Batch) -> float:
        self.net.train()
        self.optimizer.zero_grad(set_to_none=True)
        scaler, total = self.precision.scaler, torch.zeros((), device=self.device)
        for start in range(0, len(batch[0]), self.part):
            images, masks = (values[start : start + self.part] for values in batch)
            if (masks == IGNORE).all():
                continue
            pixels, target = to_device((images, masks), self.device)
            with self.precision.autocast():
                scores = self.net(pixels)  # (n, classes + 1, crop, crop)
            loss = self.loss_of(scores.float(), target) * (len(images) / len(batch[0]))
            scaler.scale(loss).backward()
            total += loss.detach()
        value = float(total)
        if not math.isfinite(value):
            self._skip_or_stop(batch)
        else:
            self.skipped = 0
        scaler.unscale_(self.optimizer)
        if self.config.clip:
            nn.utils.clip_grad_norm_(self.net.parameters(), self.config.clip)
        scaler.step(self.optimizer)  # leaves the step out when numbers overflowed
        scaler.update()
        if self.average:
            self.average.update(self.net)
        return value

    def _skip_or_stop(self, batch: Batch) -> None:
        self.skipped += 1
        if not self.precision.half or self.skipped > _MOST_SKIPPED:
            raise not_a_number(self.net, self.loss_of, batch, self.rate, half=self.precision.half)

    def lower_block(self) -> None:
        """Memory ran out while tiles were validated: do so in smaller blocks. Raises TrainingError at the smallest."""
        free_cached_memory()
        if self.block <= 2 * self.divisor:
            raise too_large_for_memory(self.config, self.block)
        self.block //= 2
        self._say(f"Memory ran out: tiles are validated in blocks of {self.block} x {self.block} pixels from now on.")

    def _lower_part(self, batch: Batch) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        free_cached_memory()
        if self.part == 1:
            raise too_large_for_memory(self.config, batch[0].shape[-1])
        self.part = (self.part + 1) // 2
        self._say(
            f"Memory ran out: batches of {len(batch[0])} now go through the network {self.part} at a time. "
            "The training goes on, a little slower."
        )

    # -- what a checkpoint holds --------------------------------------------------------------------------------

    def tensors(self) -> dict[str, Tensor]:
        """Weights, moving average, the optimizer's memory and torch's random state, on the CPU."""
        found = {f"net/{name}": value for name, value in self.net.state_dict().items()}
        if self.average:
            found |= {f"average/{name}": value for name, value in self.average.state().items()}
        for index, memory in self.optimizer.state_dict()["state"].items():
            found |= {f"optimizer/{index}/{name}": value for name, value in memory.items()}
        found["random/cpu"] = torch.get_rng_state()
        if self.device.type == "cuda":
            found["random/cuda"] = torch.cuda.get_rng_state(self.device)
        return {name: value.detach().to("cpu", copy=True) for name, value in found.items()}

    def numbers(self) -> dict[str, Any]:
        """What else it remembers, as plain numbers."""
        scaler = self.precision.scaler.state_dict()
        return {"rate": self.rate, "part": self.part, "skipped": self.skipped, "scaler": scaler}

    def restore(self, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
        """Go on from what `tensors` and `numbers` gave. Raises TrainingError when they are of another network."""
        groups: dict[str, dict[str, Tensor]] = {"net": {}, "average": {}, "optimizer": {}, "random": {}}
        for name, value in tensors.items():
            group, _, rest = name.partition("/")
            groups[group][rest] = value
        memory: dict[int, dict[str, Tensor]] = {}
        for name, value in groups["optimizer"].items():
            index, _, rest = name.partition("/")
            memory.setdefault(int(index), {})[rest] = value
        try:
            self.net.load_state_dict(groups["net"])
            if self.average:
                self.average.load(groups["average"])
            self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": memory})
        except (RuntimeError, KeyError, ValueError) as error:
            raise TrainingError(f"The checkpoint is of another training than this one: {error}") from error
        torch.set_rng_state(groups["random"]["cpu"])
        if self.device.type == "cuda" and "cuda" in groups["random"]:
            torch.cuda.set_rng_state(groups["random"]["cuda"], self.device)
        self.rate, self.part, self.skipped = numbers["rate"], numbers["part"], numbers["skipped"]
        if numbers["scaler"]:
            self.precision.scaler.load_state_dict(numbers["scaler"])
