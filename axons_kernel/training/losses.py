"""The loss: cross-entropy says which class each pixel is, Dice says how well each class overlaps."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class DiceCrossEntropy(nn.Module):
    """Mean of class-weighted cross-entropy and soft Dice loss (Milletari et al. 2016, arXiv 1606.04797).

    Shape: `scores` (N, C, H, W), `target` (N, H, W) int64 with class numbers; pixels of `IGNORE` do not count.
    """

    IGNORE = 255

    def __init__(self, class_weights: Tensor):
        super().__init__()
        self.register_buffer("class_weights", class_weights)
        self.cross_entropy = nn.CrossEntropyLoss(class_weights, ignore_index=self.IGNORE)

    def forward(self, scores: Tensor, target: Tensor) -> Tensor:
        """The loss of a batch, a single number."""
        known = (target != self.IGNORE).unsqueeze(1)  # (N, 1, H, W)
        probability = scores.softmax(dim=1) * known
        one_hot = nn.functional.one_hot(target * known[:, 0], scores.shape[1]).movedim(-1, 1) * known
        overlap = (probability * one_hot).sum(dim=(0, 2, 3))
        total = (probability + one_hot).sum(dim=(0, 2, 3))
        dice = 1 - (2 * overlap + 1) / (total + 1)  # (C,); the 1 keeps an absent class from dividing by zero
        loss: Tensor = self.cross_entropy(scores, target) + dice[1:].mean()
        return loss


def balanced_weights(pixel_counts: Tensor) -> Tensor:
    """(C,) weights that grow with the square root of a class's rarity, with mean 1; an absent class gets 0.

    The full inverse frequency would let a very rare class drown the others.
    """
    present = pixel_counts > 0
    weights = torch.zeros(len(pixel_counts))
    weights[present] = (pixel_counts[present].sum() / pixel_counts[present].float()).sqrt()
    return weights / weights[present].mean()
