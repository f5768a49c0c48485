"""The data card as a picture: how the classes are spread over the splits, and examples with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .. import plotting
from ..tiling import Tile
from .balance import known, split_pixels
from .training_set import SPLITS, Split, TrainingSet

_COLUMNS = 4


@dataclass(frozen=True)
class Example:
    """A tile to show: `pixels` (h, w) or (h, w, C) of any type, `mask` (h, w) uint8 class numbers."""

    image: str
    split: Split
    tile: Tile
    pixels: NDArray[Any]
    mask: NDArray[np.uint8]


def card_figure(training_set: TrainingSet, examples: Sequence[Example], colours: Sequence[plotting.Colour]) -> Figure:
    """Bars on top, then a row of examples per split."""
    rows = [split for split in SPLITS if any(example.split == split for example in examples)]
    bars = 0.9 + 0.28 * len(training_set.classes) if known(training_set) else 0.0
    heights = [*([bars] if bars else []), *(2.1 for _ in rows)] or [1.0]
    figure = plotting.new_figure(8.4, sum(heights))
    parts: list[Any] = list(figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0])
    if bars:
        _balance(parts.pop(0), training_set, colours)
    for part, split in zip(parts, rows, strict=False):
        shown = [example for example in examples if example.split == split]
        part.suptitle(f"{split}: {len(training_set.in_split(split))} tiles", fontsize="medium", x=0.01, ha="left")
        for axes, number in zip(part.subplots(1, _COLUMNS), range(_COLUMNS), strict=True):
            axes.set_axis_off()
            if number < len(shown):
                example = shown[number]
                axes.imshow(plotting.overlay(example.pixels, example.mask, colours, opacity=0.3))
                axes.set_title(f"{example.image}\nx {example.tile.x}, y {example.tile.y}", fontsize=7)
    return figure


def _balance(part: Any, training_set: TrainingSet, colours: Sequence[plotting.Colour]) -> None:
    """Per class, a bar for each split: its share of the split's pixels. Even splits have equal bars."""
    axes = part.subplots()
    present = [split for split in SPLITS if training_set.in_split(split)]
    thick = 0.8 / max(1, len(present))
    for row, split in enumerate(present):
        pixels = split_pixels(training_set, split)
        shares = 100 * pixels[1:] / max(1, pixels.sum())
        places = np.arange(len(shares)) + thick * (row - (len(present) - 1) / 2)
        shade = 1 - 0.3 * row
        bars = axes.barh(places, shares, 0.9 * thick, color=[(*np.array(c) / 255, shade) for c in colours])
        axes.bar_label(bars, [f"{share:.3g} % of {split}" for share in shares], fontsize=7, padding=3)
    axes.set_yticks(range(len(training_set.classes)), training_set.classes)
    axes.invert_yaxis()
    axes.margins(x=0.2)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title("share of each class of the pixels, by split", fontsize="medium", loc="left")
