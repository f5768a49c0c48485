"""Losses: what a training makes small. All leave pixels of `IGNORE` out, and are 0 where there is no other pixel.

Shapes, for all: `scores` (N, C, H, W) float, `target` (N, H, W) int64 with class numbers, 0 is background;
`class_weights` (C,) float. `terms` gives the named parts, of which the loss is the sum.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..errors import InputError
from .config import TrainingConfig

IGNORE = 255
_FOCAL_TVERSKY = 3 / 4  # the exponent 1 / gamma of Abraham and Khan, whose best gamma is 4 / 3


class SegmentationLoss(nn.Module):
    """The sum of its terms."""

    IGNORE = IGNORE
    class_weights: Tensor

    def __init__(self, class_weights: Tensor):
        super().__init__()
        self.register_buffer("class_weights", class_weights.float())

    def terms(self, scores: Tensor, target: Tensor) -> dict[str, Tensor]:
        """The parts of the loss by name, a single number each."""
        raise NotImplementedError

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        """The loss of a batch, a single number."""
        return torch.stack(list(self.terms(scores, target).values())).sum()


class DiceCrossEntropy(SegmentationLoss):
    """Cross-entropy says which class each pixel is, soft Dice how well each class overlaps (Milletari et al. 2016,
    arXiv 1606.04797). Their sum is what nnU-Net trains with."""

    def terms(self, scores: Tensor, target: Tensor) -> dict[str, Tensor]:
        """`cross_entropy` with class weights, and `dice`: 1 - 2 TP / (2 TP + FP + FN), mean over the classes."""
        return {
            "cross_entropy": pixel_loss(scores, target, self.class_weights),
            "dice": overlap_loss(scores, target, missed=0.5).mean(),
        }


class Focal(SegmentationLoss):
    """Cross-entropy of which a pixel counts less the surer it is right: -(1 - p)^gamma log p of its class (Lin et al.
    2017, arXiv 1708.02002). For much easy background. `gamma` 0 is cross-entropy."""

    def __init__(self, class_weights: Tensor, gamma: float = 2.0):
        super().__init__(class_weights)
        self.gamma = gamma

    def terms(self, scores: Tensor, target: Tensor) -> dict[str, Tensor]:
        """`focal`, weighted by class."""
        return {"focal": pixel_loss(scores, target, self.class_weights, self.gamma)}


class Tversky(SegmentationLoss):
    """1 - TP / (TP + beta FN + (1 - beta) FP), weighted mean over the classes (Salehi et al. 2017, arXiv 1706.05721).

    `beta` above 0.5 makes a missed pixel cost more than an extra one; 0.5 is soft Dice. With `focal`, each class's
    loss has the exponent 3/4 (Abraham and Khan 2018, arXiv 1810.07842), so that small objects are learned to the
    end."""

    def __init__(self, class_weights: Tensor, beta: float = 0.7, *, focal: bool = False):
        super().__init__(class_weights)
        self.beta, self.focal = beta, focal

    def terms(self, scores: Tensor, target: Tensor) -> dict[str, Tensor]:
        """`tversky`."""
        loss = overlap_loss(scores, target, missed=self.beta)
        if self.focal:
            loss = loss.clamp(min=1e-6) ** _FOCAL_TVERSKY  # the slope at 0 is infinite
        weights = self.class_weights[1:]
        return {"tversky": (weights * loss).sum() / weights.sum().clamp(min=1e-6)}


def pixel_loss(scores: Tensor, target: Tensor, weights: Tensor, gamma: float = 0.0) -> Tensor:
    """Mean of -(1 - p)^gamma log p over pixels, each with the weight of its class; 0 where no pixel has a weight."""
    known = target != IGNORE
    true = (target * known).unsqueeze(1)
    log_p = scores.log_softmax(dim=1).gather(1, true)[:, 0]  # (N, H, W)
    weight = weights[true[:, 0]] * known
    hard = (1 - log_p.exp()).clamp(min=0) ** gamma if gamma else 1.0
    loss: Tensor = -(weight * hard * log_p).sum() / weight.sum().clamp(min=1e-6)
    return loss


def overlap_loss(scores: Tensor, target: Tensor, missed: float) -> Tensor:
    """(C - 1,) soft loss 1 - TP / (TP + missed FN + (1 - missed) FP) per class but background, over the whole batch.

    Half a pixel is added to both sides, which keeps an absent class from dividing by zero.
    """
    known = (target != IGNORE).unsqueeze(1)  # (N, 1, H, W)
    p = scores.softmax(dim=1) * known
    true = nn.functional.one_hot(target * known[:, 0], scores.shape[1]).movedim(-1, 1) * known
    found = (p * true).sum(dim=(0, 2, 3))
    cost = missed * (true.sum(dim=(0, 2, 3)) - found) + (1 - missed) * (p.sum(dim=(0, 2, 3)) - found)
    return (1 - (found + 0.5) / (found + cost + 0.5))[1:]


def balanced_weights(pixel_counts: Tensor) -> Tensor:
    """(C,) weights that grow with the square root of a class's rarity, with mean 1; an absent class gets 0.

    The full inverse frequency would let a very rare class drown the others.
    """
    present = pixel_counts > 0
    weights = torch.zeros(len(pixel_counts))
    weights[present] = (pixel_counts[present].sum() / pixel_counts[present].float()).sqrt()
    return weights / weights[present].mean()


def loss_for(config: TrainingConfig, pixel_counts: Tensor) -> SegmentationLoss:
    """The loss of a training; `pixel_counts` (C,) are the training tiles' pixels per class number."""
    equal = config.class_weights == "equal"
    weights = torch.ones(len(pixel_counts)) if equal else balanced_weights(pixel_counts)
    match config.loss:
        case "dice_ce":
            return DiceCrossEntropy(weights)
        case "focal":
            return Focal(weights, config.gamma)
        case "tversky" | "focal_tversky":
            return Tversky(weights, config.beta, focal=config.loss == "focal_tversky")
    raise InputError(f"loss={config.loss!r} is not known.")
