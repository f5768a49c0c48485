"""Training: one loop that can be read on a screen, one line of metrics per epoch."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import TrainingError
from .config import TrainingConfig
from .data import LabelledTile, class_counts, pad_to, random_batches
from .losses import DiceCrossEntropy, balanced_weights
from .unet import UNet, on_best_device


@dataclass(frozen=True)
class TrainingData:
    """The tiles of a training set, at the model's pixel size, and the number of classes without background."""

    train: Sequence[LabelledTile]
    validation: Sequence[LabelledTile]
    classes: int


OnEpoch = Callable[[dict[str, Any], UNet], None]


def train(
    config: TrainingConfig, data: TrainingData, *, on_epoch: OnEpoch, should_stop: Callable[[], bool] = lambda: False
) -> UNet:
    """Train a U-Net and return it. `on_epoch` gets each epoch's metrics and the network as it is then.

    Raises TrainingError when there is nothing to learn from or the loss is not a number any more.
    """
    torch.manual_seed(config.seed)
    counts = class_counts(data.train, data.classes) if data.train else torch.zeros(data.classes + 1)
    if not counts[1:].sum():
        raise TrainingError("No training tile holds a label: annotate some objects, then make a new training set.")
    net, device = on_best_device(UNet(data.classes, config.width, config.depth))
    loss_of = DiceCrossEntropy(balanced_weights(counts)).to(device)
    optimizer = torch.optim.AdamW(net.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    steps = max(4, round(sum(t.pixels.size for t in data.train) / (config.batch * config.crop**2)))
    started = time.monotonic()

    for epoch in range(config.epochs):
        net.train()
        total = 0.0
        for step, (images, target) in enumerate(
            random_batches(data.train, config.crop, config.batch, steps, seed=config.seed * 100_003 + epoch)
        ):
            progress = _progress((epoch + step / steps) / config.epochs, started, config.max_minutes)
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate * schedule(progress, warmup=0.03)
            scores = net(images.to(device, memory_format=torch.channels_last))  # (N, classes + 1, crop, crop)
            loss = loss_of(scores, target.to(device))
            total += _finite(loss)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)  # one odd batch must not throw the weights away
            optimizer.step()
            if progress >= 1 or should_stop():
                break
        metrics = validate(net, data.validation or data.train, data.classes, loss_of)
        done = _progress((epoch + 1) / config.epochs, started, config.max_minutes)
        metrics |= {"epoch": epoch + 1, "loss": total / (step + 1), "progress": min(1.0, done)}
        metrics["seconds"] = time.monotonic() - started
        on_epoch(metrics, net)
        if done >= 1 or should_stop():
            break
    return net


def _progress(share: float, started: float, max_minutes: float) -> float:
    """How far the training is, 0..1 and above: by its epochs, or by its time where that runs out first.

    The clock counts only when it is 2 % ahead, so that a training with time enough does not depend on it: the
    same seed then gives the same weights.
    """
    time_share = (time.monotonic() - started) / 60 / max_minutes
    return time_share if time_share >= 1 or time_share > share + 0.02 else share


def schedule(progress: float, warmup: float) -> float:
    """Share of the full learning rate at `progress` 0..1: linear warm-up, then a half cosine down to 1 %."""
    if progress < warmup:
        return max(0.01, progress / warmup)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - warmup) / (1 - warmup))))


def _finite(loss: Tensor) -> float:
    value = float(loss.detach())
    if not math.isfinite(value):
        raise TrainingError("The loss is not a number any more: train again with a smaller learning_rate.")
    return value


@torch.inference_mode()
def validate(net: UNet, tiles: Sequence[LabelledTile], classes: int, loss_of: nn.Module) -> dict[str, Any]:
    """Loss and Dice per class (list, in class order) over whole tiles, pixels of all tiles counted together."""
    net.eval()
    device = next(net.parameters()).device
    overlap, total = torch.zeros(classes + 1), torch.zeros(classes + 1)
    loss_sum = 0.0
    for tile in tiles:
        padded = pad_to(tile, 1, net.divisor)
        target = torch.from_numpy(padded.mask.astype("int64"))[None].to(device)
        scores = net(torch.from_numpy(padded.pixels)[None, None].to(device, memory_format=torch.channels_last))
        loss_sum += float(loss_of(scores, target))
        guess = scores.argmax(dim=1)
        for number in range(1, classes + 1):
            found, known = (guess == number) & (target != DiceCrossEntropy.IGNORE), target == number
            overlap[number] += (found & known).sum().cpu()
            total[number] += found.sum().cpu() + known.sum().cpu()
    dice = (2 * overlap / total.clamp(min=1))[1:].tolist()
    return {"validation_loss": loss_sum / len(tiles), "validation_dice": dice}
