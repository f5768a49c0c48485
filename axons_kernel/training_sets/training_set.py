"""Training sets: frozen lists of tiles with their split, made so that nothing leaks from one split to another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..documents import Document
from ..tiling import Tile

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
GREY = ("grey",)


class TrainingTile(BaseModel):
    """One tile of a training set.

    `pixels` are counts per class number at the set's pixel size, background first; empty in sets of earlier versions.
    """

    model_config = ConfigDict(frozen=True)
    image: str
    tile: Tile
    split: Split
    pixels: tuple[int, ...] = ()

    @property
    def has_labels(self) -> bool:
        """Whether it shows an object of a class; True where that is not known."""
        return not self.pixels or any(self.pixels[1:])


class TrainingSet(Document):
    """training_sets/<name>.json. `classes[i]` has the class number i + 1; `pixel_size_um` is what the model sees.

    `annotation_sha256` holds, per image, the hash of the labels that the set was made from; `groups` the group (animal)
    of the images that have one; `finished` the images that were marked as finished; `shares` what was asked for of each
    split; `fold` is the number of a fold, from 1; `made_with` how the set was made.
    """

    kind: ClassVar[str] = "training_set"
    name: str
    classes: tuple[str, ...]
    pixel_size_um: float
    tiles: tuple[TrainingTile, ...]
    annotation_sha256: dict[str, str]
    content_sha256: str
    channels: tuple[str, ...] = GREY
    groups: dict[str, str] = Field(default_factory=dict)
    fold: int | None = None
    finished: tuple[str, ...] = ()
    shares: dict[str, float] = Field(default_factory=dict)
    made_with: dict[str, Any] = Field(default_factory=dict)

    @property
    def short_hash(self) -> str:
        """The version of the set: sets with the same one hold the same."""
        return self.content_sha256[:8]

    def images(self, split: Split) -> list[str]:
        """Names of the images that have tiles in `split`, in order."""
        return list(dict.fromkeys(item.image for item in self.tiles if item.split == split))

    def windows(self, image: str, *splits: Split) -> list[Tile]:
        """The tiles of one image in any of `splits`."""
        return [item.tile for item in self.tiles if item.image == image and item.split in splits]

    def in_split(self, split: Split) -> list[TrainingTile]:
        """The tiles of a split."""
        return [item for item in self.tiles if item.split == split]

    def hashed(self) -> str:
        """The sha256 of what it holds; another than `content_sha256` when the file was changed afterwards.

        What sets of earlier versions do not have counts only where it says something.
        """
        content: list[Any] = [
            list(self.classes),
            [[t.image, list(t.tile), t.split] for t in self.tiles],
            dict(sorted(self.annotation_sha256.items())),
            self.pixel_size_um,
        ]
        more = {"channels": self.channels if self.channels != GREY else (), "groups": self.groups, "fold": self.fold}
        if any(more.values()):
            content.append({key: value for key, value in more.items() if value})
        return hashlib.sha256(json.dumps(content, separators=(",", ":"), sort_keys=True).encode()).hexdigest()

    def card(self) -> str:
        """The data card as text: what is in which split, and what to beware of; `project.data_card` knows more."""
        from .balance import card_lines

        return "\n".join(card_lines(self))

    def __str__(self) -> str:
        return self.card()

    __repr__ = __str__  # a document would print all its tiles


def new_training_set(
    name: str,
    *,
    classes: Sequence[str],
    tiles: Sequence[TrainingTile],
    annotation_sha256: Mapping[str, str],
    pixel_size_um: float,
    **more: Any,
) -> TrainingSet:
    """A training set with the sha256 of what it holds: classes, tiles, splits, pixel size and annotation hashes."""
    made = TrainingSet(
        name=name,
        classes=tuple(classes),
        pixel_size_um=pixel_size_um,
        tiles=tuple(tiles),
        annotation_sha256=dict(annotation_sha256),
        content_sha256="",
        **more,
    )
    return made.model_copy(update={"content_sha256": made.hashed()})
