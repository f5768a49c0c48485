"""Small pictures of images, from a coarse level of their pyramid: a large image costs no more than a small one."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import plotting
from .pyramid import Pyramid
from .tiling import Tile
from .widget.layers import LabelOverlay, MaskOverlay, Window
from .widget.look import channel_statistics, default_look, draw, is_rgb

SIDE = 800  # pixels; of the picture that stands for an image in a notebook
SMALL = 160  # pixels; in a table
_TINT = 4  # tenths of a label's colour


def thumbnail(
    pyramid: Pyramid,
    overlay: LabelOverlay | MaskOverlay | None = None,
    *,
    side: int = SIDE,
    channel_names: Sequence[str] = (),
) -> NDArray[np.uint8]:
    """A picture (h, w, 3) of the whole image, at most `side` pixels long, with the classes of `overlay` tinted."""
    number = pyramid.level_for(max(1.0, max(pyramid.shape) / side))
    level = pyramid.levels[number]
    whole = Tile(0, 0, level.shape[1], level.shape[0])
    pixels = pyramid.read(whole, number)
    names = list(channel_names) or [""] * pyramid.channels
    rgb = is_rgb(pyramid.dtype, pyramid.channels) and not channel_names
    picture = draw(pixels, default_look(channel_statistics(pixels, names), rgb=rgb))
    if overlay is not None:
        mask = overlay.numbers(Window(whole, number, level.scale), outline=False)
        picture = _tinted(plotting.to_rgb(picture), mask, [colour for _, colour in overlay.classes])
    image = Image.fromarray(plotting.to_rgb(picture))
    image.thumbnail((side, side), Image.Resampling.BOX)
    return np.asarray(image)


def _tinted(
    picture: NDArray[np.uint8], mask: NDArray[np.uint8], colours: Sequence[plotting.Colour]
) -> NDArray[np.uint8]:
    table = np.array([(0, 0, 0), *colours], np.uint16)
    mixed = ((10 - _TINT) * picture.astype(np.uint16) + _TINT * table[mask]) // 10
    return np.where(mask[..., None] > 0, mixed, picture).astype(np.uint8)


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    """JPEG bytes of a (h, w, 3) picture: a tenth of PNG's time and size, in a notebook that is saved and sent."""
    return bytes(imagecodecs.jpeg8_encode(np.ascontiguousarray(picture), level=85))


def jpeg_uri(picture: NDArray[np.uint8]) -> str:
    """A (h, w, 3) picture as a JPEG in a `data:` address, for pages that need no other file."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg(picture)).decode()}"


def gallery(rows: Iterable[tuple[NDArray[np.uint8] | None, Mapping[str, Any]]]) -> str:
    """An HTML table: a picture and what is to be said of it per row; keys are the headings. All text is escaped."""
    found = list(rows)
    if not found:
        return "<p>no images yet</p>"
    head = "".join(f"<th>{html.escape(key)}</th>" for key in ("", *found[0][1]))
    body = "".join(f"<tr>{_picture_cell(picture)}{_text_cells(facts)}</tr>" for picture, facts in found)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _picture_cell(picture: NDArray[np.uint8] | None) -> str:
    if picture is None:
        return "<td>no picture</td>"
    return f'<td><img alt="" style="max-width:{SMALL}px" src="{jpeg_uri(picture)}"></td>'


def _text_cells(facts: Mapping[str, Any]) -> str:
    return "".join(f'<td style="text-align:left">{html.escape(str(value))}</td>' for value in facts.values())
