"""Draws the three layers of an ipycanvas MultiCanvas: image, labels, interaction.

Known traps of ipycanvas, and what is done here: its `hold_canvas` leaves the process-wide command cache
open when an exception passes (`held` closes it); after a page reload Python believes that a canvas is
current which the browser does not know, and the browser then stops drawing for good (`restart`); colour
pictures without alpha go as lossy JPEG (only grey and RGBA are put); each picture put stays in the memory
of the page until it is closed (so panning copies layers, and an edit puts only a patch). One lock for all
painters: the command cache is one for the process, and widget messages may be handled in another thread
than the cells (ipykernel's subshells).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..rasterize import Window
from .outlines import Box, LabelIndex, Outline
from .render import PAD, POINT_RADIUS, Colour, ImageView, render_labels, scale_bar
from .viewport import Viewport

LOCK = threading.RLock()
IMAGE, LABELS, INTERACTION = 0, 1, 2
SELECTION, HALO, DRAFT = "#ffd400", "rgba(0, 0, 0, 0.75)", "#00e5ff"


class Painter:
    """Knows how each layer looks, nothing of tools. All methods draw at once, as one message each."""

    def __init__(
        self, canvas: Any, image: ImageView, colours: Mapping[str, Colour], pixel_size_um: float | None
    ) -> None:
        """`canvas` is a MultiCanvas of three layers."""
        self._canvas = canvas
        self._image = image
        self._colours = dict(colours)
        self._pixel_size_um = pixel_size_um
        self._painted = LabelIndex.of(())
        self.opacity = 0.35
        self.labels_visible = True

    @contextmanager
    def held(self) -> Iterator[None]:
        """Collect drawing commands and send them as one message; after an exception drop them."""
        manager = self._canvas._canvas_manager
        with LOCK:
            before, manager._caching = manager._caching, True
            try:
                yield
                if not before:
                    manager.flush()
            except BaseException:
                manager._commands_cache, manager._buffers_cache = [], []
                manager._current_canvas = None  # the browser never heard of a switch that was in the dropped cache
                raise
            finally:
                manager._caching = before

    def restart(self) -> None:
        """A browser page has (re)loaded and knows no current canvas: say so to ipycanvas."""
        with LOCK:
            self._canvas._canvas_manager._current_canvas = None

    def image(self, view: Viewport, tile: Window | None) -> None:
        """Redraw the image layer: the pixels, what lies outside of the tile dimmed, the scale bar."""
        layer = self._canvas[IMAGE]
        picture, x, y = self._image.draw(view)
        with self.held():
            layer.clear()
            layer.put_image_data(picture, x, y)
            if tile is not None:
                self._dim_outside(layer, view, tile)
            if self._pixel_size_um:
                self._draw_scale_bar(layer, view, self._pixel_size_um)

    def labels(self, index: LabelIndex, view: Viewport) -> None:
        """Redraw the whole label layer."""
        self._painted = index
        layer = self._canvas[LABELS]
        with self.held():
            layer.clear()
            if self.labels_visible and index.outlines:
                layer.put_image_data(render_labels(index, view, self._colours, self.opacity, (0, 0, *view.canvas)))

    def changed_labels(self, index: LabelIndex, view: Viewport) -> None:
        """Redraw only the rectangle around the labels that have changed since the last time."""
        box: Box | None = index.changed_box(self._painted)
        self._painted = index
        if box is None or not self.labels_visible:
            return
        x, y, width, height = window = view.canvas_window(box, PAD)
        if not width or not height:
            return
        layer = self._canvas[LABELS]
        with self.held():
            layer.clear_rect(x, y, width, height)
            layer.put_image_data(render_labels(index, view, self._colours, self.opacity, window), x, y)

    def interaction(self, view: Viewport, draft: NDArray[np.float64], closable: bool, selected: Outline | None) -> None:
        """Redraw the interaction layer: the selected label, and the shape being drawn.

        `draft` is (N, 2) in canvas pixels, in the order drawn; `closable` marks its first corner for the
        click.
        """
        layer = self._canvas[INTERACTION]
        with self.held():
            layer.clear()
            if selected is not None:
                self._draw_selection(layer, view, selected)
            if len(draft):
                _line(layer, draft, DRAFT, 2)
                layer.fill_style = DRAFT
                layer.fill_circle(float(draft[0][0]), float(draft[0][1]), 6 if closable else 3)

    def shifted(self, dx: float, dy: float) -> None:
        """Show image and labels moved by (dx, dy) canvas pixels: layers are copied in the browser."""
        layer = self._canvas[INTERACTION]
        width, height = self._canvas.width, self._canvas.height
        with self.held():
            layer.clear()
            layer.fill_style = "#808080"
            layer.fill_rect(0, 0, width, height)
            for source in (IMAGE, LABELS):
                layer.draw_image(self._canvas[source], dx, dy)

    def _draw_selection(self, layer: Any, view: Viewport, selected: Outline) -> None:
        origin = np.array(view.origin)
        for ring in selected.rings:
            closed = (np.concatenate((ring, ring[:1])) - origin) * view.scale
            _line(layer, closed, SELECTION, 3)
        if not selected.rings:
            x, y = view.to_canvas((selected.box[0], selected.box[1]))
            layer.stroke_style, layer.line_width = SELECTION, 3
            layer.stroke_circle(x, y, POINT_RADIUS + 3)

    @staticmethod
    def _dim_outside(layer: Any, view: Viewport, tile: Window) -> None:
        (x0, y0), (x1, y1) = view.to_canvas(tile[:2]), view.to_canvas((tile[0] + tile[2], tile[1] + tile[3]))
        width, height = view.canvas
        layer.fill_style = "rgba(0, 0, 0, 0.45)"
        layer.fill_rect(0, 0, width, y0)
        layer.fill_rect(0, y1, width, height - y1)
        layer.fill_rect(0, y0, x0, y1 - y0)
        layer.fill_rect(x1, y0, width - x1, y1 - y0)
        layer.stroke_style, layer.line_width = "#ffffff", 1
        layer.stroke_rect(x0, y0, x1 - x0, y1 - y0)

    @staticmethod
    def _draw_scale_bar(layer: Any, view: Viewport, pixel_size_um: float) -> None:
        length, text = scale_bar(view, pixel_size_um)
        x, y = 16, view.canvas[1] - 18
        layer.fill_style = "rgba(0, 0, 0, 0.6)"
        layer.fill_rect(x - 8, y - 26, length + 16, 36)
        layer.fill_style = "#ffffff"
        layer.fill_rect(x, y, length, 4)
        layer.font, layer.text_align = "13px sans-serif", "center"
        layer.fill_text(text, x + length / 2, y - 8)


def _line(layer: Any, points: NDArray[np.float64], colour: str, width: float) -> None:
    """A line with a dark halo, to be seen on light and on dark tissue. `points` is (N, 2), canvas pixels."""
    flat = np.ascontiguousarray(points, dtype=np.float32)
    if len(flat) < 2:
        return
    for style, line_width in ((HALO, width + 2), (colour, width)):
        layer.stroke_style, layer.line_width = style, line_width
        layer.stroke_lines(flat)
