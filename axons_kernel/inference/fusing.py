"""The same network with fewer steps: batch normalisation, fixed after training, becomes part of its convolution."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

_SIDE = 64  # pixels; of the image that shows which module follows which
_TOLERANCE = 1e-4  # of the largest score; the fused network is the same but for rounding


@torch.no_grad()
def fused(net: nn.Module, channels: int, divisor: int) -> nn.Module:
    """A copy of `net` (in evaluation mode) whose batch normalisations are folded into the convolutions before them.

    Where the copy does not compute the same, as when a convolution's output is also used otherwise, a plain copy.
    """
    plain = copy.deepcopy(net).eval()
    side = -(-_SIDE // divisor) * divisor
    device = next(plain.parameters()).device
    image = torch.randn(1, channels, side, side, generator=torch.Generator().manual_seed(0)).to(device)
    small = copy.deepcopy(plain)
    for name, convolution in _pairs(small, image):
        norm = small.get_submodule(name)
        _fold(convolution, norm)
        parent, _, last = name.rpartition(".")
        setattr(small.get_submodule(parent), last, nn.Identity())
    expected, got = plain(image), small(image)
    same = torch.allclose(got, expected, rtol=0, atol=_TOLERANCE * max(1.0, float(expected.abs().max())))
    return small if same else plain


def _pairs(net: nn.Module, image: Tensor) -> list[tuple[str, nn.Module]]:
    """(name of a batch normalisation, the convolution whose output it gets), seen while `image` goes through."""
    made: dict[int, nn.Module] = {}
    kept: list[Tensor] = []  # so that no address is used twice
    pairs: list[tuple[str, nn.Module]] = []

    def convolved(module: nn.Module, _: Any, out: Tensor) -> None:
        made[id(out)] = module
        kept.append(out)

    def normalises(name: str) -> Any:
        def note(_: nn.Module, given: tuple[Tensor, ...]) -> None:
            if id(given[0]) in made:
                pairs.append((name, made[id(given[0])]))

        return note

    hooks = []
    for name, module in net.named_modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            hooks.append(module.register_forward_hook(convolved))
        elif isinstance(module, nn.BatchNorm2d) and module.track_running_stats:
            hooks.append(module.register_forward_pre_hook(normalises(name)))
    net(image)
    for hook in hooks:
        hook.remove()
    return pairs


def _fold(convolution: Any, norm: Any) -> None:
    convolution.weight, convolution.bias = fuse_conv_bn_weights(
        convolution.weight,
        convolution.bias,
        norm.running_mean,
        norm.running_var,
        norm.eps,
        norm.weight,
        norm.bias,
        transpose=isinstance(convolution, nn.ConvTranspose2d),
    )
