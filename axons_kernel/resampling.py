"""Change an image's pixel size: smooth for grey values, nearest for class numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def scaled_shape(shape: tuple[int, int], scale: float) -> tuple[int, int]:
    """(H, W) after resampling by `scale` (2.0 doubles each side), at least one pixel."""
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def resample(pixels: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
    """(H, W) float32 to `shape`, linear; blurred first when it gets smaller, so that nothing aliases."""
    if pixels.shape == shape:
        return pixels
    factors = [old / new for old, new in zip(pixels.shape, shape, strict=True)]
    # half the new pixel's spread: the usual choice for anti-aliasing
    sigma = [max(0.0, (factor - 1) / 2) for factor in factors]
    smooth = ndimage.gaussian_filter(pixels, sigma, mode="reflect") if any(sigma) else pixels
    zoom = [1 / factor for factor in factors]
    return np.asarray(ndimage.zoom(smooth, zoom, order=1, mode="reflect", grid_mode=True), dtype=np.float32)


def resample_nearest(values: NDArray[Any], shape: tuple[int, int]) -> NDArray[Any]:
    """(H, W) of any type to `shape`, each new pixel taking the value under its centre."""
    if values.shape == shape:
        return values
    rows, cols = (
        np.minimum(((np.arange(new) + 0.5) * old / new).astype(int), old - 1)
        for old, new in zip(values.shape, shape, strict=True)
    )
    return np.asarray(values[rows[:, None], cols[None, :]])
