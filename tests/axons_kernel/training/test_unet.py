"""The U-Net: shapes for all depths, and that every weight takes part."""

from __future__ import annotations

import pytest
import torch

from axons_kernel.training.unet import UNet, block


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("classes", [1, 3])
def test_shape(depth: int, classes: int) -> None:
    net = UNet(classes, width=4, depth=depth).eval()
    height, width = net.divisor, 2 * net.divisor
    with torch.no_grad():
        assert net(torch.zeros(2, 1, height, width)).shape == (2, classes + 1, height, width)


def test_every_weight_learns() -> None:
    net = UNet(2, width=4, depth=3)
    net(torch.randn(2, 1, 16, 16)).square().mean().backward()
    still = [name for name, weight in net.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert still == []


def test_levels_double_their_channels() -> None:
    net = UNet(1, width=6, depth=4)
    assert [level[0].out_channels for level in net.down] == [6, 12, 24, 48]  # type: ignore[index, union-attr]


def test_output_follows_the_picture() -> None:
    """Shifted by whole levels, the picture gives the shifted scores: nothing depends on the position."""
    torch.manual_seed(0)
    net = UNet(1, width=4, depth=2).eval()
    step = net.divisor
    picture = torch.randn(1, 1, 24 * step, 24 * step)
    with torch.no_grad():
        scores, shifted = net(picture), net(picture.roll(step, dims=3))
    inner = slice(8 * step, 16 * step)
    torch.testing.assert_close(shifted[..., inner, inner], scores.roll(step, dims=3)[..., inner, inner])


def test_block_keeps_the_size() -> None:
    assert block(3, 5)(torch.zeros(1, 3, 7, 9)).shape == (1, 5, 7, 9)
