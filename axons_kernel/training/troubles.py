"""What goes wrong in a training, told so that its author knows what to do."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..errors import TrainingError
from ..tiling import Tile
from .config import TrainingConfig
from .data import TrainingData
from .loading import Batch, to_device


def check_tiles(data: TrainingData) -> None:
    """Raises TrainingError when there is no tile to train on, or tiles have other channels than are said."""
    if not data.train:
        raise TrainingError("No training tile holds a label: annotate some objects, then make a new training set.")
    for tiles in (data.train, data.validation):
        found = tiles[0].cut(Tile(0, 0, 1, 1)).pixels.shape[0] if tiles else data.channels
        if found != data.channels:
            raise TrainingError(
                f"The tiles have {found} channels, and the network is made for {data.channels}: say channels={found}."
            )


def check_learnable(counts: Tensor, classes: int) -> None:
    """`counts` are pixels per class number of all training tiles, background first.

    Raises TrainingError when no pixel has a label, or all have the same.
    """
    if not counts[1 : classes + 1].sum():
        raise TrainingError("No training tile holds a label: annotate some objects, then make a new training set.")
    if (counts[: classes + 1] > 0).sum() == 1:
        number = int(counts[: classes + 1].argmax())
        raise TrainingError(
            f"All labelled pixels of the training tiles are of class number {number}, so that there is nothing to tell "
            "it from: use tiles that show other classes or background, too."
        )


def too_large_for_memory(config: TrainingConfig, side: int) -> TrainingError:
    """When not even `side` x `side` pixels go through the network."""
    return TrainingError(
        f"Memory is not enough for a single crop of {side} x {side} pixels: train with a smaller crop "
        f"(now {config.crop}), width (now {config.width}) or depth (now {config.depth})."
    )


@torch.no_grad()
def not_a_number(net: nn.Module, loss_of: nn.Module, batch: Batch, rate: float, *, half: bool) -> TrainingError:
    """Why the loss of a batch is not a number: the pixels, the weights, the scores or a term of the loss."""
    device = next(net.parameters()).device
    pixels, target = to_device(batch, device)
    what = "The loss is not a number any more"
    if not pixels.isfinite().all():
        return TrainingError(
            f"{what}: pixels of a training image are no finite numbers. Look at the images of the training set and "
            "import the broken one again."
        )
    broken = [name for name, weight in net.named_parameters() if not weight.isfinite().all()]
    advice = f"train again with a smaller learning_rate, such as {rate / 4:.1g}"
    if half:
        advice += " or with amp=False"
    if broken:
        return TrainingError(
            f"{what}: the weights of {broken[0]} and {len(broken) - 1} others overflowed at a learning rate of "
            f"{rate:.2g}; {advice}."
        )
    scores = net(pixels)
    if not scores.isfinite().all():
        return TrainingError(f"{what}: the network's scores overflowed at a learning rate of {rate:.2g}; {advice}.")
    if half and loss_of(scores, target).isfinite():
        return TrainingError(f"{what}: numbers overflow in 16 bits, and do not in 32. Train again with amp=False.")
    terms = {name: float(value) for name, value in loss_of.terms(scores, target).items()}  # type: ignore[operator]
    told = ", ".join(f"{name} {value:.3g}" for name, value in terms.items())
    return TrainingError(
        f"{what} ({told}), though pixels, weights and scores are, at a learning rate of {rate:.2g}; {advice}."
    )
