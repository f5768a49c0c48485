"""What stands beside exported tiles: training_set.json says what each file is a tile of, and in which split."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..annotations import LabelClass
from ..documents import Document
from ..tiling import Tile
from .training_set import GREY, Split

Format = Literal["folder", "coco"]
MANIFEST = "training_set.json"


class ExchangedImage(BaseModel):
    """An image that tiles are of: (H, W) in pixels and µm per pixel."""

    model_config = ConfigDict(frozen=True)
    name: str
    shape: tuple[int, int]
    pixel_size_um: float
    finished: bool = False


class ExchangedTile(BaseModel):
    """A tile: its file and that file's sha256, the file of its mask (none in COCO), and its place in image pixels."""

    model_config = ConfigDict(frozen=True)
    image: str
    split: Split
    tile: Tile
    picture: str
    sha256: str
    mask: str = ""


class ExchangeManifest(Document):
    """training_set.json in the folder of an export; `pixel_size_um` is what the model sees, pictures have their own."""

    kind: ClassVar[str] = "training_set_files"
    name: str
    format: Format
    classes: tuple[LabelClass, ...]
    pixel_size_um: float
    channels: tuple[str, ...] = GREY
    groups: dict[str, str] = Field(default_factory=dict)
    fold: int | None = None
    images: tuple[ExchangedImage, ...]
    tiles: tuple[ExchangedTile, ...]


def coco_file(split: Split) -> str:
    """Where COCO keeps the labels of a split."""
    return f"annotations/instances_{split}.json"
