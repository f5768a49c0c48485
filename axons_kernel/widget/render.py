"""The pictures that the canvas shows, as arrays: the image in the view, and all labels as ONE raster.

Pillow draws, as it fills thousands of outlines in milliseconds; these pictures are for the eye only. What a
training sees is made by `axons_kernel.rasterize`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ..annotations import PointLabel
from ..errors import InputError
from ..rasterize import Window, fill_rings
from .outlines import LabelIndex, Outline
from .viewport import Viewport

Colour = tuple[int, int, int]
UNKNOWN_COLOUR: Colour = (160, 160, 160)  # for labels without a class, or of a class that is not in the list
SUPERSAMPLE = 2  # labels are drawn twice as large and averaged, which smooths the outlines
OUTLINE_WIDTH = 3  # supersampled pixels
POINT_RADIUS = 5  # canvas pixels
PAD = POINT_RADIUS + 2.0  # canvas pixels by which a drawn label can exceed its box
CONTRAST_SAMPLES = 2_000_000  # pixels looked at for the contrast limits


def to_display(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """8-bit pixels for the screen.

    Shape: (H, W) or (H, W, 3) in and out. uint8 is shown as it is; other types are stretched between the
    0.5 % and 99.5 % percentiles; NaN is black.
    """
    if pixels.ndim not in (2, 3) or 0 in pixels.shape or (pixels.ndim == 3 and pixels.shape[2] != 3):
        raise InputError(
            f"Pixels to annotate have the shape (height, width) or (height, width, 3); these "
            f"have {pixels.shape}. Choose one channel, or drop the transparency channel."
        )
    if pixels.dtype == np.uint8:
        return np.ascontiguousarray(pixels)
    if not (np.issubdtype(pixels.dtype, np.number) or pixels.dtype == np.bool_):
        raise InputError(f"Pixels to annotate are numbers; these are {pixels.dtype}.")
    step = max(1, int(np.sqrt(pixels.shape[0] * pixels.shape[1] / CONTRAST_SAMPLES)))
    sample = pixels[::step, ::step].astype(np.float32)
    finite = sample[np.isfinite(sample)]
    low, high = np.percentile(finite, (0.5, 99.5)) if finite.size else (0.0, 1.0)
    if high <= low:  # an even image, or one whose few structures lie beyond the percentiles
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    span = float(high - low) or 1.0
    stretched = (pixels.astype(np.float32) - np.float32(low)) * np.float32(255 / span)
    shown: NDArray[np.uint8] = np.nan_to_num(np.clip(stretched, 0, 255)).astype(np.uint8)
    return shown


class ImageView:
    """Draws the part of an 8-bit image that a viewport shows, from a pyramid of halved copies."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        """`pixels` is (H, W) or (H, W, 3)."""
        self._levels = [Image.fromarray(pixels)]

    def draw(self, view: Viewport) -> tuple[NDArray[np.uint8], int, int]:
        """The picture for the canvas, and its (x, y) on the canvas in canvas pixels.

        Shape: (h, w) uint8 for a grey image, (h, w, 4) for a colour image, as ipycanvas would send three
        channels as a lossy JPEG. Small pixels are averaged by area, large ones stay squares.
        """
        left, top = (max(0, round(v)) for v in view.to_canvas((0.0, 0.0)))
        corner = view.to_canvas((float(view.image[0]), float(view.image[1])))
        right, bottom = (min(n, max(1, round(v))) for v, n in zip(corner, view.canvas, strict=True))
        level, half = self._level(view.scale)
        (x0, y0), (x1, y1) = view.to_image((left, top)), view.to_image((right, bottom))
        box = (
            max(x0 / half, 0.0),
            max(y0 / half, 0.0),
            min(x1 / half, float(level.width)),
            min(y1 / half, float(level.height)),
        )
        picture = level.resize((max(right - left, 1), max(bottom - top, 1)), Image.Resampling.BOX, box=box)
        return np.asarray(picture if picture.mode == "L" else picture.convert("RGBA")), left, top

    def _level(self, scale: float) -> tuple[Image.Image, int]:
        """The smallest copy that still has a pixel for each canvas pixel, and its reduction factor."""
        number = max(0, int(np.floor(-np.log2(scale))))
        while len(self._levels) <= number and min(self._levels[-1].size) > 1:
            self._levels.append(self._levels[-1].reduce(2))
        number = min(number, len(self._levels) - 1)
        return self._levels[number], 2**number


def render_labels(
    index: LabelIndex, view: Viewport, colours: Mapping[str, Colour], opacity: float, window: Window
) -> NDArray[np.uint8]:
    """All labels in `window` (x, y, width, height in canvas pixels) as one picture; later ones cover
    earlier ones.

    Shape: returns (height, width, 4) uint8, red, green, blue, alpha. `opacity` 0..1 is that of the fill;
    outlines are opaque.
    """
    x, y, width, height = window
    raster = Image.new("RGBA", (width * SUPERSAMPLE, height * SUPERSAMPLE))
    pen = ImageDraw.Draw(raster)
    low, high = view.to_image((x - PAD, y - PAD)), view.to_image((x + width + PAD, y + height + PAD))
    scale = view.scale * SUPERSAMPLE
    offset = np.array(view.origin) + np.array((x, y)) / view.scale
    for outline in index.touching((*low, *high)):
        colour = colours.get(outline.label.label_class or "", UNKNOWN_COLOUR)
        fill = (*colour, round(255 * opacity))
        rings = [(ring - offset) * scale for ring in outline.rings]
        if isinstance(outline.label, PointLabel):
            _draw_point(pen, (np.array(outline.label.position) - offset) * scale, colour)
        elif len(rings) == 1 and len(rings[0]) > 2:
            pen.polygon([*map(tuple, rings[0].tolist())], fill=fill, outline=colour, width=OUTLINE_WIDTH)
        else:
            _draw_regions(raster, pen, rings, fill)
    return np.asarray(raster.reduce(SUPERSAMPLE))


def _draw_point(pen: ImageDraw.ImageDraw, at: NDArray[np.float64], colour: Colour) -> None:
    for radius, ink in ((POINT_RADIUS, (255, 255, 255)), (POINT_RADIUS - 1.5, colour)):
        r = radius * SUPERSAMPLE
        pen.ellipse((at[0] - r, at[1] - r, at[0] + r, at[1] + r), fill=ink)


def _draw_regions(
    raster: Image.Image, pen: ImageDraw.ImageDraw, rings: list[NDArray[np.float64]], fill: tuple[int, ...]
) -> None:
    """Fill several rings by the even-odd rule, holes included, and draw each outline."""
    if not rings:
        return
    points = np.concatenate(rings)
    low = np.clip(np.floor(points.min(axis=0)), 0, raster.size).astype(int)
    high = np.clip(np.ceil(points.max(axis=0)), 0, raster.size).astype(int)
    window = (int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
    if window[2] and window[3]:
        inside = fill_rings([tuple(map(tuple, ring.tolist())) for ring in rings], window)
        raster.paste(fill, (window[0], window[1]), Image.fromarray(inside))
    for ring in rings:
        pen.line([*map(tuple, ring.tolist()), tuple(ring[0])], fill=(*fill[:3], 255), width=OUTLINE_WIDTH)


def scale_bar(view: Viewport, pixel_size_um: float) -> tuple[float, str]:
    """Length in canvas pixels, and text, of a bar of 1, 2 or 5 x 10^n micrometres, up to 160 pixels."""
    longest = 160 * pixel_size_um / view.scale
    power = 10.0 ** np.floor(np.log10(longest))
    length = max(step * power for step in (1, 2, 5) if step * power <= longest)
    text = f"{length:g} µm" if length < 1000 else f"{length / 1000:g} mm"
    return float(length / pixel_size_um * view.scale), text


def label_outline(outlines: LabelIndex, object_id: str | None) -> Outline | None:
    """The outline of one label, None when there is no such label."""
    return next((o for o in outlines.outlines if o.label.object_id == object_id), None)
