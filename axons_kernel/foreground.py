"""Which parts of an image hold tissue: found on a small picture of it, for dark and for bright backgrounds.

The background is the smoothest area, if it is at least about as large as a tile; tissue is what differs from its
brightness, by its own brightness or by its texture. Where nothing is clearly smoother, all is tissue: holes in
tissue, such as bright axons, are no background.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu

from .tiling import Tile

_SMOOTHEST = 0.01  # share of the picture whose brightness is taken for the background's
_APART = 0.4  # background differs from that brightness at most so much as tissue does, and is as much smoother


@dataclass(frozen=True)
class ForegroundMask:
    """`mask` (h, w) bool is True on tissue; `background` is "none" and `threshold` None where all of it is.

    `threshold` is how far tissue is at least from the background's brightness, in the image's own values (root mean
    square over the neighbourhood, of the mean over the channels).
    """

    mask: NDArray[np.bool_]
    background: Literal["dark", "bright", "none"]
    threshold: float | None


def find_foreground(pixels: NDArray[Any], detail: float) -> ForegroundMask:
    """Tell tissue from background on a small picture (h, w) or (h, w, C), by Otsu's threshold on the difference.

    `detail` is the size in pixels of this picture below which structures do not count, such as a quarter of a tile.
    """
    grey = pixels.astype(np.float32)
    if grey.ndim == 3:
        grey = grey.mean(axis=2)
    sigma = max(1.0, detail / 2)
    roughness = _local_rms(grey - ndimage.gaussian_filter(grey, sigma, mode="nearest"), sigma)
    level = float(np.median(grey[roughness <= np.quantile(roughness, _SMOOTHEST)]))
    difference = _local_rms(grey - level, sigma)
    everything = ForegroundMask(np.ones(grey.shape, bool), "none", None)
    if difference.min() == difference.max():
        return everything
    threshold = float(threshold_otsu(difference))
    tissue = difference > threshold
    if any(np.median(of[~tissue]) > _APART * np.median(of[tissue]) for of in (difference, roughness)):
        return everything
    bright = level > np.median(grey[tissue])
    return ForegroundMask(tissue, "bright" if bright else "dark", threshold)


def _local_rms(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """The root mean square (h, w) in a neighbourhood of standard deviation `sigma` pixels."""
    return np.asarray(np.sqrt(ndimage.gaussian_filter(values**2, sigma, mode="nearest")), np.float32)


def tile_shares(mask: NDArray[np.bool_], scale: float, tiles: Sequence[Tile]) -> list[float]:
    """The share of each tile (image pixels) that the mask covers, 0 to 1; `scale` image pixels per pixel of the mask.

    Parts of tiles outside the image do not count.
    """
    sums = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), np.int64)
    sums[1:, 1:] = mask.cumsum(axis=0, dtype=np.int64).cumsum(axis=1)
    shares = []
    for tile in tiles:
        left, top = (
            min(int(start / scale), side - 1) for start, side in ((tile.x, mask.shape[1]), (tile.y, mask.shape[0]))
        )
        right = min(max(left + 1, round((tile.x + tile.width) / scale)), mask.shape[1])
        bottom = min(max(top + 1, round((tile.y + tile.height) / scale)), mask.shape[0])
        inside = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        shares.append(float(inside) / ((right - left) * (bottom - top)))
    return shares
