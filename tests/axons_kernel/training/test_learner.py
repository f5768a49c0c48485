"""One step of learning when things go wrong: memory runs out, numbers overflow, a loss is not a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from axons_kernel.errors import TrainingError
from axons_kernel.training import learner as learner_module
from axons_kernel.training.config import TrainingConfig
from axons_kernel.training.data import LabelledTile, TrainingData
from axons_kernel.training.learner import Learner
from axons_kernel.training.loading import Batch, Crops
from axons_kernel.training.memory import is_out_of_memory
from axons_kernel.training.networks import build
from axons_kernel.training.precision import Precision
from axons_kernel.training.validation import validate

from .conftest import TINY

Train = Callable[..., tuple[nn.Module, list[dict[str, Any]]]]


def out_of_memory(kind: str) -> Exception:
    return {
        "gpu": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        "cpu": RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried"
        ),
        "python": MemoryError(),
    }[kind]


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, str], None]:
    """small_memory(most, kind): a network has room for so many samples at once."""

    def limit(most: int, kind: str = "gpu") -> None:
        def limited(spec: Any) -> nn.Module:
            net = build(spec)

            def check(module: nn.Module, args: tuple[torch.Tensor]) -> None:
                if module.training and len(args[0]) > most:
                    raise out_of_memory(kind)

            net.register_forward_pre_hook(check)
            return net

        monkeypatch.setattr(learner_module, "build", limited)

    return limit


def test_the_real_error_of_the_cpu_is_known() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 60)
    assert is_out_of_memory(caught.value)
    assert not is_out_of_memory(RuntimeError("shapes do not fit")) and not is_out_of_memory(ValueError("memory"))


@pytest.mark.parametrize("kind", ["gpu", "cpu", "python"])
def test_memory_that_runs_out_lowers_the_batch(trained: Train, small_memory: Any, kind: str) -> None:
    small_memory(2, kind)
    messages: list[str] = []
    _, metrics = trained(batch=8, on_message=messages.append)
    assert [line["batch"] for line in metrics] == [2, 2]
    assert messages == [
        f"Memory ran out: batches of 8 now go through the network {part} at a time. The training goes on, a little "
        "slower."
        for part in (4, 2)
    ]


def test_a_batch_in_parts_learns_nearly_the_same(data: TrainingData, small_memory: Any) -> None:
    """The gradient is that of the whole batch: here without batch statistics, which are of the parts."""
    weights = []
    for most in (8, 3):
        small_memory(most)
        torch.manual_seed(0)
        config = TrainingConfig(**TINY | {"batch": 8, "architecture": "dynunet", "class_weights": "equal"})
        learner = Learner(config, data, lambda _: None)
        learner.learn(Crops(config, data.train).batch(0))
        assert learner.part == (8 if most == 8 else 2)
        weights.append(next(p.grad for p in learner.net.parameters() if p.grad is not None))
    similarity = torch.nn.functional.cosine_similarity(weights[0].flatten(), weights[1].flatten(), dim=0)
    assert similarity > 0.9


def test_not_enough_memory_for_one_crop(trained: Train, small_memory: Any) -> None:
    small_memory(0)
    with pytest.raises(
        TrainingError, match=r"not enough for a single crop of 64 x 64 pixels: train with a smaller crop"
    ):
        trained()


@pytest.mark.parametrize("least", [64, 1])
def test_memory_that_runs_out_in_validation(data: TrainingData, monkeypatch: pytest.MonkeyPatch, least: int) -> None:
    messages: list[str] = []
    learner = Learner(TrainingConfig(**TINY), data, messages.append)
    whole = validate(learner, data)

    def check(module: nn.Module, args: tuple[torch.Tensor]) -> None:
        if args[0].shape[-1] > least:
            raise torch.OutOfMemoryError("CUDA out of memory")

    learner.net.register_forward_pre_hook(check)
    if least == 1:
        with pytest.raises(TrainingError, match="not enough for a single crop of 8 x 8 pixels"):
            validate(learner, data)
    else:
        in_blocks = validate(learner, data)
        assert in_blocks["validation_loss"] == pytest.approx(whole["validation_loss"], rel=0.05)
        assert messages[-1] == "Memory ran out: tiles are validated in blocks of 64 x 64 pixels from now on."


def test_an_error_that_is_not_memory_comes_out(trained: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Learner, "_step", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        trained()


# -- losses that are not numbers -----------------------------------------------------------------------------------


def test_pixels_that_are_not_numbers(trained: Train, data: TrainingData) -> None:
    broken = LabelledTile(data.train[0].pixels * np.float32(np.nan), data.train[0].mask)
    saved: list[Any] = []
    with pytest.raises(TrainingError, match="not a number any more: pixels of a training image are no finite numbers"):
        trained(TrainingData([broken], [], 1), on_epoch=lambda *epoch: saved.append(epoch), augmentation="none")
    assert saved == []


@pytest.fixture
def learner(data: TrainingData) -> Learner:
    learner = Learner(TrainingConfig(**TINY), data, lambda _: None)
    learner.rate = 0.02
    return learner


@pytest.fixture
def batch(data: TrainingData) -> Batch:
    return Crops(TrainingConfig(**TINY), data.train).batch(0)


def test_weights_that_overflowed(learner: Learner, batch: Batch) -> None:
    with torch.no_grad():
        next(learner.net.parameters()).fill_(np.inf)
    with pytest.raises(
        TrainingError,
        match=r"weights of net\S+ and 0 others overflowed at a learning rate of 0\.02; train again with a "
        r"smaller learning_rate, such as 0\.005\.",
    ):
        learner.learn(batch)


def test_scores_that_overflowed(learner: Learner, batch: Batch) -> None:
    with torch.no_grad():
        for weight in learner.net.parameters():
            weight.fill_(1e30)
    with pytest.raises(TrainingError, match=r"the network's scores overflowed at a learning rate of 0\.02"):
        learner.learn(batch)


def test_a_term_of_the_loss_that_is_not_a_number(learner: Learner, batch: Batch) -> None:
    class Broken(nn.Module):
        def forward(self, scores: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return sum(self.terms(scores, target).values(), torch.zeros(()))

        def terms(self, scores: torch.Tensor, target: torch.Tensor) -> dict[str, torch.Tensor]:
            return {"dice": scores.mean(), "focal": scores.mean() * np.nan}

    learner.loss_of = Broken()
    with pytest.raises(TrainingError, match=r"\(dice -?\d\S+, focal nan\), though pixels, weights and scores are"):
        learner.learn(batch)


def test_nothing_changes_when_the_loss_is_not_a_number(learner: Learner, batch: Batch) -> None:
    before = {name: value.clone() for name, value in learner.net.named_parameters()}
    learner.loss_of = nn.CrossEntropyLoss(torch.tensor([np.nan, 1.0]), ignore_index=255)
    learner.loss_of.terms = lambda scores, target: {}  # type: ignore[assignment]
    with pytest.raises(TrainingError):
        learner.learn(batch)
    assert all(torch.equal(value, before[name]) for name, value in learner.net.named_parameters())


# -- 16 bits, as on a GPU -----------------------------------------------------------------------------------------


@pytest.fixture
def half(learner: Learner) -> Learner:
    """A learner that computes in 16 bits, on the CPU."""
    precision = Precision(learner.device, amp=True)
    assert not precision.half  # the CPU never does by itself
    precision.half, precision.scaler = True, torch.amp.GradScaler("cpu")
    learner.precision = precision
    return learner


def test_learns_in_16_bits(half: Learner, batch: Batch) -> None:
    losses = [half.learn(batch) for _ in range(12)]
    assert losses[-1] < losses[0] - 0.1
    assert all(weight.dtype == torch.float32 for weight in half.net.parameters())


def test_a_step_that_overflows_in_16_bits_is_left_out(half: Learner, batch: Batch) -> None:
    half.learn(batch)
    before = [value.clone() for value in half.net.parameters()]
    scale = half.precision.scaler.get_scale()
    assert not np.isfinite(half.learn((batch[0] * 1e30, batch[1])))
    assert half.skipped == 1 and half.precision.scaler.get_scale() == scale / 2
    assert all(torch.equal(a, b) for a, b in zip(half.net.parameters(), before, strict=True))
    assert np.isfinite(half.learn(batch)) and half.skipped == 0


def test_many_steps_that_overflow_in_16_bits_end_the_training(half: Learner, batch: Batch) -> None:
    with pytest.raises(TrainingError, match=r"overflow in 16 bits, and do not in 32\. Train again with amp=False"):
        for _ in range(100):
            half.learn((batch[0] * 1e5, batch[1]))
    assert half.skipped == 21


def test_16_bits_go_on_as_they_were(half: Learner, batch: Batch) -> None:
    half.learn((batch[0] * 1e30, batch[1]))
    half.learn(batch)
    tensors, numbers = half.tensors(), half.numbers()
    scale = half.precision.scaler.get_scale()
    half.learn((batch[0] * 1e30, batch[1]))
    half.restore(tensors, numbers)
    assert half.precision.scaler.get_scale() == scale and half.skipped == 0


@pytest.mark.gpu
def test_on_a_gpu(trained: Train) -> None:
    if not torch.cuda.is_available():
        pytest.skip("there is no GPU here")
    states: list[Any] = []
    net, metrics = trained(epochs=6, width=8, batch=4, learning_rate=1e-2, on_checkpoint=states.append)
    assert next(net.parameters()).is_cuda and metrics[-1]["validation_dice"][0] > 0.8
    assert states[0].numbers["learner"]["scaler"]["scale"] > 0
    trained(state=states[0], epochs=6, width=8, batch=4, learning_rate=1e-2)
