"""The annotation widget: hands messages between its view in the browser and a desk, and holds what Python draws.

Image and labels are drawn in the browser, from numbers that the state brings (so contrast, zoom and ink need no
kernel); what Python itself draws lies over them as ipycanvas layers, which the view composes: pictures such as the
feedback on an annotation, sent once per tile and not per frame, as ipycanvas keeps every picture in the page's memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
from ipycanvas import Canvas
from numpy.typing import NDArray

from ..annotations import Annotation
from ..errors import InputError
from ..rasterize import Window
from ..tiling import Tile
from .desk import Desk, take_over
from .edits import counted
from .lab_widget import LabWidget
from .painter import LOCK
from .protocol import Predicting, Saved, Show
from .subshell import answer_where_asked

Feedback = Callable[[Tile], NDArray[np.uint8]]  # window -> (h, w, 4): red, green, blue, opacity


class AnnotatorWidget(LabWidget):
    """Draw and edit labels on an image. The last expression of a cell shows it.

    Everything is stored by itself soon after every change. `document` names what is edited: a view that comes back,
    after a reload of the page or a restart of the kernel, goes on with what it had not stored.
    """

    _model_name = traitlets.Unicode("AnnotatorModel").tag(sync=True)
    _view_name = traitlets.Unicode("AnnotatorView").tag(sync=True)
    document = traitlets.Unicode(help="names the labels that are edited").tag(sync=True)
    feedback_canvas: Any = traitlets.Instance(Canvas, allow_none=True, help="lies over the tile").tag(
        sync=True, **widgets.widget_serialization
    )

    first: Any = traitlets.Any(None, help="a state to show until the kernel answers the first hello").tag(sync=True)
    revive: Any = traitlets.Any(None, help="what a new kernel needs to open the same document").tag(sync=True)

    def __init__(
        self,
        document: str,
        open_desk: Callable[[Callable[[Saved | Predicting], None]], Desk],
        revive: Mapping[str, Any] | None = None,
    ) -> None:
        """`open_desk` gets a function for messages that nobody has asked for, and gives the desk."""
        self._desk = take_over(document, lambda: open_desk(lambda message: self.send(dict(message))))
        self._feedback: Feedback | None = None
        self._drawn: Window | None = None
        reply = self._desk.first_state()  # comes with the widget, so that its first picture needs no further message
        first = {"content": dict(reply.content), "buffers": list(reply.buffers)}
        revived = dict(revive) if revive else None
        super().__init__(document=document, feedback_canvas=None, first=first, revive=revived)
        self.on_msg(self._take)
        answer_where_asked(self.comm)

    @property
    def annotation(self) -> Annotation:
        """The annotation as it stands now."""
        return self._desk.annotation

    @property
    def tile(self) -> Window:
        """The tile that is shown: x, y, width, height in image pixels."""
        return self._desk.tile

    def save(self) -> None:
        """Store now what is not stored yet."""
        self._desk.flush()

    def close(self) -> None:
        """Store what is left, and go from the page."""
        self._desk.close()
        super().close()

    def show_tile(self, tile: int | tuple[float, float]) -> AnnotatorWidget:
        """Lead to a tile: its number, from 0, or a pixel (x, y) of the image that is on it.

        Returns the widget, so that a cell shows it. Raises InputError when there is no such tile.
        """
        return self._lead(self._desk.show_tile(tile))

    def show_label(self, object_id: str) -> AnnotatorWidget:
        """Lead to a label, and choose it, as in `show_label(image.annotation().labels[0].object_id)`.

        Returns the widget, so that a cell shows it. Raises InputError when there is no such label.
        """
        return self._lead(self._desk.show_label(object_id))

    def _lead(self, where: Show) -> AnnotatorWidget:
        self.first = None  # a view that comes later begins there
        self.send(dict(where))
        return self

    def show_feedback(self, feedback: Feedback | None) -> AnnotatorWidget:
        """Lay pictures over the tiles, as in `show_feedback(project.compare(image, reference).raster)`.

        `feedback` gives a window's picture, (h, w, 4) uint8: red, green, blue, opacity; None takes them away. Returns
        the widget, so that a cell shows it. Raises InputError for another shape.
        """
        self._feedback, self._drawn = feedback, None
        if feedback is None:
            self.feedback_canvas = None
        else:
            self._draw_feedback()
        return self

    def _draw_feedback(self) -> None:
        """Draw the tile's picture, when it is not drawn yet."""
        tile = self.tile
        if self._feedback is None or self._drawn == tile:
            return
        picture = np.asarray(self._feedback(Tile(*tile)))
        if picture.shape != (tile[3], tile[2], 4) or picture.dtype != np.uint8:
            raise InputError(
                f"The feedback on a tile is a picture {(tile[3], tile[2], 4)} of uint8; this one is {picture.shape} of "
                f"{picture.dtype}."
            )
        with LOCK:
            canvas = self.feedback_canvas
            if canvas is None or (canvas.width, canvas.height) != (tile[2], tile[3]):
                canvas = Canvas(width=tile[2], height=tile[3])
                canvas.on_client_ready(self._draw_again)
                self.feedback_canvas = canvas
            canvas.clear()
            canvas.put_image_data(picture, 0, 0)
        self._drawn = tile

    def _draw_again(self) -> None:
        """A page was loaded: it knows no canvas, and ipycanvas has to be told so, or it draws nothing ever again."""
        with LOCK:
            self.feedback_canvas._canvas_manager._current_canvas = None
        self._drawn = None
        self._draw_feedback()

    def _take(self, _: Any, content: Any, __: Any) -> None:
        """A message of a view."""
        reply = self._desk.receive(content)
        self.send(dict(reply.content), list(reply.buffers))
        if reply.content["answer"] == "state":
            self.first = None  # a page that comes later shall not begin with what is old by then
            self._draw_feedback()

    def __repr__(self) -> str:
        labels = counted(len(self.annotation.labels))
        return f"annotator of {self._desk.name}, {labels}: it can be used while the notebook's kernel runs"
