"""The U-Net: shapes for all depths, and that every weight takes part."""

from __future__ import annotations

import pytest
import torch

from axons_kernel.training.unet import UNet, block


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize(("classes", "channels", "refine"), [(1, 1, True), (3, 2, True), (3, 1, False)])
def test_shape(depth: int, classes: int, channels: int, refine: bool) -> None:
    net = UNet(classes, 4, depth, channels, refine=refine).eval()
    height, width = net.divisor, 2 * net.divisor
    with torch.no_grad():
        assert net(torch.zeros(2, channels, height, width)).shape == (2, classes + 1, height, width)


def test_refining_sees_single_pixels() -> None:
    """Without it, what one pixel says is seen at half the resolution, the same for neighbours."""
    torch.manual_seed(0)
    net = UNet(1, width=4, depth=2).eval()
    dark, dot = torch.zeros(1, 1, 16, 16), torch.zeros(1, 1, 16, 16)
    dot[..., 8, 8] = 1
    assert net.refine is not None
    with torch.no_grad():
        last = [net.refine(torch.cat([torch.zeros(1, 8, 16, 16), picture], dim=1)) for picture in (dark, dot)]
    changed = (last[0] != last[1]).any(dim=1)[0]
    assert changed[8, 8] and changed.sum() <= 9


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
