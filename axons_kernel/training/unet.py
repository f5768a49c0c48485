"""A U-Net to read: the whole network fits on a screen (Ronneberger et al. 2015, arXiv 1505.04597)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn


def conv(n_in: int, n_out: int) -> nn.Sequential:
    """A 3 x 3 convolution, batch normalisation and ReLU."""
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU(inplace=True))


def block(n_in: int, n_out: int) -> nn.Sequential:
    """Two convolutions."""
    return nn.Sequential(*conv(n_in, n_out), *conv(n_out, n_out))


class UNet(nn.Module):
    """Image in, one score per class and pixel out.

    Shape: (N, channels, H, W) float32, H and W multiples of `divisor` -> (N, classes + 1, H, W); channel 0 is
    background. `width` is the number of channels at the finest level; each level down doubles it. With `refine`, the
    last layer sees the image once more, at full resolution, which makes outlines exact.
    """

    def __init__(self, classes: int, width: int = 32, depth: int = 4, channels: int = 1, *, refine: bool = True):
        super().__init__()
        widths = [width * 2**level for level in range(depth)]
        self.divisor = 2**depth
        self.fold = nn.PixelUnshuffle(2)  # 2 x 2 pixels become channels: a quarter of the work at every level
        self.down = nn.ModuleList(block(a, b) for a, b in zip([4 * channels, *widths[:-1]], widths, strict=True))
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in pairwise(widths))
        self.merge = nn.ModuleList(block(2 * a, a) for a in widths[:-1])
        self.head = nn.Conv2d(width, 8 if refine else classes + 1, 1)
        self.refine = nn.Sequential(conv(8 + channels, 8), nn.Conv2d(8, classes + 1, 1)) if refine else None

    def forward(self, x: Tensor) -> Tensor:
        """Scores of a batch of images."""
        image, x = x, self.fold(x)  # (N, 4 channels, H/2, W/2)
        skips = []
        for level, down in enumerate(self.down):
            if level:
                skips.append(x)
                x = nn.functional.max_pool2d(x, 2)
            x = down(x)  # (N, width * 2^level, H/2^(level+1), W/2^(level+1))
        for up, merge, skip in zip(self.up[::-1], self.merge[::-1], skips[::-1], strict=True):
            x = merge(torch.cat([skip, up(x)], dim=1))
        # smooth enlargement: a pixel shuffle here speckles the outlines
        x = nn.functional.interpolate(self.head(x), scale_factor=2.0, mode="bilinear")
        return x if self.refine is None else self.refine(torch.cat([x, image], dim=1))  # (N, classes + 1, H, W)
