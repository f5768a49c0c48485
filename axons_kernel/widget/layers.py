"""The layers of the viewer: windows of pixels, labels and predictions as pictures in a file's bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ..annotations import Annotation, Label, Ring
from ..pyramid import Pyramid
from ..rasterize import bounding_window, fill_rings
from ..tiling import Tile
from .look import Look, draw

JPEG_QUALITY = 90
_LINE = 2  # pixels; how wide outlines are
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Picture:
    """Bytes of a picture file and their media type."""

    type: str
    data: bytes


@dataclass(frozen=True)
class Window:
    """A window of a level, in pixels of that level; `scale` is image pixels per pixel."""

    tile: Tile
    level: int
    scale: float


class Overlay(Protocol):
    """Class numbers over an image; 0 is nothing, `classes[i]` is i + 1."""

    @property
    def title(self) -> str:
        """What a person calls it."""

    @property
    def classes(self) -> tuple[tuple[str, Colour], ...]:
        """Name and colour per class."""

    def numbers(self, window: Window, *, outline: bool) -> NDArray[np.uint8]:
        """(h, w) class numbers of a window, or of the objects' outlines only."""


def encode_pixels(pixels: NDArray[Any], look: Look, level: int) -> Picture:
    """Pixels (h, w) or (h, w, C) as a picture: at the finest level of a grey image exact (PNG), else JPEG.

    JPEG takes a tenth of PNG's time to write and half of its bytes; seen from afar it looks the same.
    """
    picture = np.ascontiguousarray(draw(pixels, look))
    if level == 0 and picture.ndim == 2:
        return Picture("image/png", bytes(imagecodecs.png_encode(picture, level=1)))
    return Picture("image/jpeg", bytes(imagecodecs.jpeg8_encode(picture, level=JPEG_QUALITY, subsampling="444")))


def encode_numbers(numbers: NDArray[np.uint8], colours: Sequence[Colour]) -> Picture:
    """Class numbers (h, w) as a PNG with a palette in which 0 is transparent."""
    image = Image.fromarray(numbers, "P")
    image.putpalette([0, 0, 0, *(part for colour in colours for part in colour)])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1, transparency=bytes([0, *([255] * len(colours))]))
    return Picture("image/png", buffer.getvalue())


@dataclass(frozen=True)
class LabelOverlay:
    """The labels of an annotation, as they were when this was made."""

    annotation: Annotation
    colours: Mapping[str, Colour]
    shape: tuple[int, int]
    title: str = "annotation"
    _boxes: NDArray[np.int64] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        boxes = [bounding_window(_all_rings(label), self.shape) for label in self.annotation.labels]
        object.__setattr__(self, "_boxes", np.array(boxes, np.int64).reshape(-1, 4))

    @property
    def classes(self) -> tuple[tuple[str, Colour], ...]:
        """Name and colour per class of the project."""
        return tuple(self.colours.items())

    def numbers(self, window: Window, *, outline: bool) -> NDArray[np.uint8]:
        """(h, w) class numbers; touching objects have outlines of their own."""
        tile = _grown(window.tile) if outline else window.tile
        ids = np.zeros((tile.height, tile.width), np.int32)
        numbers = {name: number for number, name in enumerate(self.colours, start=1)}
        class_of = np.zeros(len(self.annotation.labels) + 1, np.uint8)
        for index in self._under(tile, window.scale):
            label = self.annotation.labels[index]
            number = numbers.get(label.label_class or "")
            if number is not None:
                class_of[index + 1] = number
                for rings in label.parts():
                    _fill(ids, tile, rings, window.scale, index + 1)
        return class_of[_outlines(ids) if outline else ids]

    def _under(self, tile: Tile, scale: float) -> NDArray[np.int64]:
        """Which labels have a bounding box that touches the window."""
        x, y, w, h = self._boxes.T / scale
        right, bottom = tile.x + tile.width, tile.y + tile.height
        return np.flatnonzero((x < right) & (y < bottom) & (x + w > tile.x) & (y + h > tile.y))


@dataclass(frozen=True)
class MaskOverlay:
    """A prediction: class numbers in a pyramid of the image's size."""

    pyramid: Pyramid
    title: str
    classes: tuple[tuple[str, Colour], ...]

    def numbers(self, window: Window, *, outline: bool) -> NDArray[np.uint8]:
        """(h, w) class numbers, each from the centre of its pixel where the level is not in the file."""
        level = self.pyramid.level_for(window.scale)
        shape, scale = self.pyramid.levels[level].shape, self.pyramid.levels[level].scale
        tile = _grown(window.tile) if outline else window.tile
        rows, cols = (
            np.clip(((start + np.arange(length) + 0.5) * window.scale / scale).astype(np.int64), 0, limit - 1)
            for start, length, limit in ((tile.y, tile.height, shape[0]), (tile.x, tile.width, shape[1]))
        )
        part = Tile(cols[0], rows[0], cols[-1] - cols[0] + 1, rows[-1] - rows[0] + 1)
        values = self.pyramid.read(Tile(*(int(v) for v in part)), level)[rows[:, None] - part.y, cols - part.x]
        known = np.where(values <= len(self.classes), values, 0).astype(np.uint8)
        return _outlines(known) if outline else known


def _all_rings(label: Label) -> list[Ring]:
    return [ring for rings in label.parts() for ring in rings]


def _grown(tile: Tile) -> Tile:
    """More on every side, so that the edge of a tile is no outline."""
    return Tile(tile.x - _LINE, tile.y - _LINE, tile.width + 2 * _LINE, tile.height + 2 * _LINE)


def _fill(ids: NDArray[np.int32], tile: Tile, rings: Sequence[Ring], scale: float, value: int) -> None:
    """Draw one label into a window, touching only the part of it that the label can reach."""
    scaled = [tuple((x / scale, y / scale) for x, y in ring) for ring in rings]
    points = np.asarray([point for ring in scaled for point in ring])
    x0, y0 = np.maximum(np.floor(points.min(axis=0)).astype(int), (tile.x, tile.y))
    x1, y1 = np.minimum(np.ceil(points.max(axis=0)).astype(int), (tile.x + tile.width, tile.y + tile.height))
    if x1 > x0 and y1 > y0:
        filled = fill_rings(scaled, (int(x0), int(y0), int(x1 - x0), int(y1 - y0)))
        ids[y0 - tile.y : y1 - tile.y, x0 - tile.x : x1 - tile.x][filled] = value


def _outlines(values: NDArray[Any]) -> NDArray[Any]:
    """Of a grown window, the tile with the values near the edge of their area, inside of it; 0 elsewhere."""
    size = 2 * _LINE + 1
    edge = (ndimage.maximum_filter(values, size) != values) | (ndimage.minimum_filter(values, size) != values)
    return np.asarray(np.where(edge, values, 0)[_LINE:-_LINE, _LINE:-_LINE])
