"""The loss: small when right, blind to ignored pixels, and a gradient that helps."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from axons_kernel.training.losses import DiceCrossEntropy, balanced_weights

IGNORE = DiceCrossEntropy.IGNORE


@pytest.fixture
def target() -> Tensor:
    return torch.randint(0, 3, (2, 16, 16), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def loss() -> DiceCrossEntropy:
    return DiceCrossEntropy(torch.ones(3))


def scores_for(target: Tensor, certainty: float = 20.0) -> Tensor:
    return certainty * torch.nn.functional.one_hot(target.clamp(max=2), 3).movedim(-1, 1).float()


def test_perfect_prediction(loss: DiceCrossEntropy, target: Tensor) -> None:
    assert float(loss(scores_for(target), target)) < 1e-3


def test_wrong_prediction_costs_more_than_no_opinion(loss: DiceCrossEntropy, target: Tensor) -> None:
    right, none, wrong = (
        float(loss(scores_for(t, c), target)) for t, c in ((target, 5), (target, 0), ((target + 1) % 3, 5))
    )
    assert right < none < wrong


def test_ignored_pixels_do_not_count(loss: DiceCrossEntropy, target: Tensor) -> None:
    target[:, :8] = IGNORE
    scores = scores_for(target, 3)
    other = scores.clone()
    other[:, :, :8] = torch.randn(2, 3, 8, 16) * 9
    scores.requires_grad_()
    value = loss(scores, target)
    torch.testing.assert_close(loss(other, target), value.detach())
    value.backward()
    assert scores.grad is not None and not scores.grad[:, :, :8].any() and scores.grad[:, :, 8:].any()


def test_gradient_leads_to_the_target(loss: DiceCrossEntropy, target: Tensor) -> None:
    scores = torch.zeros(2, 3, 16, 16, requires_grad=True)
    optimizer = torch.optim.SGD([scores], lr=100)
    for _ in range(60):
        optimizer.zero_grad()
        loss(scores, target).backward()
        optimizer.step()
    assert (scores.argmax(1) == target).all()


def test_class_weights_count(target: Tensor) -> None:
    only = torch.zeros_like(target)
    only[:, :4] = 1
    scores = scores_for(torch.zeros_like(target), 2)  # misses class 1
    light, heavy = (DiceCrossEntropy(torch.tensor([1.0, w, 1.0]))(scores, only) for w in (1.0, 5.0))
    assert heavy > light


@pytest.mark.parametrize(
    ("counts", "weights"),
    [([100, 100], [1, 1]), ([900, 100], [0.5, 1.5]), ([900, 0, 100], [0.5, 0, 1.5]), ([5, 0], [1, 0])],
)
def test_balanced_weights(counts: list[int], weights: list[float]) -> None:
    torch.testing.assert_close(balanced_weights(torch.tensor(counts)), torch.tensor(weights, dtype=torch.float32))
