"""The live-wire: along edges, a line costs little; between two clicks it takes the cheapest way."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..images import to_grey
from .ink import SUB

DEAREST = 255  # the cost of a pixel where there is no edge at all; 1 on the strongest one


def cost_map(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """What a line pays per pixel of a tile (h, w) or (h, w, C): 1 on the strongest edge to 255. Shape: (h, w) uint8.

    A step to a neighbour costs the mean of both pixels, times the square root of 2 over a corner.
    """
    from skimage.filters import gaussian, sobel  # the widget's first picture would wait for it

    edge = sobel(gaussian(to_grey(pixels).astype(np.float32), 1.0))
    strongest = float(np.percentile(edge, 99.5))
    share = np.clip(edge / strongest, 0, 1) if strongest > 0 else np.zeros_like(edge)
    return np.asarray(np.rint(1 + (DEAREST - 1) * (1 - share)), dtype=np.uint8)


def path(costs: NDArray[np.uint8], start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    """The cheapest way from pixel to pixel, both (column, row) and both included."""
    from skimage.graph import route_through_array

    steps, _ = route_through_array(costs.astype(np.float64), start[::-1], end[::-1], fully_connected=True)
    return [(int(column), int(row)) for row, column in steps]


def line(steps: list[tuple[int, int]], origin: tuple[int, int]) -> list[int]:
    """A way through pixel centres as x0, y0, x1, y1, ... in sub-pixels of the image; `origin` is the tile's corner."""
    return [
        value
        for column, row in steps
        for value in ((origin[0] + column) * SUB + SUB // 2, (origin[1] + row) * SUB + SUB // 2)
    ]
