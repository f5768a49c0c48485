"""Training sets: frozen lists of tiles with their split, made so that nothing leaks from one split to another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from ..documents import Document
from ..tiling import Tile

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
