"""Prediction of a whole image: tiles of any shape, blended, and the same as in one piece."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from axons_kernel.inference.sliding import predict_probabilities
from axons_kernel.tiling import tile_grid
from axons_kernel.training.unet import UNet


@pytest.fixture
def net() -> UNet:
    torch.manual_seed(0)
    return UNet(2, width=4, depth=2)


@pytest.mark.parametrize("shape", [(1, 1), (5, 70), (64, 64), (70, 131)])
def test_any_shape(net: UNet, shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    result = predict_probabilities(net, pixels, size=64, overlap=16)
    assert result.shape == (3, *shape) and result.dtype == np.float32
    np.testing.assert_allclose(result.sum(axis=0), 1, atol=1e-5)


def test_tiles_agree_with_one_piece(net: UNet) -> None:
    pixels = np.random.default_rng(0).normal(size=(128, 128)).astype(np.float32)
    tiled = predict_probabilities(net, pixels, size=64, overlap=32)
    whole = predict_probabilities(net, pixels, size=128, overlap=0)
    assert np.abs(tiled - whole).max() < 0.05
    np.testing.assert_allclose(tiled[:, :20, :20], whole[:, :20, :20], atol=1e-5)


def test_progress_is_told(net: UNet) -> None:
    calls: list[tuple[int, int]] = []
    predict_probabilities(net, np.zeros((96, 96), np.float32), size=64, overlap=0, on_tile=lambda *n: calls.append(n))
    count = len(tile_grid((96, 96), 64, 0))
    assert calls == [(n, count) for n in range(1, count + 1)]


def test_network_is_left_as_it_was(net: UNet) -> None:
    before = {name: value.clone() for name, value in net.state_dict().items()}
    predict_probabilities(net, np.ones((32, 32), np.float32), size=32, overlap=0)
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
