"""Training sets: frozen lists of tiles with their split, made so that nothing leaks from one split to another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from .documents import Document
from .errors import InputError
from .tiling import Tile

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


class TrainingTile(BaseModel):
    """One tile of a training set."""

    model_config = ConfigDict(frozen=True)
    image: str
    tile: Tile
    split: Split


class TrainingSet(Document):
    """training_sets/<name>.json. `classes[i]` has the class number i + 1; `pixel_size_um` is what the model sees.

    `annotation_sha256` holds, per image, the hash of the labels that the set was made from.
    """

    kind: ClassVar[str] = "training_set"
    name: str
    classes: tuple[str, ...]
    pixel_size_um: float
    tiles: tuple[TrainingTile, ...]
    annotation_sha256: dict[str, str]
    content_sha256: str

    def images(self, split: Split) -> list[str]:
        """Names of the images that have tiles in `split`, in order."""
        return list(dict.fromkeys(item.image for item in self.tiles if item.split == split))

    def windows(self, image: str, *splits: Split) -> list[Tile]:
        """The tiles of one image in any of `splits`."""
        return [item.tile for item in self.tiles if item.image == image and item.split in splits]

    def card(self) -> str:
        """The data card as text: what is in which split."""
        lines = [f"Training set '{self.name}': classes {', '.join(self.classes)}, {self.pixel_size_um:g} µm per pixel"]
        for split in SPLITS:
            names = self.images(split)
            count = sum(item.split == split for item in self.tiles)
            if count:
                lines.append(f"  {split:<10} {count:>4} tiles of {', '.join(names)}")
        shared = sorted(set(self.images("train")) & set(self.images("validation")))
        if shared:
            both = ", ".join(shared)
            lines.append(f"  note: too few images to split by image; {both} is split by area, without overlap")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.card()


def new_training_set(
    name: str,
    *,
    classes: Sequence[str],
    tiles: Sequence[TrainingTile],
    annotation_sha256: Mapping[str, str],
    pixel_size_um: float,
) -> TrainingSet:
    """A training set with the sha256 of what it holds: classes, tiles, splits, pixel size and annotation hashes."""
    content = [
        list(classes),
        [[t.image, list(t.tile), t.split] for t in tiles],
        dict(sorted(annotation_sha256.items())),
        pixel_size_um,
    ]
    return TrainingSet(
        name=name,
        classes=tuple(classes),
        pixel_size_um=pixel_size_um,
        tiles=tuple(tiles),
        annotation_sha256=dict(annotation_sha256),
        content_sha256=hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest(),
    )


def split_tiles(
    tilings: Mapping[str, Sequence[Tile]], *, validation: float, test: float, seed: int
) -> tuple[TrainingTile, ...]:
    """Give each tile a split: whole images where there are enough of them, else areas of each image.

    `validation` and `test` are shares in 0..0.5. Areas are cut along x; tiles that reach over a cut are left
    out, so no pixel is in two splits.
    """
    for name, share in (("validation", validation), ("test", test)):
        if not 0 <= share <= 0.5:
            raise InputError(f"{name}={share} is not allowed: give the share of the data, from 0 to 0.5.")
    if validation + test >= 1:
        raise InputError(f"validation={validation} and test={test} leave nothing to train on: make one smaller.")
    parts = (validation > 0) + (test > 0)
    if len(tilings) >= 2 + parts or parts == 0:
        return _split_by_image(tilings, validation, test, seed)
    return tuple(item for image, tiles in tilings.items() for item in _split_by_area(image, tiles, validation, test))


def _split_by_image(
    tilings: Mapping[str, Sequence[Tile]], validation: float, test: float, seed: int
) -> tuple[TrainingTile, ...]:
    names = list(tilings)
    order = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
    n_validation = max(1, round(validation * len(names))) if validation else 0
    n_test = max(1, round(test * len(names))) if test else 0
    while n_validation + n_test >= len(names):  # rounded up together; one image at least is trained on
        n_validation, n_test = (n_validation - 1, n_test) if n_validation >= n_test else (n_validation, n_test - 1)
    split_of: dict[str, Split] = dict.fromkeys(names, "train")
    split_of.update(dict.fromkeys(order[:n_validation], "validation"))
    split_of.update(dict.fromkeys(order[n_validation : n_validation + n_test], "test"))
    return tuple(TrainingTile(image=n, tile=t, split=split_of[n]) for n, tiles in tilings.items() for t in tiles)


def _split_by_area(image: str, tiles: Sequence[Tile], validation: float, test: float) -> list[TrainingTile]:
    width = max(tile.x + tile.width for tile in tiles)
    train_end, validation_end = width * (1 - validation - test), width * (1 - test)
    areas: list[tuple[Split, float, float]] = [
        ("train", 0, train_end),
        ("validation", train_end, validation_end),
        ("test", validation_end, width),
    ]
    items = []
    for split, left, right in areas:
        inside = [t for t in tiles if t.x >= left and t.x + t.width <= right]
        if right - left >= 1 and not inside:
            inside = _narrow_tiles(tiles, round(left), round(right))
        items += [TrainingTile(image=image, tile=tile, split=split) for tile in inside]
    return items


def _narrow_tiles(tiles: Sequence[Tile], left: int, right: int) -> list[Tile]:
    """Tiles cut down to an area that is narrower than a tile."""
    rows = sorted({(tile.y, tile.height) for tile in tiles})
    return [Tile(left, y, right - left, height) for y, height in rows]
