"""The annotation widget: joins pointer, keys and toolbar to the editor, and the editor to the stage.

The kernel hears of every pointer move (ipycanvas sends them all); outside of a gesture it only notes the
position, and in a gesture it draws the interaction layer alone, at most every `FRAME_S` seconds.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
from ipycanvas import MultiCanvas
from numpy.typing import NDArray

from ..annotations import Annotation, LabelClass, Point
from ..errors import InputError
from ..rasterize import Window
from .editor import Editor
from .keys import command_for_key
from .painter import IMAGE, INTERACTION, LABELS, LOCK
from .render import to_display
from .saving import Saver
from .stage import Stage
from .toolbar import Toolbar, ToolbarState
from .tools import Tool

CANVAS_SIZE = (900, 640)  # CSS pixels
FRAME_S = 0.03  # seconds between two pictures of a gesture; moves in between count but are not drawn
WHEEL_STEP = 60.0  # wheel units (a notch is about 100) before the view is drawn anew
log = logging.getLogger(__name__)


class AnnotationWidget(widgets.VBox):  # type: ignore[misc]
    """Draw and edit labels on an image. The last expression of a cell shows it.

    `annotation` is the current value, frozen; `save()` hands it to `on_save` again. Whatever goes wrong in a
    handler stands in the status line, and its traceback in the log.
    """

    def __init__(
        self,
        pixels: NDArray[Any],
        annotation: Annotation,
        classes: Sequence[LabelClass],
        *,
        on_save: Callable[[Annotation], None] | None = None,
        tiles: Sequence[Window] = (),
        title: str = "",
        pixel_size_um: float | None = None,
        size: tuple[int, int] = CANVAS_SIZE,
    ) -> None:
        """`pixels` is (H, W) or (H, W, 3), any number type; `tiles` are (x, y, width, height), image pixels.

        `annotation` is in whole-image co-ordinates also when tiles are shown. `size` is that of the canvas,
        in CSS pixels.
        """
        _check_classes(classes)
        shown = to_display(np.asarray(pixels))
        self._editor = Editor(annotation, (shown.shape[1], shown.shape[0]), [c.name for c in classes])
        self._saver = Saver(on_save, annotation)
        self._grabbed: Point | None = None
        self._wheel = 0.0
        self._drawn_at = 0.0
        self._canvas = MultiCanvas(3, width=size[0], height=size[1], layout=_canvas_layout(size))
        colours = {c.name: c.colour for c in classes}
        self._stage = Stage(
            self._canvas, shown, self._editor, colours=colours, tiles=tiles, pixel_size_um=pixel_size_um
        )
        self._toolbar = bar = Toolbar(classes, len(tiles), self._guarded(self._command))
        heading = [widgets.Label(title, style={"font_weight": "bold"})] if title else []
        super().__init__([*heading, bar.top, bar.classes, bar.status, self._canvas])
        self.layout.width, self.layout.max_width = f"{size[0] + 8}px", "100%"
        self.add_class("axons-annotator")
        self._connect()
        self._show()

    @property
    def annotation(self) -> Annotation:
        """The annotation as it stands now."""
        return self._editor.annotation

    def save(self) -> None:
        """Hand the annotation to `on_save` now; an error is shown in the status line and kept as unsaved."""
        with LOCK:
            self._saver.save(self.annotation)
            self._show()

    def show_tile(self, number: int) -> None:
        """Go to a tile, counted from 0."""
        with LOCK:
            self._stage.show_tile(number)
            self._show()

    # -- events from the browser -----------------------------------------------------------------------------

    def _connect(self) -> None:
        canvas, guard = self._canvas, self._guarded
        canvas.on_mouse_down(guard(self._press))
        canvas.on_mouse_move(guard(self._move))
        canvas.on_mouse_up(guard(self._release))
        canvas.on_mouse_out(guard(self._release))
        canvas.on_mouse_wheel(guard(self._turn_wheel))
        canvas.on_key_down(guard(self._key))
        canvas.on_touch_start(guard(lambda touches: self._press(*touches[0]) if len(touches) == 1 else None))
        canvas.on_touch_move(guard(lambda touches: self._move(*touches[0]) if len(touches) == 1 else None))
        canvas.on_touch_end(guard(lambda _: self._release(*self._stage.pointer)))
        for number in (IMAGE, LABELS, INTERACTION):
            canvas[number].on_client_ready(guard(lambda number=number: self._stage.replay(number)))

    def _guarded(self, handler: Callable[..., None]) -> Callable[..., None]:
        """One handler at a time, and its exceptions visible; ipywidgets would only log them."""

        def handle(*arguments: Any) -> None:
            with LOCK:
                try:
                    handler(*arguments)
                except Exception as error:
                    log.exception("the annotation widget could not handle an event")
                    self._show(problem=f"That did not work: {type(error).__name__}: {error}")

        return handle

    def _press(self, x: float, y: float) -> None:
        self._stage.pointer = (x, y)
        if self._editor.tool is Tool.PAN:
            self._grabbed = (x, y)
        else:
            self._editor.press(self._stage.image_point, self._stage.reach)
            self._after_edit()

    def _move(self, x: float, y: float) -> None:
        """Outside of a gesture only the position is noted, for zooming about it; nothing is sent."""
        editor, stage = self._editor, self._stage
        stage.pointer = (x, y)
        changed = editor.move(stage.image_point, stage.reach)
        rubber_band = editor.tool is Tool.POLYGON and bool(editor.draft)
        if not (changed or rubber_band or self._grabbed) or time.monotonic() - self._drawn_at < FRAME_S:
            return
        self._drawn_at = time.monotonic()
        if self._grabbed:
            stage.painter.shifted(x - self._grabbed[0], y - self._grabbed[1])
        else:
            stage.draw_interaction()

    def _release(self, x: float, y: float) -> None:
        self._stage.pointer = (x, y)
        if self._grabbed:
            (x0, y0), self._grabbed = self._grabbed, None
            self._stage.pan((x - x0, y - y0))
            self._stage.draw_interaction()  # the moved copy lies there also when the view could not move
        elif self._editor.pressed:
            self._editor.release(self._stage.image_point, self._stage.reach)
            self._after_edit()

    def _turn_wheel(self, _: float, dy: float) -> None:
        """Zoom about the pointer; small turns add up first, as each step sends a picture."""
        self._wheel += dy
        if abs(self._wheel) >= WHEEL_STEP:
            turned, self._wheel = max(-300.0, min(300.0, self._wheel)), 0.0
            self._stage.zoom(math.exp(-turned / 400), self._stage.pointer)

    def _key(self, key: str, shift: bool, ctrl: bool, meta: bool) -> None:
        command = command_for_key(key, shift=shift, control=ctrl or meta, classes=self._editor.classes)
        if command:
            self._command(*command)

    def _command(self, name: str, value: Any) -> None:
        """Do what a button or a key asks for."""
        editor, stage = self._editor, self._stage
        edits: dict[str, Callable[[], None]] = {
            "undo": editor.undo,
            "redo": editor.redo,
            "delete": editor.delete,
            "finish": editor.finish,
            "cancel": editor.cancel,
            "tool": lambda: editor.choose_tool(value),
            "label_class": lambda: editor.choose_class(value),
            "finished": lambda: editor.set_finished(value),
        }
        looks: dict[str, Callable[[], None]] = {
            "zoom_in": lambda: stage.zoom(1.5),
            "zoom_out": lambda: stage.zoom(1 / 1.5),
            "fit": stage.fit,
            "pan": lambda: stage.pan(value),
            "previous_tile": lambda: stage.step_tile(-1),
            "next_tile": lambda: stage.step_tile(1),
            "visible": lambda: stage.restyle(visible=value),
            "opacity": lambda: stage.restyle(opacity=value),
            "toggle_visible": self._toolbar.toggle_visible,
            "save": self.save,
            "leave": self._canvas.blur,
        }
        if name in edits:
            edits[name]()
            self._after_edit()
        else:
            looks[name]()
            self._show()

    # -- keeping browser and storage up to date --------------------------------------------------------------

    def _after_edit(self) -> None:
        """Draw what has changed, save when labels or tasks have, and say what happened."""
        self._stage.draw_edit()
        self._saver.changed(self.annotation)
        self._show()

    def _show(self, problem: str = "") -> None:
        editor = self._editor
        self._toolbar.show(
            ToolbarState(
                tool=editor.tool,
                label_class=editor.label_class,
                counts=self.annotation.counts(),
                can_undo=editor.can_undo,
                can_redo=editor.can_redo,
                can_delete=editor.selected is not None,
                finished=editor.finished,
                message=problem or editor.message,
                warning=bool(problem) or editor.refused,
                saved=self._saver.text,
                save_failed=self._saver.failed,
                tile=self._stage.tile,
            )
        )


def _canvas_layout(size: tuple[int, int]) -> widgets.Layout:
    """The canvas shrinks with a narrow page and keeps its shape; the browser scales positions back."""
    border = "1px solid var(--jp-border-color1, #bdbdbd)"
    return widgets.Layout(width=f"{size[0]}px", height="auto", max_width="100%", border=border)


def _check_classes(classes: Sequence[LabelClass]) -> None:
    names = [c.name for c in classes]
    if not names:
        raise InputError("There is no label class to annotate with: give at least one LabelClass.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"Label classes need different names; {', '.join(map(repr, twice))} occurs twice.")
