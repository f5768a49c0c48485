"""Tiles and whole images that look the same in two splits: what is tested on must not have been learned."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..project_image import ProjectImage
from ..tiling import Tile
from .perceptual import SIDE, Fingerprint, fingerprint, look_alikes
from .training_set import SPLITS, Split, TrainingSet


@dataclass(frozen=True)
class Place:
    """A tile, or a whole image where `tile` is None."""

    image: str
    split: Split
    tile: Tile | None = None

    def __str__(self) -> str:
        where = f" at x={self.tile.x}, y={self.tile.y}" if self.tile else ""
        return f"{self.image}{where} ({self.split})"


def find_duplicates(training_set: TrainingSet, images: Mapping[str, ProjectImage]) -> list[tuple[Place, Place]]:
    """Pairs in different splits that look the same: whole images first, then tiles of other images.

    Only coarse levels are read, tile by tile. Images that `images` lacks are left out.
    """
    whole: dict[Split, dict[Place, Fingerprint]] = {split: {} for split in SPLITS}
    tiles: dict[Split, dict[Place, Fingerprint]] = {split: {} for split in SPLITS}
    for name, image in images.items():
        for item in training_set.tiles:
            if item.image == name and (mark := tile_fingerprint(image, item.tile)):
                tiles[item.split][Place(name, item.split, item.tile)] = mark
        mark = tile_fingerprint(image, Tile(0, 0, image.shape[1], image.shape[0]))
        for split in SPLITS:
            if mark and name in training_set.images(split):
                whole[split][Place(name, split)] = mark
    same = [pair for pair in _pairs(whole) if pair[0].image != pair[1].image]
    known = {(one.image, other.image) for one, other in same}
    return same + [(one, other) for one, other in _pairs(tiles) if (one.image, other.image) not in known]


def _pairs(marks: Mapping[Split, Mapping[Place, Fingerprint]]) -> list[tuple[Place, Place]]:
    found = []
    for one, other in combinations(SPLITS, 2):
        first, second = list(marks[one]), list(marks[other])
        for i, j in look_alikes(list(marks[one].values()), list(marks[other].values())):
            found.append((first[i], second[j]))
    return found


def tile_fingerprint(image: ProjectImage, tile: Tile) -> Fingerprint | None:
    """Of a tile, from a level of the image that is not much finer than a thumbnail; None where it is flat."""
    pyramid = image.pyramid()
    number = pyramid.level_for(max(1.0, min(tile.width, tile.height) / (2 * SIDE)))
    level = pyramid.levels[number]
    pixels = pyramid.read(level_window(tile, level.scale, level.shape), number)
    return fingerprint(np.asarray(pixels if pixels.ndim == 2 else pixels.mean(axis=2)))


def level_window(tile: Tile, scale: float, shape: tuple[int, int]) -> Tile:
    """The pixels of a level of `shape` (H, W) that a tile (image pixels) touches, at least one."""
    left, top = min(int(tile.x / scale), shape[1] - 1), min(int(tile.y / scale), shape[0] - 1)
    right = min(math.ceil((tile.x + tile.width) / scale), shape[1])
    bottom = min(math.ceil((tile.y + tile.height) / scale), shape[0])
    return Tile(left, top, max(1, right - left), max(1, bottom - top))


def duplicate_lines(pairs: Sequence[tuple[Place, Place]], most: int = 4) -> list[str]:
    """As warnings: the first pairs, and how many more there are."""
    if not pairs:
        return []
    shown = "; ".join(f"{one} and {other}" for one, other in pairs[:most])
    more = f"; and {len(pairs) - most} more pairs" if len(pairs) > most else ""
    return [
        f"these look the same, and are in different splits: {shown}{more}. Are they of one place? Then give their "
        "images one group with project.set_groups, and make the set anew"
    ]
