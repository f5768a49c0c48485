"""The layers of the viewer: windows of pixels, labels and predictions as pictures in a file's bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ..annotations import Annotation
from ..pyramid import Pyramid
from ..tiling import Tile
from .look import Look, draw
from .painting import Painting

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


class LabelOverlay:
    """The labels of an annotation, as they were when this was made."""

    def __init__(self, annotation: Annotation, colours: Mapping[str, Colour], title: str = "annotation"):
        self.title, self.classes = title, tuple(colours.items())
        numbers = {name: number for number, name in enumerate(colours, start=1)}
        known = [label for label in annotation.labels if label.label_class in numbers]
        self._painting = Painting(known)
        self._class_of = np.array([0, *(numbers[label.label_class or ""] for label in known)], np.uint8)

    def numbers(self, window: Window, *, outline: bool) -> NDArray[np.uint8]:
        """(h, w) class numbers; touching objects have outlines of their own."""
        ids = self._painting.draw(_grown(window.tile) if outline else window.tile, window.scale)
        return np.asarray(self._class_of[_outlines(ids) if outline else ids])


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


def _grown(tile: Tile) -> Tile:
    """More on every side, so that the edge of a tile is no outline."""
    return Tile(tile.x - _LINE, tile.y - _LINE, tile.width + 2 * _LINE, tile.height + 2 * _LINE)


def _outlines(values: NDArray[Any]) -> NDArray[Any]:
    """Of a grown window, the tile with the values near the edge of their area, inside of it; 0 elsewhere."""
    size = 2 * _LINE + 1
    edge = (ndimage.maximum_filter(values, size) != values) | (ndimage.minimum_filter(values, size) != values)
    return np.asarray(np.where(edge, values, 0)[_LINE:-_LINE, _LINE:-_LINE])
