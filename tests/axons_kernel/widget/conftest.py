"""A pyramid in memory, as an import writes it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from axons_kernel.pyramid import Pyramid


@pytest.fixture
def make_pyramid() -> Callable[[NDArray[Any]], Pyramid]:
    """make_pyramid(pixels) -> a pyramid of (H, W), (H, W, 3) uint8 as colours, or other (H, W, C) as channels."""

    def make(pixels: NDArray[Any]) -> Pyramid:
        rgb = pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == np.uint8
        levels = [pixels if pixels.ndim == 2 or rgb else np.moveaxis(pixels, 2, 0)]
        rows = (slice(None, None, 2), slice(None, None, 2))
        while max(pixels.shape[:2]) > 512:
            pixels = pixels[rows]
            levels.append(pixels if pixels.ndim == 2 or rgb else np.moveaxis(pixels, 2, 0))
        file = io.BytesIO()
        options: dict[str, Any] = {"tile": (512, 512), "photometric": "rgb" if rgb else "minisblack"}
        axes = "YXS" if rgb else "YX" if pixels.ndim == 2 else "CYX"
        with tifffile.TiffWriter(file, ome=True) as writer:
            writer.write(levels[0], subifds=len(levels) - 1, metadata={"axes": axes}, **options)
            for level in levels[1:]:
                writer.write(level, subfiletype=1, **options)
        return Pyramid(file, "test image")

    return make
