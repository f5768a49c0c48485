"""The loss: small when right, blind to ignored pixels, and a gradient that helps."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from axons_kernel.training.config import TrainingConfig
from axons_kernel.training.losses import (
    IGNORE,
    DiceCrossEntropy,
    Focal,
    SegmentationLoss,
    Tversky,
    balanced_weights,
    loss_for,
    overlap_loss,
    pixel_loss,
)


@pytest.fixture
def target() -> Tensor:
    return torch.randint(0, 3, (2, 16, 16), generator=torch.Generator().manual_seed(0))


LOSSES = {
    "dice_ce": DiceCrossEntropy(torch.ones(3)),
    "focal": Focal(torch.ones(3)),
    "tversky": Tversky(torch.ones(3)),
    "focal_tversky": Tversky(torch.ones(3), focal=True),
}


@pytest.fixture(params=LOSSES)
def loss(request: pytest.FixtureRequest) -> SegmentationLoss:
    return LOSSES[request.param]


def scores_for(target: Tensor, certainty: float = 20.0) -> Tensor:
    return certainty * torch.nn.functional.one_hot(target.clamp(max=2), 3).movedim(-1, 1).float()


def test_perfect_prediction(loss: SegmentationLoss, target: Tensor) -> None:
    assert float(loss(scores_for(target), target)) < 2e-3


def test_wrong_prediction_costs_more_than_no_opinion(loss: SegmentationLoss, target: Tensor) -> None:
    right, none, wrong = (
        float(loss(scores_for(t, c), target)) for t, c in ((target, 5), (target, 0), ((target + 1) % 3, 5))
    )
    assert right < none < wrong


def test_ignored_pixels_do_not_count(loss: SegmentationLoss, target: Tensor) -> None:
    target[:, :8] = IGNORE
    scores = scores_for(target, 3)
    other = scores.clone()
    other[:, :, :8] = torch.randn(2, 3, 8, 16) * 9
    scores.requires_grad_()
    value = loss(scores, target)
    torch.testing.assert_close(loss(other, target), value.detach())
    value.backward()
    assert scores.grad is not None and not scores.grad[:, :, :8].any() and scores.grad[:, :, 8:].any()


def test_gradient_leads_to_the_target(loss: SegmentationLoss, target: Tensor) -> None:
    scores = torch.zeros(2, 3, 16, 16, requires_grad=True)
    optimizer = torch.optim.SGD([scores], lr=300)
    for _ in range(100):
        optimizer.zero_grad()
        loss(scores, target).backward()
        optimizer.step()
    assert (scores.argmax(1) == target).all()


def test_class_weights_count(target: Tensor) -> None:
    only = torch.zeros_like(target)
    only[:, :4] = 1
    scores = scores_for(torch.zeros_like(target), 2)  # misses class 1
    for kind in (DiceCrossEntropy, Focal):
        light, heavy = (kind(torch.tensor([1.0, w, 1.0]))(scores, only) for w in (1.0, 5.0))
        assert heavy > light


@pytest.mark.parametrize(
    ("counts", "weights"),
    [([100, 100], [1, 1]), ([900, 100], [0.5, 1.5]), ([900, 0, 100], [0.5, 0, 1.5]), ([5, 0], [1, 0])],
)
def test_balanced_weights(counts: list[int], weights: list[float]) -> None:
    torch.testing.assert_close(balanced_weights(torch.tensor(counts)), torch.tensor(weights, dtype=torch.float32))


def random_batch() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    return 2 * torch.randn(2, 4, 12, 10, generator=generator), torch.randint(0, 4, (2, 12, 10), generator=generator)


def test_values_are_those_of_another_library() -> None:
    from monai.losses import DiceCELoss, FocalLoss, TverskyLoss

    scores, target = random_batch()
    weights = torch.tensor([0.5, 1.0, 2.0, 0.7])
    how: dict[str, Any] = {"to_onehot_y": True, "softmax": True, "include_background": False, "batch": True}
    one = {**how, "smooth_nr": 1.0, "smooth_dr": 1.0}
    half = {**how, "smooth_nr": 0.5, "smooth_dr": 0.5}
    theirs = DiceCELoss(**one, weight=weights)  # it weights Dice, too, so the two are compared one by one
    torch.testing.assert_close(pixel_loss(scores, target, weights), theirs.ce(scores, target[:, None]))
    torch.testing.assert_close(
        DiceCrossEntropy(torch.ones(4))(scores, target), DiceCELoss(**one)(scores, target[:, None])
    )
    torch.testing.assert_close(
        Tversky(torch.ones(4), beta=0.7)(scores, target),
        TverskyLoss(**half, alpha=0.3, beta=0.7)(scores, target[:, None]),
    )
    focal = FocalLoss(gamma=2, use_softmax=True, to_onehot_y=True, include_background=True)  # its mean counts classes
    torch.testing.assert_close(Focal(torch.ones(4), 2)(scores, target), 4 * focal(scores, target[:, None]))


def test_focal_tversky_has_the_exponent_of_its_authors() -> None:
    scores, target = random_batch()
    plain = overlap_loss(scores, target, missed=0.7)
    torch.testing.assert_close(Tversky(torch.ones(4), focal=True)(scores, target), (plain**0.75).mean())


def test_beta_decides_which_mistake_costs_more() -> None:
    target = torch.zeros(1, 8, 8, dtype=torch.int64)
    target[:, :, :4] = 1
    missing, extra = target.clone(), target.clone()
    missing[:, :4], extra[:, :4] = 0, 1
    cost = Tversky(torch.ones(2), beta=0.9)
    found = [
        float(cost(20 * torch.nn.functional.one_hot(g, 2).movedim(-1, 1).float(), target)) for g in (missing, extra)
    ]
    assert found[0] > 2 * found[1]


def test_nothing_known_costs_nothing(loss: SegmentationLoss, target: Tensor) -> None:
    scores = torch.randn(2, 3, 16, 16, requires_grad=True)
    value = loss(scores, torch.full_like(target, IGNORE))
    value.backward()
    assert abs(float(value.detach())) < 1e-3 and scores.grad is not None and not scores.grad.any()


def test_terms_sum_up(loss: SegmentationLoss, target: Tensor) -> None:
    scores = torch.randn(2, 3, 16, 16)
    torch.testing.assert_close(sum(loss.terms(scores, target).values()), loss(scores, target))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("dice_ce", DiceCrossEntropy), ("focal", Focal), ("tversky", Tversky), ("focal_tversky", Tversky)],
)
def test_loss_of_a_config(name: Any, kind: type[SegmentationLoss]) -> None:
    counts = torch.tensor([900, 100])
    made = loss_for(TrainingConfig(loss=name, gamma=3, beta=0.6), counts)
    assert type(made) is kind and made.class_weights.tolist() == [0.5, 1.5]
    assert getattr(made, "focal", None) in (None, name == "focal_tversky")
    assert getattr(made, "gamma", 3) == 3 and getattr(made, "beta", 0.6) == 0.6
    assert loss_for(TrainingConfig(loss=name, class_weights="equal"), counts).class_weights.tolist() == [1, 1]
