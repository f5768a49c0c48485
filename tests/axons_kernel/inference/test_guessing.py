"""The network's answers: folded, in batches that fit, turned and mirrored, at any size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from axons_kernel.errors import TrainingError
from axons_kernel.inference.fusing import fused
from axons_kernel.inference.guessing import TURNS, Guesser, out_of_memory
from axons_kernel.training.networks import Network, NetworkSpec, build

RNG = np.random.default_rng(0)
MakeNetwork = Callable[..., Network]


def images(count: int = 1, shape: tuple[int, int] = (64, 64), channels: int = 1) -> Any:
    return RNG.normal(size=(count, channels, *shape)).astype(np.float32)


def answers(net: nn.Module, windows: Any) -> Any:
    with torch.inference_mode():
        return net(torch.from_numpy(windows)).softmax(1).numpy()


def norms(net: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in net.modules())


@pytest.mark.parametrize("architecture", ["unet", "residual_unet"])
def test_folding_leaves_no_normalisation_and_the_same_answers(architecture: str) -> None:
    torch.manual_seed(0)
    net = build(NetworkSpec(architecture=architecture, classes=2, width=4, depth=2)).eval()
    for name, values in net.state_dict().items():
        if "running" in name:
            values.uniform_(0.5, 2)
    folded = fused(net.net, 1, net.divisor)
    assert norms(net) > 3 and norms(folded) == 0
    leaky = [sum(isinstance(module, nn.PReLU) for module in one.modules()) for one in (net, folded)]
    assert leaky == ([0, 0] if architecture == "unet" else [9, 2])  # two follow transposed ones
    x = torch.randn(2, 1, 32, 48)
    with torch.inference_mode():
        torch.testing.assert_close(folded(x), net(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["norm", "leak"])
def test_a_convolution_that_is_used_twice_is_not_folded(kind: str) -> None:
    class Forked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = nn.Conv2d(1, 2, 3, padding=1)
            self.norm = nn.BatchNorm2d(2) if kind == "norm" else nn.LeakyReLU(0.1)
            self.norm.running_var = torch.tensor([4.0, 9.0])

        def forward(self, x: Any) -> Any:
            y = self.convolution(x)
            return y + self.norm(y)

    net = Forked().eval()
    plain = fused(net, 1, 1)
    assert norms(plain) == (kind == "norm") and isinstance(plain.convolution, nn.Conv2d)
    x = torch.randn(1, 1, 8, 8)
    with torch.inference_mode():
        torch.testing.assert_close(plain(x), net(x))


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_probabilities_are_those_of_the_network(lively_network: MakeNetwork, batch: int) -> None:
    net, windows = lively_network(), images(5)
    found = Guesser(net, batch=batch)(windows)
    np.testing.assert_allclose(found, answers(net, windows), atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert len(np.unique(found.argmax(axis=1))) == 3  # else this test would not see much


def test_sides_that_the_network_cannot_halve_are_padded(lively_network: MakeNetwork) -> None:
    net, windows = lively_network(), images(shape=(61, 50))
    found = Guesser(net)(windows)
    assert found.shape == (1, 3, 61, 50)
    padded = np.pad(windows, [(0, 0), (0, 0), (0, 3), (0, 2)], mode="symmetric")
    np.testing.assert_allclose(found, answers(net, padded)[:, :, :61, :50], atol=1e-5)


@pytest.mark.parametrize("count", [2, 4, 8])
def test_turned_views_are_turned_back_and_averaged(lively_network: MakeNetwork, count: int) -> None:
    net, windows = lively_network(), images(shape=(64, 48))
    turns = {2: TURNS[:2], 4: TURNS[::2], 8: TURNS}[count]
    found = Guesser(net, turns=turns)(windows)
    views = []
    for quarters, mirrored in turns:
        view = np.rot90(windows, quarters, (2, 3))
        view = view[..., ::-1] if mirrored else view
        back = answers(net, np.ascontiguousarray(view))
        back = back[..., ::-1] if mirrored else back
        views.append(np.rot90(back, -quarters, (2, 3)))
    np.testing.assert_allclose(found, np.mean(views, axis=0), atol=1e-5)
    assert np.abs(found - answers(net, windows)).max() > 0.01


def test_all_eight_views_make_the_answer_independent_of_the_orientation(lively_network: MakeNetwork) -> None:
    windows = images()
    guess = Guesser(lively_network(), turns=TURNS)
    turned = np.ascontiguousarray(np.rot90(windows, 1, (2, 3))[..., ::-1])
    expected = np.rot90(guess(windows), 1, (2, 3))[..., ::-1]
    np.testing.assert_allclose(guess(turned), expected, atol=1e-5)


def test_a_border_counts_as_background_and_comes_last(lively_network: MakeNetwork) -> None:
    net, windows = lively_network(border=True), images()
    expected = answers(net, windows)
    found = Guesser(net)(windows)
    assert found.shape[1] == 4
    np.testing.assert_allclose(found[:, 0], expected[:, 0] + expected[:, 3], atol=1e-5)
    np.testing.assert_allclose(found[:, 1:], expected[:, 1:], atol=1e-5)


class Small(nn.Module):
    """A device that holds two windows at a time."""

    def __init__(self, net: nn.Module, error: Exception, limit: int = 2):
        super().__init__()
        self.net, self.error, self.limit, self.given = net, error, limit, list[int]()

    def forward(self, x: Any) -> Any:
        self.given.append(len(x))
        if len(x) > self.limit:
            raise self.error
        return self.net(x)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
)
def test_the_batch_is_lowered_when_memory_runs_out(lively_network: MakeNetwork, error: Exception) -> None:
    net, windows, said = lively_network(), images(9), list[str]()
    guess = Guesser(net, batch=8, on_message=said.append)
    guess._net = small = Small(guess._net, error)
    np.testing.assert_allclose(guess(windows), answers(net, windows), atol=1e-5)
    assert small.given == [8, 4, 2, 2, 2, 2, 1] and guess.batch == 2
    assert said == [
        "memory ran out with 8 tiles at a time: going on with 4",
        "memory ran out with 4 tiles at a time: going on with 2",
    ]


def test_a_tile_that_does_not_fit_at_all_is_an_error(lively_network: MakeNetwork) -> None:
    guess = Guesser(lively_network())
    guess._net = Small(guess._net, torch.OutOfMemoryError("CUDA out of memory."), limit=0)
    with pytest.raises(TrainingError, match=r"not enough memory on cpu for one tile of 96 x 128 .*as in size=64"):
        guess(images(shape=(128, 96)))


def test_other_errors_are_not_taken_for_a_lack_of_memory(lively_network: MakeNetwork) -> None:
    guess = Guesser(lively_network(), batch=4)
    guess._net = Small(guess._net, RuntimeError("a bug"))
    with pytest.raises(RuntimeError, match="a bug"):
        guess(images(4))
    assert not out_of_memory(ValueError("a bug"))


def test_nan_is_an_error(lively_network: MakeNetwork) -> None:
    windows = images()
    windows[0, 0, 5, 5] = np.nan
    with pytest.raises(TrainingError, match="answers NaN"):
        Guesser(lively_network(depth=4))(windows)
