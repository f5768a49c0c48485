"""The data card of a training set: what it holds, examples, and what to beware of, looked up in the project now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .. import plotting
from ..errors import NotFoundError
from ..project_image import ProjectImage
from ..tiling import Tile
from ..training.targets import IGNORE, Targets
from .balance import card_lines, listed, warnings
from .card_figure import Example, card_figure
from .card_page import card_html
from .duplicates import duplicate_lines, find_duplicates, level_window
from .training_set import SPLITS, TrainingSet, TrainingTile

_EXAMPLES = 4  # per split
_SIDE = 256  # pixels of an example at most


@dataclass(frozen=True, repr=False)
class DataCard:
    """Text when printed, a page with pictures in a notebook, and `figure()`; `warnings` are all of them."""

    training_set: TrainingSet
    warnings: tuple[str, ...]
    examples: tuple[Example, ...]
    colours: tuple[plotting.Colour, ...]

    def figure(self) -> Figure:
        """Balance of the classes, and examples of each split with their labels."""
        return card_figure(self.training_set, self.examples, self.colours)

    def _repr_html_(self) -> str:
        return card_html(self.training_set, self.warnings, plotting.figure_png(self.figure()))

    def __repr__(self) -> str:
        own = card_lines(self.training_set)
        more = [line for line in self.warnings if line not in warnings(self.training_set)]
        return "\n".join([*own, *(f"  note: {line}" for line in more)])


def data_card(
    training_set: TrainingSet, image: Callable[[str], ProjectImage], colours: Mapping[str, plotting.Colour]
) -> DataCard:
    """Look at images and labels as they are now. Pixels are read from coarse levels, tile by tile."""
    images, gone = {}, []
    for name in training_set.annotation_sha256:
        try:
            images[name] = image(name)
        except NotFoundError:
            gone.append(name)
    changed = [n for n, i in images.items() if i.labels_sha256() != training_set.annotation_sha256[n]]
    found = warnings(training_set)
    if gone:
        found.append(f"{listed(gone)} is not in the project any more, so the set cannot be trained on")
    if changed:
        found.append(
            f"the labels of {listed(changed)} have changed since the set was made; make a new one with "
            "create_training_set() to learn from them"
        )
    found += duplicate_lines(find_duplicates(training_set, images))
    shown = tuple(plotting.PALETTE[n % len(plotting.PALETTE)] for n in range(len(training_set.classes)))
    chosen = tuple(colours.get(name, spare) for name, spare in zip(training_set.classes, shown, strict=True))
    return DataCard(training_set, tuple(found), tuple(_examples(training_set, images)), chosen)


def _examples(training_set: TrainingSet, images: Mapping[str, ProjectImage]) -> list[Example]:
    found = []
    for split in SPLITS:
        items = [item for item in training_set.in_split(split) if item.image in images]
        for item in choose_examples(items):
            found.append(_example(item, images[item.image], training_set.classes))
    return found


def choose_examples(items: Sequence[TrainingTile]) -> list[TrainingTile]:
    """Tiles that show many classes and much of them, of as many images as can be."""
    by_image: dict[str, list[TrainingTile]] = {}
    for item in items:
        by_image.setdefault(item.image, []).append(item)
    for tiles in by_image.values():
        tiles.sort(key=lambda item: (-sum(n > 0 for n in item.pixels[1:]), -sum(item.pixels[1:])))
    rounds = range(max(map(len, by_image.values()), default=0))
    chosen: list[TrainingTile] = []
    for item in (tiles[n] for n in rounds for tiles in by_image.values() if n < len(tiles)):
        if len(chosen) < _EXAMPLES and not any(_overlap(item, other) for other in chosen):
            chosen.append(item)
    return chosen


def _overlap(one: TrainingTile, other: TrainingTile) -> bool:
    """Whether they share more than a half along both sides: nobody needs to see both."""
    a, b = one.tile, other.tile
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x) > min(a.width, b.width) / 2
    return one.image == other.image and across and min(a.y + a.height, b.y + b.height) - max(a.y, b.y) > a.height / 2


def _example(item: TrainingTile, image: ProjectImage, classes: Sequence[str]) -> Example:
    """Its pixels and mask, from a level that is not much finer than the picture."""
    pyramid = image.pyramid()
    number = pyramid.level_for(max(1.0, max(item.tile.width, item.tile.height) / _SIDE))
    level = pyramid.levels[number]
    window = level_window(item.tile, level.scale, level.shape)
    pixels = pyramid.read(window, number)
    return Example(item.image, item.split, item.tile, pixels, _mask(image, classes, level.shape, window))


def _mask(image: ProjectImage, classes: Sequence[str], shape: tuple[int, int], window: Tile) -> NDArray[np.uint8]:
    mask = Targets(image.annotation(), classes, image.shape, shape).window(window)
    mask[mask == IGNORE] = 0
    return mask
