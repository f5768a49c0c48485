"""What a document knows of its image: how large it is, what the numbers mean, and the pixels of a tile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..rasterize import Window

MAX_SIDE = 2048  # pixels: a tile that a browser can draw on
_LIMITS = (0.5, 99.5)  # percentiles that are shown black and white


@dataclass(frozen=True)
class Picture:
    """An image to annotate. `shape` (H, W); `read` gives a window's pixels (h, w) or (h, w, C)."""

    name: str
    shape: tuple[int, int]
    read: Callable[[Window], NDArray[Any]]
    channels: tuple[str, ...] = ("",)
    rgb: bool = False
    pixel_size_um: float | None = None

    @classmethod
    def of(cls, pixels: NDArray[Any], name: str = "", pixel_size_um: float | None = None) -> Picture:
        """A picture of an array (H, W) or (H, W, C); three or four channels of uint8 are colours."""
        array = np.asarray(pixels)
        if array.ndim not in (2, 3) or 0 in array.shape or array.dtype.kind not in "buif":
            raise InputError(
                f"An array of shape {array.shape} and type {array.dtype} is no image: give numbers (H, W) or (H, W, C)."
            )
        count = array.shape[2] if array.ndim == 3 else 1

        def read(window: Window) -> NDArray[Any]:
            x, y, w, h = window
            return np.asarray(array[y : y + h, x : x + w])

        return cls(
            name=name,
            shape=(array.shape[0], array.shape[1]),
            read=read,
            channels=tuple(f"channel {i}" for i in range(1, count + 1)) if count > 1 else ("",),
            rgb=count in (3, 4) and array.dtype == np.uint8,
            pixel_size_um=pixel_size_um,
        )


def shown_pixels(pixels: NDArray[Any]) -> NDArray[Any]:
    """Pixels (h, w, C) of a type that the browser takes: uint8, uint16 or float32."""
    values = pixels.reshape(*pixels.shape[:2], -1)
    if values.dtype in (np.uint8, np.uint16, np.float32):
        return np.asarray(values)
    if values.dtype == bool:
        return values.astype(np.uint8) * 255
    return values.astype(np.float32)


def limits(pixels: NDArray[Any]) -> list[tuple[float, float]]:
    """Per channel of (h, w, C), the values to show black and white; 8 bits are shown as they are."""
    if pixels.dtype == np.uint8:
        return [(0.0, 255.0)] * pixels.shape[2]
    low, high = np.nanpercentile(pixels, _LIMITS, axis=(0, 1))
    return [(float(a), float(b) if b > a else float(a) + 1) for a, b in zip(low, high, strict=True)]


def default_tiles(shape: tuple[int, int], size: int = 1024) -> tuple[Window, ...]:
    """Tiles side by side for an image that was not cut: the whole image where it is small enough."""
    height, width = shape
    if max(shape) <= MAX_SIDE:
        return ((0, 0, width, height),)
    return tuple(
        (x, y, min(size, width - x), min(size, height - y))
        for y in range(0, height, size)
        for x in range(0, width, size)
    )
