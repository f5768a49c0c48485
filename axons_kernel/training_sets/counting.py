"""Pixels of each class in tiles, as a network will see them, read window by window."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from ..annotations import Annotation
from ..project_image import ProjectImage
from ..resampling import scaled_shape, scaled_window
from ..tiling import Tile
from ..training.targets import Targets

FINISHED = "finished"  # the task that says that all of an image is annotated
_BLOCK = 2048  # pixels; larger tiles are gone through in blocks of this side


class TileCounter:
    """Counts in the tiles of one image at a pixel size; labels of other classes are background."""

    def __init__(self, image: ProjectImage, annotation: Annotation, classes: Sequence[str], pixel_size_um: float):
        self._scale = image.pixel_size_um / pixel_size_um
        self._shape = scaled_shape(image.shape, self._scale)
        self._classes = len(classes)
        self._targets = Targets(annotation, classes, image.shape, self._shape)

    def count(self, tile: Tile) -> tuple[int, ...]:
        """Pixels per class number of a tile (image pixels), background first; those that are not known are left out."""
        window = scaled_window(tile, self._scale, self._shape)
        counts = np.zeros(256, np.int64)
        for y in range(window.y, window.y + window.height, _BLOCK):
            for x in range(window.x, window.x + window.width, _BLOCK):
                size = min(_BLOCK, window.x + window.width - x), min(_BLOCK, window.y + window.height - y)
                counts += np.bincount(self._targets.window(Tile(x, y, *size)).ravel(), minlength=256)
        return tuple(int(count) for count in counts[: self._classes + 1])


@dataclass(frozen=True)
class LabelledImage:
    """What a set needs to know of an image, gathered in one reading of its labels.

    `labels` counts labels per class, `pixels` gives each tile its pixels per class number.
    """

    image: ProjectImage
    finished: bool
    labels_sha256: str
    labels: Mapping[str, int]
    pixels: Mapping[Tile, tuple[int, ...]]

    @property
    def name(self) -> str:
        """The image's name."""
        return self.image.name


def look_at(
    image: ProjectImage, annotation: Annotation, tiles: Sequence[Tile], classes: Sequence[str], pixel_size_um: float
) -> LabelledImage:
    """Count in all tiles of an image that has the annotation."""
    counter = TileCounter(image, annotation, classes, pixel_size_um)
    bar = tqdm(tiles, desc=f"counting in {image.name}", unit="tile", delay=2, leave=False, file=sys.stdout)
    pixels = {tile: counter.count(tile) for tile in bar}
    return LabelledImage(image, is_finished(annotation), annotation.labels_sha256(), annotation.counts(), pixels)


def is_finished(annotation: Annotation) -> bool:
    """Whether somebody has ticked that all of the image is annotated."""
    return FINISHED in annotation.completed_tasks
