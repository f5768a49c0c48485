"""A U-Net to read: the whole network fits on a screen (Ronneberger et al. 2015, arXiv 1505.04597)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn


def block(n_in: int, n_out: int) -> nn.Sequential:
    """Two 3 x 3 convolutions, each followed by batch normalisation and ReLU."""
    layers: list[nn.Module] = []
    for n in (n_in, n_out):
        layers += [nn.Conv2d(n, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """Image in, one score per class and pixel out.

    Shape: (N, channels, H, W) float32, H and W multiples of `divisor` -> (N, classes + 1, H, W); channel 0 is
    background. `width` is the number of channels at the finest level; each level down doubles it.
    """

    def __init__(self, classes: int, width: int = 32, depth: int = 4, channels: int = 1):
        super().__init__()
        widths = [width * 2**level for level in range(depth)]
        self.divisor = 2**depth
        self.fold = nn.PixelUnshuffle(2)  # 2 x 2 pixels become channels: a quarter of the work at every level
        self.down = nn.ModuleList(block(a, b) for a, b in zip([4 * channels, *widths[:-1]], widths, strict=True))
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in pairwise(widths))
        self.merge = nn.ModuleList(block(2 * a, a) for a in widths[:-1])
        self.head = nn.Conv2d(width, classes + 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Scores of a batch of images."""
        x = self.fold(x)  # (N, 4 channels, H/2, W/2)
        skips = []
        for level, down in enumerate(self.down):
            if level:
                skips.append(x)
                x = nn.functional.max_pool2d(x, 2)
            x = down(x)  # (N, width * 2^level, H/2^(level+1), W/2^(level+1))
        for up, merge, skip in zip(self.up[::-1], self.merge[::-1], skips[::-1], strict=True):
            x = merge(torch.cat([skip, up(x)], dim=1))
        # smooth enlargement: a pixel shuffle here speckles the outlines
        return nn.functional.interpolate(self.head(x), scale_factor=2.0, mode="bilinear")  # (N, classes + 1, H, W)


def on_best_device(net: UNet) -> tuple[UNet, torch.device]:
    """The network on the GPU, or on the CPU where there is none, and that device."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    moved: UNet = net.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved, device
