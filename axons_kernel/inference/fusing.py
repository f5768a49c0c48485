"""The same network with fewer steps: what follows a convolution and is fixed after training is done with it."""

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
    """A copy of `net` in evaluation mode, with batch normalisations folded into the convolutions before them.

    On a CPU leaky activations become part of their convolution as well. Where the copy does not compute the same, as
    when a convolution's output is also used otherwise, a plain copy.
    """
    plain = copy.deepcopy(net).eval()
    side = -(-_SIDE // divisor) * divisor
    device = next(plain.parameters()).device
    image = torch.randn(1, channels, side, side, generator=torch.Generator().manual_seed(0)).to(device)
    small = copy.deepcopy(plain)
    for name, convolution in _followers(small, image, (nn.BatchNorm2d,)):
        norm: Any = small.get_submodule(name)
        if norm.running_mean is not None:  # else it takes its statistics from each image
            _fold(small.get_submodule(convolution), norm)
            _replace(small, name, nn.Identity())
    if device.type == "cpu" and _leaks_at_once():
        for name, convolution in _followers(small, image, (nn.PReLU, nn.LeakyReLU)):
            both = _LeakyConvolution.of(small.get_submodule(convolution), small.get_submodule(name))
            if both is not None:
                _replace(small, convolution, both)
                _replace(small, name, nn.Identity())
    expected, got = plain(image), small(image)
    same = torch.allclose(got, expected, rtol=0, atol=_TOLERANCE * max(1.0, float(expected.abs().max())))
    return small if same else plain


def _leaks_at_once() -> bool:
    """Whether this build of PyTorch has the operator that `_LeakyConvolution` needs; its name promises nothing."""
    mkldnn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return mkldnn and hasattr(torch.ops.mkldnn, "_convolution_pointwise")


def _followers(net: nn.Module, image: Tensor, kinds: tuple[type[nn.Module], ...]) -> list[tuple[str, str]]:
    """(name of a module, name of the convolution whose output it gets), seen while `image` goes through."""
    made: dict[int, str] = {}
    kept: list[Tensor] = []  # so that no address is used twice
    pairs: list[tuple[str, str]] = []

    def makes(name: str) -> Any:
        def note(_: nn.Module, __: Any, out: Tensor) -> None:
            made[id(out)] = name
            kept.append(out)

        return note

    def takes(name: str) -> Any:
        def note(_: nn.Module, given: tuple[Tensor, ...]) -> None:
            if id(given[0]) in made:
                pairs.append((name, made[id(given[0])]))

        return note

    hooks = []
    for name, module in net.named_modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            hooks.append(module.register_forward_hook(makes(name)))
        elif isinstance(module, kinds):
            hooks.append(module.register_forward_pre_hook(takes(name)))
    net(image)
    for hook in hooks:
        hook.remove()
    return pairs


def _replace(net: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(net.get_submodule(parent), last, module)


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


class _LeakyConvolution(nn.Module):
    """A convolution that multiplies what is below zero by `slope` while it writes its output."""

    def __init__(self, convolution: nn.Conv2d, slope: float):
        super().__init__()
        self.weight, self.bias, self.slope = convolution.weight, convolution.bias, slope
        self.how = ([*convolution.padding], [*convolution.stride], [*convolution.dilation], convolution.groups)

    @classmethod
    def of(cls, convolution: nn.Module, activation: nn.Module) -> _LeakyConvolution | None:
        """None where it cannot be done: one slope is needed, and padding by zeros."""
        if not isinstance(convolution, nn.Conv2d) or convolution.padding_mode != "zeros":
            return None
        leak: Any = activation
        slopes = leak.weight if isinstance(leak, nn.PReLU) else torch.tensor([leak.negative_slope])
        if slopes.numel() != 1 or isinstance(convolution.padding, str):
            return None
        return cls(convolution, float(slopes))

    def forward(self, x: Tensor) -> Tensor:
        """The convolution's output after its activation."""
        out: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x, self.weight, self.bias, *self.how, "leaky_relu", [self.slope], ""
        )
        return out
