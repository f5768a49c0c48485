"""The widget, driven by calling the handlers that the browser would call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ipycanvas", reason="the extra `widget` is not installed")

import ipywidgets as widgets

from axons_kernel.annotations import Annotation, BoxLabel, LabelClass, PolygonLabel
from axons_kernel.errors import InputError
from axons_kernel.widget import AnnotationWidget
from axons_kernel.widget.painter import Painter

NASTY = "<img src=x onerror=alert(1)>"
CLASSES = [
    LabelClass("axon", (0, 0, 255)),
    LabelClass("myelin", (255, 128, 0)),
    LabelClass(NASTY, (0, 200, 0)),
]
BOX = BoxLabel(label_class="axon", centre=(200, 150), size=(100, 80))


class Page:
    """A widget, the saves it made, the drawing messages it sent, and a browser's events."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *labels: Any, **options: Any) -> None:
        self.saved: list[Annotation] = []
        self.sent: list[int] = []  # commands per message
        options.setdefault("on_save", self.saved.append)
        pixels = options.pop("pixels", np.zeros((300, 400), np.uint8))
        self.widget = AnnotationWidget(pixels, Annotation(labels), CLASSES, **options)
        self.canvas = self.widget._canvas
        manager = self.canvas._canvas_manager

        def send(commands: list[Any], buffers: Any = ()) -> None:
            self.sent.append(len(commands) if isinstance(commands[0], list) else 1)

        monkeypatch.setattr(manager, "_send_custom", send)

    def event(self, name: str, **content: Any) -> None:
        self.canvas[-1]._handle_frontend_event(None, {"event": name, **content}, [])

    def at(self, x: float, y: float) -> dict[str, float]:
        cx, cy = self.widget._stage.view.to_canvas((x, y))
        return {"x": cx, "y": cy}

    def click(self, *points: tuple[float, float]) -> None:
        for point in points:
            self.event("mouse_down", **self.at(*point))
            self.event("mouse_up", **self.at(*point))

    def key(self, key: str, *, shift: bool = False, ctrl: bool = False) -> None:
        self.event("key_down", key=key, shift_key=shift, ctrl_key=ctrl, meta_key=False)

    def button(self, css_class: str) -> Any:
        return next(w for w in _all(self.widget) if css_class in getattr(w, "_dom_classes", ()))

    @property
    def texts(self) -> list[str]:
        return [w.value for w in _all(self.widget) if isinstance(w, widgets.HTML)]


