"""Figures of what a training is given: augmented crops, and the loss over the learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .plotting import PALETTE, Colour, new_figure, overlay

_UNKNOWN = 255

Crop = tuple[NDArray[np.float32], NDArray[np.uint8]]  # pixels (C, h, w), mask (h, w)


def augmentation_figure(rows: Sequence[Sequence[Crop]], classes: Sequence[str], colours: Sequence[Colour]) -> Figure:
    """One row per crop: first as it is, then changed. Pixels whose class is not known are striped."""
    columns = len(rows[0])
    figure = new_figure(2.1 * columns, 2.1 * len(rows) + 0.5)
    grid = figure.subplots(len(rows), columns, squeeze=False)
    for row, (crops, line) in enumerate(zip(rows, grid, strict=True)):
        low, high = np.percentile(crops[0][0][0], [0.5, 99.5])
        for number, ((pixels, mask), axes) in enumerate(zip(crops, line, strict=True)):
            grey = np.clip((pixels[0] - low) / max(high - low, 1e-6), 0, 1)
            axes.imshow(_striped(overlay((255 * grey).astype(np.uint8), _known(mask), colours), mask))
            axes.set_axis_off()
            if row == 0:
                axes.set_title("as it is" if number == 0 else f"changed {number}", fontsize=9)
    names = [
        figure.gca().plot([], [], "s", color=np.array(c) / 255, label=n)[0]
        for n, c in zip(classes, colours, strict=True)
    ]
    figure.legend(handles=names, loc="outside lower center", ncols=max(1, len(names)), fontsize=9, frameon=False)
    return figure


def _known(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.where(mask == _UNKNOWN, 0, mask).astype(np.uint8)


def _striped(picture: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rows, cols = np.indices(mask.shape)
    width = max(4, mask.shape[0] // 24)
    stripes = (mask == _UNKNOWN) & ((rows + cols) // width % 2 == 0)
    picture[stripes] = (0.5 * picture[stripes] + 0.5 * 255).astype(np.uint8)
    return picture


def rate_figure(rates: Sequence[float], losses: Sequence[float], best: float) -> Figure:
    """The loss over the learning rate, and the rate to use."""
    figure = new_figure(6, 3.2)
    axes: Any = figure.add_subplot()
    axes.plot(rates, losses, color=np.array(PALETTE[1]) / 255, label="loss, smoothed")
    axes.axvline(best, color=np.array(PALETTE[4]) / 255, linestyle="--", label=f"use {best:.2g}")
    axes.set(xscale="log", xlabel="learning rate", ylabel="loss", title=f"learning_rate={best:.2g}")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure
