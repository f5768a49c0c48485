"""What is shown: the viewport on the image or a tile of it, and the redrawing of what has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..annotations import Point
from ..errors import InputError
from ..rasterize import Window
from .editor import Editor
from .painter import IMAGE, LABELS, Painter
from .render import Colour, ImageView, label_outline
from .tools import Tool
from .viewport import Viewport

REACH = 8.0  # canvas pixels: how far a click may miss


class Stage:
    """Joins an editor's state, the viewport and the painted layers.

    Attributes: `view`; `tile`, the number of the tile shown, from 0; `pointer`, its last known position in
    canvas pixels; `opacity` 0..1 and `labels_visible` belong to the painter.
    """

    def __init__(
        self,
        canvas: Any,
        pixels: NDArray[np.uint8],
        editor: Editor,
        *,
        colours: Mapping[str, Colour],
        tiles: Sequence[Window],
        pixel_size_um: float | None,
    ) -> None:
        """`canvas` is a MultiCanvas of three layers; `tiles` are (x, y, width, height) in image pixels."""
        self.painter = Painter(canvas, ImageView(pixels), colours, pixel_size_um)
        self.pointer: Point = (0.0, 0.0)
        self.tile = 0
        self._tiles = tuple(tiles)
        self._editor = editor
        self._canvas_size = (int(canvas.width), int(canvas.height))
        self.view = self._fitting()
        self.draw()

    @property
    def reach(self) -> float:
        """How far a click may miss, in image pixels."""
        return REACH / self.view.scale

    @property
    def image_point(self) -> Point:
        """The pointer in image co-ordinates."""
        return self.view.to_image(self.pointer)

    def draw(self) -> None:
        """Draw all layers."""
        self.painter.image(self.view, self._window)
        self.painter.labels(self._editor.index, self.view)
        self.draw_interaction()

    def draw_edit(self) -> None:
        """Draw what an edit has changed: a rectangle of the label layer, and the interaction layer."""
        self.painter.changed_labels(self._editor.index, self.view)
        self.draw_interaction()

    def draw_interaction(self) -> None:
        """Draw the selection and the shape in hand."""
        editor = self._editor
        points = [self.view.to_canvas(p) for p in editor.draft]
        closable = editor.tool is Tool.POLYGON and len(points) >= 3
        if editor.tool is Tool.BOX and len(points) == 2:
            (x0, y0), (x1, y1) = points
            points = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
        elif editor.tool is Tool.POLYGON and points:
            points.append(self.pointer)
        draft = np.array(points, dtype=np.float64).reshape(-1, 2)
        selected = label_outline(editor.index, editor.selected)
        self.painter.interaction(self.view, draft, closable, selected)

    def replay(self, layer: int) -> None:
        """A page has been (re)loaded and its copy of this layer is empty."""
        self.painter.restart()
        if layer == IMAGE:
            self.painter.image(self.view, self._window)
        elif layer == LABELS:
            self.painter.labels(self._editor.index, self.view)
        else:
            self.draw_interaction()

    def restyle(self, *, visible: bool | None = None, opacity: float | None = None) -> None:
        """Show or hide the labels, or fill them more or less strongly (0..1)."""
        if visible is not None:
            self.painter.labels_visible = visible
        if opacity is not None:
            self.painter.opacity = opacity
        self.painter.labels(self._editor.index, self.view)

    def zoom(self, factor: float, about: Point | None = None) -> None:
        """Zoom about a canvas point, by default about the middle."""
        self._set_view(self.view.zoomed(factor, about))

    def pan(self, shift: Point) -> None:
        """Move the picture by (dx, dy) canvas pixels."""
        self._set_view(self.view.panned(*shift))

    def fit(self) -> None:
        """Show the whole tile, or the whole image when there are no tiles."""
        self.view = self._fitting()
        self.draw()

    def show_tile(self, number: int) -> None:
        """Go to a tile, counted from 0."""
        if not 0 <= number < len(self._tiles):
            raise InputError(f"There is no tile {number}: there are {len(self._tiles)} tiles, counted from 0.")
        self.tile = number
        self.fit()

    def step_tile(self, step: int) -> None:
        """Go on or back by `step` tiles where there are any; drops a shape in hand."""
        if 0 <= self.tile + step < len(self._tiles):
            self._editor.cancel()
            self.show_tile(self.tile + step)

    def _set_view(self, view: Viewport) -> None:
        if view != self.view:
            self.view = view
            self.draw()

    @property
    def _window(self) -> Window | None:
        return self._tiles[self.tile] if self._tiles else None

    def _fitting(self) -> Viewport:
        return Viewport.fitting(self._canvas_size, self._editor.size, self._window)
