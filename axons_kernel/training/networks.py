"""Networks by name: what is built from a NetworkSpec checks what it is given, and says what would fit."""

from __future__ import annotations

from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from ..errors import InputError, needs_extra
from .architectures import ARCHITECTURES, NetworkSpec, describe_networks
from .unet import UNet

Net = TypeVar("Net", bound=nn.Module)

__all__ = ["Network", "NetworkSpec", "build", "describe_networks", "on_best_device"]


class Network(nn.Module):
    """Image in, one score per class and pixel out.

    Shape: (N, channels, H, W) float, H and W multiples of `divisor` -> (N, spec.outputs, H, W); channel 0 is
    background. Raises InputError for another number of channels or sides that do not fit.
    """

    def __init__(self, spec: NetworkSpec, net: nn.Module):
        super().__init__()
        self.spec, self.divisor = spec, spec.divisor
        self.net = net
        self.register_load_state_dict_pre_hook(_old_names)  # type: ignore[no-untyped-call]

    def forward(self, x: Tensor) -> Tensor:
        """Scores of a batch of images."""
        if not (torch.onnx.is_in_onnx_export() or torch.compiler.is_compiling()):  # an exported network takes any size
            self.check(x)
        scores: Tensor = self.net(x)
        return scores

    def check(self, x: Tensor) -> None:
        """Raises InputError when the network cannot take `x`, with what it can take."""
        if x.ndim != 4:
            raise InputError(
                f"The network takes a batch (N, {self.spec.channels}, H, W), and was given {_shape(x)}: "
                "add the missing axes."
            )
        channels, (h, w) = x.shape[1], x.shape[2:]
        if channels != self.spec.channels:
            raise InputError(
                f"The network was made for images of {self.spec.channels} channel{'s' * (self.spec.channels > 1)}, "
                f"and was given {channels} (batch {_shape(x)}): choose the same channels as in training."
            )
        if h % self.divisor or w % self.divisor or not h or not w:
            fit_h, fit_w = (max(1, -(-n // self.divisor)) * self.divisor for n in (h, w))
            raise InputError(
                f"The network halves its input {self.spec.depth} times, so height and width must be multiples of "
                f"{self.divisor}, and {h} x {w} was given: pad it to {fit_h} x {fit_w}."
            )


def _shape(x: Tensor) -> str:
    return " x ".join(map(str, x.shape))


def _old_names(module: nn.Module, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """Weights of models that were saved before networks had a common shell lack its prefix."""
    inner = f"{prefix}net."
    names = [name for name in state if name.startswith(prefix)]
    if names and not any(name.startswith(inner) for name in names):
        for name in names:
            state[inner + name.removeprefix(prefix)] = state.pop(name)


def build(spec: NetworkSpec) -> Network:
    """The network that `spec` describes, with random weights. Raises InputError, MissingExtraError."""
    problem = ARCHITECTURES[spec.architecture].problem(spec.width, spec.depth)
    if problem:
        raise InputError(f"No such network: {problem}.")
    if spec.architecture == "unet":
        return Network(spec, UNet(spec.outputs - 1, spec.width, spec.depth, spec.channels, refine=spec.refine))
    with needs_extra("train", f"A {ARCHITECTURES[spec.architecture].title}"):
        return Network(spec, _from_monai(spec))


def _from_monai(spec: NetworkSpec) -> nn.Module:
    from monai.networks import nets  # slow to load, so only when it is asked for

    ins, outs, levels = spec.channels, spec.outputs, spec.depth + 1
    widths = [spec.width * 2**level for level in range(levels)]
    strides = [2] * spec.depth
    made: nn.Module
    match spec.architecture:
        case "basic_unet":
            made = nets.BasicUNet(2, ins, outs, features=(*widths, spec.width))
        case "residual_unet":
            made = nets.UNet(2, ins, outs, widths, strides, num_res_units=2, norm="BATCH")
        case "attention_unet":
            made = nets.AttentionUnet(2, ins, outs, widths, strides)
        case "dynunet":
            made = nets.DynUNet(2, ins, outs, [3] * levels, [1, *strides], strides, filters=widths)
        case "segresnet":
            blocks = (1, *[2] * (spec.depth - 1), 4)
            made = nets.SegResNet(2, spec.width, ins, outs, blocks_down=blocks, blocks_up=(1,) * spec.depth)
        case other:
            raise InputError(f"architecture={other!r} is not allowed; choose one of {', '.join(ARCHITECTURES)}.")
    return made


def on_best_device(net: Net) -> tuple[Net, torch.device]:
    """The network on the GPU, or on the CPU where there is none, and that device."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    moved: Net = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved, device
