"""One image of a project: its pixels, its tiles and its annotation, read when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from . import plotting
from .annotations import Annotation
from .images import ImageInfo, decode_image
from .label_files import LabelEditing, read_annotation, write_annotation
from .pyramid import Pyramid
from .rasterize import class_mask
from .storage import Store
from .thumbnails import jpeg, thumbnail
from .tiling import Tile
from .widget.layers import LabelOverlay
from .windows import read_window


@dataclass(frozen=True, repr=False)
class ProjectImage:
    """A handle on `images/<name>/`; `colours` gives each label class its colour, in class order."""

    store: Store
    info: ImageInfo
    colours: Mapping[str, plotting.Colour]

    @property
    def name(self) -> str:
        """The image's name in the project."""
        return self.info.name

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.info.shape

    @property
    def pixel_size_um(self) -> float:
        """µm per pixel."""
        return self.info.pixel_size_um

    def pixels(self) -> NDArray[Any]:
        """All pixels: (H, W) or (H, W, C) in the image's own type."""
        key = f"images/{self.name}/image.tif"
        return decode_image(self.store.read(key), key).pixels

    def read(self, tile: Tile, level: int = 0) -> NDArray[Any]:
        """The pixels of a tile (in image pixels) at a level of the image: (h, w) or (h, w, C) in the image's own type.

        Only what the tile shows is read; what reaches over the edge is mirrored. Raises InputError when the tile lies
        outside, or does not begin and end between two pixels of the level.
        """
        return read_window(self.pyramid(), tile, level)

    def pyramid(self) -> Pyramid:
        """The image for reading windows at any level; opened once per process, with a cache that all images share."""
        return _pyramid_of(_Opened(self.store, self.store.url, self.name, self.info.encode()))

    @property
    def annotation_key(self) -> str:
        """Where the labels are stored."""
        return f"annotations/{self.name}__labels.json"

    def annotation(self) -> Annotation:
        """The image's labels; empty when it has not been annotated."""
        return read_annotation(self.store, self.annotation_key, self.info.source_name)

    def save_annotation(self, annotation: Annotation) -> None:
        """Replace the image's labels. Raises ConflictError when another process has changed them since."""
        write_annotation(self.store, self.annotation_key, annotation)

    def edit_annotation(self) -> LabelEditing:
        """The labels for an editor that saves often; what others save meanwhile is kept."""
        return LabelEditing(self.store, self.annotation_key, self.info.source_name)

    def labels_sha256(self) -> str:
        """A hash over the labels alone: it does not change with file layout or finished tasks."""
        return self.annotation().labels_sha256()

    def mask(self, classes: Sequence[str] | None = None) -> NDArray[np.uint8]:
        """Class per pixel (H, W) uint8: `classes[i]` as i + 1, by default all classes of the project."""
        names = list(self.colours) if classes is None else classes
        return class_mask(self.annotation(), {name: i for i, name in enumerate(names, start=1)}, self.shape)

    def preview(self, *, labels: bool = True) -> NDArray[np.uint8]:
        """A small picture (h, w, 3) of the image, with its labels tinted."""
        overlay = LabelOverlay(self.annotation(), self.colours) if labels else None
        return thumbnail(self.pyramid(), overlay, channel_names=self.info.channel_names)

    def figure(self, groups: Mapping[str, Sequence[Tile]]) -> Figure:
        """The image with groups of tiles drawn on it."""
        picture = self.preview(labels=False)
        return plotting.tiles_figure(picture, picture.shape[1] / self.shape[1], groups)

    def _repr_jpeg_(self) -> bytes:
        return jpeg(self.preview())

    def __repr__(self) -> str:
        height, width = self.shape
        size = self.pixel_size_um
        return (
            f"{self.name}: {width} x {height} pixels, {self.info.dtype}, {size:g} µm per pixel "
            f"({width * size:.0f} x {height * size:.0f} µm)"
        )


@dataclass(frozen=True)
class _Opened:
    """What tells one image file from another: a name that was given to another image later is not the same."""

    store: Store = field(compare=False)
    url: str
    name: str
    info: bytes


@lru_cache(maxsize=64)  # of each, a file is open
def _pyramid_of(opened: _Opened) -> Pyramid:
    key = f"images/{opened.name}/image.tif"
    return Pyramid(opened.store.open(key), opened.store.path(key))
