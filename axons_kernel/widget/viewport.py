"""Which part of the image the canvas shows: canvas <-> image co-ordinates, zoom and pan, as frozen values.

Two frames: *image* co-ordinates are (x, y) in image pixels, origin top-left of the whole image; *canvas*
co-ordinates are (x, y) in canvas pixels, origin top-left of the canvas. `scale` is canvas per image pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ..annotations import Point
from ..rasterize import Window

MARGIN = 12.0  # canvas pixels that stay free around the image, to outline objects at its border
MAX_SCALE = 32.0  # canvas pixels per image pixel: beyond this nothing more is to be seen


@dataclass(frozen=True)
class Viewport:
    """A view of an image of (width, height) `image` pixels on a canvas of (width, height) `canvas` pixels.

    `origin` is the image point at the top-left corner of the canvas. Build one with `Viewport.fitting`.
    """

    canvas: tuple[int, int]
    image: tuple[int, int]
    scale: float
    origin: Point

    @classmethod
    def fitting(cls, canvas: tuple[int, int], image: tuple[int, int], region: Window | None = None) -> Viewport:
        """The view that shows all of `region` (x, y, width, height in image pixels), else the whole image."""
        x, y, width, height = region or (0, 0, *image)
        scale = min((canvas[0] - 2 * MARGIN) / max(width, 1), (canvas[1] - 2 * MARGIN) / max(height, 1))
        view = cls(canvas, image, 1.0, (0.0, 0.0))
        scale = min(max(scale, view.min_scale), view.max_scale)
        origin = (x + width / 2 - canvas[0] / scale / 2, y + height / 2 - canvas[1] / scale / 2)
        return replace(view, scale=scale, origin=origin)._clamped()

    @property
    def min_scale(self) -> float:
        """The scale at which the whole image fits."""
        (cw, ch), (iw, ih) = self.canvas, self.image
        return min((cw - 2 * MARGIN) / max(iw, 1), (ch - 2 * MARGIN) / max(ih, 1))

    @property
    def max_scale(self) -> float:
        """The largest scale that zooming in reaches."""
        return max(MAX_SCALE, self.min_scale)

    def to_image(self, point: Point) -> Point:
        """Canvas -> image co-ordinates."""
        return (point[0] / self.scale + self.origin[0], point[1] / self.scale + self.origin[1])

    def to_canvas(self, point: Point) -> Point:
        """Image -> canvas co-ordinates, the inverse of `to_image`."""
        return ((point[0] - self.origin[0]) * self.scale, (point[1] - self.origin[1]) * self.scale)

    def zoomed(self, factor: float, about: Point | None = None) -> Viewport:
        """Scale by `factor`; what is under the canvas point `about` (the middle by default) stays there."""
        about = about or (self.canvas[0] / 2, self.canvas[1] / 2)
        scale = min(max(self.scale * factor, self.min_scale), self.max_scale)
        x, y = self.to_image(about)
        return replace(self, scale=scale, origin=(x - about[0] / scale, y - about[1] / scale))._clamped()

    def panned(self, dx: float, dy: float) -> Viewport:
        """Move the picture by (dx, dy) canvas pixels, as far as the image goes."""
        x, y = self.origin
        return replace(self, origin=(x - dx / self.scale, y - dy / self.scale))._clamped()

    def canvas_window(self, box: tuple[float, float, float, float], pad: float = 0.0) -> Window:
        """The whole canvas pixels that hold an image box (x0, y0, x1, y1), `pad` wider, cut to the canvas."""
        left, top = self.to_canvas((box[0], box[1]))
        right, bottom = self.to_canvas((box[2], box[3]))
        x0, y0 = (min(max(math.floor(v - pad), 0), n) for v, n in zip((left, top), self.canvas, strict=True))
        x1, y1 = (min(max(math.ceil(v + pad), 0), n) for v, n in zip((right, bottom), self.canvas, strict=True))
        return (x0, y0, max(x1 - x0, 0), max(y1 - y0, 0))

    def _clamped(self) -> Viewport:
        """Keep the image on the canvas: centred where smaller, no gap beyond the margin where larger."""
        origin = tuple(
            (extent - shown) / 2
            if extent <= shown - 2 * MARGIN / self.scale
            else min(max(at, -MARGIN / self.scale), extent - shown + MARGIN / self.scale)
            for at, extent, shown in zip(self.origin, self.image, (n / self.scale for n in self.canvas), strict=True)
        )
        return replace(self, origin=(origin[0], origin[1]))
