"""How good a network is on tiles that it does not learn from."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .data import IGNORE, TrainingData, TrainingTile, blocks, pad_to
from .learner import Learner
from .loading import to_device
from .memory import is_out_of_memory
from .troubles import not_a_number


def ignore(*_: Any) -> None:
    """Where nobody listens."""


@torch.inference_mode()
def validate(learner: Learner, data: TrainingData, on_guess: Callable[[int, Tensor], None] = ignore) -> dict[str, Any]:
    """Loss and Dice per class (list, in class order) over whole validation tiles, or training tiles where there are
    none, pixels of all tiles counted together.

    A border between objects counts as background. `on_guess(index, guess)` gets the class numbers (h, w) of each tile.
    """
    tiles, classes = data.validation or data.train, data.classes
    learner.judged.eval()
    together = np.zeros((classes + 1, classes + 1), np.int64)  # pixels by known and guessed class
    loss_sum = 0.0
    for index, tile in enumerate(tiles):
        guess, loss = _guess_what_fits(learner, tile, classes)
        loss_sum += loss
        together += _counted(tile.mask, guess, classes)
        on_guess(index, torch.from_numpy(guess))
    return {"validation_loss": loss_sum / len(tiles), "validation_dice": _dice(together)}


def _guess_what_fits(learner: Learner, tile: TrainingTile, classes: int) -> tuple[NDArray[np.uint8], float]:
    while True:
        try:
            return _guess(learner, tile, classes)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        learner.lower_block()


def _guess(learner: Learner, tile: TrainingTile, classes: int) -> tuple[NDArray[np.uint8], float]:
    """(h, w) class numbers that the network finds on a tile, block by block, and the loss."""
    guess, mean = np.empty(tile.shape, np.uint8), 0.0
    for block in blocks(tile.shape, learner.block):
        padded = pad_to(tile.cut(block), 1, learner.divisor)
        batch = torch.from_numpy(padded.pixels)[None], torch.from_numpy(padded.mask)[None]
        images, target = to_device(batch, learner.device)
        with learner.precision.autocast():
            scores = learner.judged(images)
        loss = float(learner.loss_of(scores.float(), target))
        if not math.isfinite(loss):
            raise not_a_number(learner.judged, learner.loss_of, batch, learner.rate, half=learner.precision.half)
        mean += loss * block.width * block.height / guess.size
        found = scores.argmax(dim=1)[0, : block.height, : block.width].to(torch.uint8).cpu().numpy()
        block.cut(guess)[...] = np.where(found > classes, 0, found)
    return guess, mean


def _counted(mask: NDArray[np.uint8], guess: NDArray[np.uint8], classes: int) -> NDArray[np.int64]:
    """(classes + 1, classes + 1) pixels by known and guessed class; what is not known is left out."""
    known = mask != IGNORE
    target = np.where(mask > classes, 0, mask)[known].astype(np.int64)
    n = classes + 1
    return np.bincount(target * n + guess[known], minlength=n * n).reshape(n, n)


def _dice(together: NDArray[np.int64]) -> list[float]:
    """Per class; 0 where the class is neither there nor found."""
    totals = np.maximum(1, together.sum(axis=0) + together.sum(axis=1))
    return [float(dice) for dice in (2 * together.diagonal() / totals)[1:]]