def _all(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _all(child)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(monkeypatch, BOX)


def test_a_polygon_by_clicks_is_saved_at_once(page: Page) -> None:
    corners = ((10.0, 10.0), (60.0, 10.0), (40.0, 50.0))
    page.click(*corners, corners[0])
    (label,) = page.saved[-1].labels[1:]
    assert isinstance(label, PolygonLabel) and np.allclose(label.regions[0], corners)
    assert page.widget.annotation == page.saved[-1] and len(page.saved) == 1
    assert any("Added: axon." in text for text in page.texts)
    assert any("saved " in text for text in page.texts)
    assert "axon · 2" in [w.description for w in _all(page.widget) if "axons-class" in w._dom_classes]


def test_hovering_sends_nothing_and_a_gesture_draws_one_layer(page: Page) -> None:
    for x in range(50):
        page.event("mouse_move", x=float(x), y=5.0)
    assert page.sent == []
    page.click((10, 10))
    page.sent.clear()
    page.widget._drawn_at = 0.0
    page.event("mouse_move", **page.at(50, 50))
    assert len(page.sent) == 1 and page.sent[0] < 20


def test_buttons_and_keys_do_the_same(page: Page) -> None:
    page.key("b")
    page.event("mouse_down", **page.at(10, 10))
    page.event("mouse_move", **page.at(30, 30))
    page.event("mouse_out", **page.at(40, 40))  # a release outside would never be heard of
    assert len(page.widget.annotation.labels) == 2
    page.key("z", ctrl=True)
    assert len(page.widget.annotation.labels) == 1
    page.button("axons-redo").click()
    assert len(page.widget.annotation.labels) == 2
    page.button("axons-tool-pick").value = True
    page.click((200, 150))
    assert not page.button("axons-delete").disabled
    page.key("2")
    assert page.widget.annotation.counts() == {"myelin": 1, "axon": 1}
    page.key("Delete")
    assert page.widget.annotation.counts() == {"axon": 1}
    assert len(page.saved) == 5


def test_pressing_the_tool_that_is_on_keeps_it_on(page: Page) -> None:
    page.button("axons-tool-polygon").value = False
    assert page.button("axons-tool-polygon").value is True


def test_touch_draws_too(page: Page) -> None:
    page.key("f")
    page.event("touch_start", touches=[page.at(10, 10)])
    for point in ((50, 10), (50, 50), (10, 50)):
        page.event("touch_move", touches=[page.at(*point)])
    page.event("touch_end", touches=[])
    assert len(page.widget.annotation.labels) == 2


def test_a_save_that_fails_is_told_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [OSError("No permission to write.")]

    def save(annotation: Annotation) -> None:
        if problems:
            raise problems.pop()

    page = Page(monkeypatch, on_save=save)
    page.key("o")
    page.click((10, 10))
    assert any("1 unsaved: No permission to write. Press save to try again." in t for t in page.texts)
    page.button("axons-save").click()
    assert not any("unsaved" in t for t in page.texts)


def test_a_bug_in_a_handler_is_shown_and_drawing_goes_on(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("broken <b>")

    with monkeypatch.context() as patch:
        patch.setattr(Painter, "_draw_selection", broken)
        page.key("s")
        page.click((200, 150))
    assert any("That did not work: RuntimeError: broken &lt;b&gt;" in t for t in page.texts)
    manager = page.canvas._canvas_manager
    assert manager._caching is False and manager._commands_cache == []
    page.sent.clear()
    page.key("Escape")
    assert page.sent


def test_a_reloaded_page_gets_every_layer_again(page: Page) -> None:
    manager = page.canvas._canvas_manager
    for layer in range(3):
        page.sent.clear()
        manager._current_canvas = page.canvas[layer]
        page.canvas[layer]._handle_frontend_event(None, {"event": "client_ready"}, [])
        assert len(page.sent) == 1 and manager._current_canvas is page.canvas[layer]


def test_class_names_and_titles_are_text(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(monkeypatch, BOX, title=NASTY)
    page.key("3")
    page.key("o")
    page.click((10, 10))
    assert not any("<img" in text for text in page.texts)
    assert any("Added: &lt;img src=x onerror=alert(1)&gt;." in text for text in page.texts)
    allowed = (widgets.HTML, widgets.Label, widgets.ToggleButton)
    assert all(isinstance(w, allowed) for w in _all(page.widget) if NASTY in str(getattr(w, "value", "")))


def test_labels_of_other_classes_are_counted_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(monkeypatch, BOX, BoxLabel(label_class="vessel", centre=(50, 50), size=(9, 9)))
    assert any("other classes · 1" in text for text in page.texts)


def test_finished_is_saved(page: Page) -> None:
    tick = next(w for w in _all(page.widget) if isinstance(w, widgets.Checkbox))
    tick.value = True
    assert page.saved[-1].completed_tasks == ("finished",)


def test_tiles_are_windows_on_the_whole_image(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(monkeypatch, tiles=[(0, 0, 200, 150), (200, 150, 200, 150)])
    assert page.button("axons-previous-tile").disabled
    page.button("axons-next-tile").click()
    assert any("Tile 2 of 2" in text for text in page.texts) and page.button("axons-next-tile").disabled
    page.key("o")
    page.click((300, 225))
    assert page.saved[-1].labels[0].geometry() == {"position": {"x": pytest.approx(300), "y": pytest.approx(225)}}
    page.key("]")
    with pytest.raises(InputError, match="There is no tile 2: there are 2 tiles"):
        page.widget.show_tile(2)


def test_zoom_pan_and_appearance_change_no_label(page: Page) -> None:
    view = page.widget._stage.view
    page.event("mouse_wheel", x=0.0, y=-120.0)
    assert page.widget._stage.view.scale > view.scale
    page.key("m")
    page.event("mouse_down", x=300.0, y=300.0)
    page.event("mouse_move", x=250.0, y=260.0)
    page.event("mouse_up", x=250.0, y=260.0)
    for key in ("+", "-", "ArrowLeft", "0", "v", "v", "Tab"):
        page.key(key)
    next(w for w in _all(page.widget) if isinstance(w, widgets.FloatSlider)).value = 0.8
    assert page.widget._stage.view == view and page.saved == []


def test_classes_are_needed_and_have_different_names() -> None:
    pixels = np.zeros((5, 5), np.uint8)
    with pytest.raises(InputError, match="There is no label class to annotate with"):
        AnnotationWidget(pixels, Annotation(), [])
    with pytest.raises(InputError, match="different names; 'axon' occurs twice"):
        AnnotationWidget(pixels, Annotation(), [CLASSES[0], CLASSES[0]])


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (900, 2), (40, 30, 3)])
def test_images_of_odd_shapes_can_be_annotated(shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(monkeypatch, pixels=np.zeros(shape, np.uint16), pixel_size_um=0.1)
    page.key("o")
    page.click((0.5, 0.5))
    assert len(page.saved) == 1
