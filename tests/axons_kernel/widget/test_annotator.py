"""The widget class and what opens it: messages in and out, Python-drawn feedback, and a kernel that was restarted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ipycanvas", reason="the extra `widget` is not installed")

from axons_kernel.annotating import array_workplace, image_workplace
from axons_kernel.annotations import Annotation, LabelClass
from axons_kernel.errors import InputError, NotFoundError
from axons_kernel.predictions import PredictionInfo, save_prediction
from axons_kernel.project import Project
from axons_kernel.widget.annotator import AnnotatorWidget
from axons_kernel.widget.painter import LOCK
from axons_kernel.widget.reviving import _opened

CLASSES = [LabelClass("axon", (0, 0, 255))]


class Page:
    """A widget and what it sends."""

    def __init__(self, widget: AnnotatorWidget, monkeypatch: pytest.MonkeyPatch) -> None:
        self.widget, self.seq = widget, 0
        self.sent: list[tuple[dict[str, Any], list[bytes]]] = []
        monkeypatch.setattr(widget, "send", lambda content, buffers=(): self.sent.append((content, list(buffers))))

    def say(self, op: str, /, **content: Any) -> dict[str, Any]:
        head = {"op": op, "session": "view-1"}
        if "request" not in content:
            self.seq += 1
            head |= {"seq": self.seq, "base_rev": 0, "tile": 0}  # type: ignore[dict-item]
        self.widget._handle_custom_msg({**head, **content}, [])
        return self.sent[-1][0]

    def point(self) -> dict[str, Any]:
        return self.say("point", label_class="axon", x=160, y=160)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    pixels = np.zeros((64, 96), np.uint8)
    place = array_workplace(pixels, Annotation(), CLASSES, tiles=[(0, 0, 64, 64), (32, 0, 64, 64)], title="nerve")
    return Page(place.widget(), monkeypatch)


def test_messages_go_through_the_widget(page: Page) -> None:
    state = page.say("hello", request=1)
    assert (state["answer"], len(page.sent[-1][1])) == ("state", 2)
    assert page.point()["answer"] == "ack"
    assert page.widget.annotation.counts() == {"axon": 1}
    page.widget.save()
    assert page.sent[-1][0]["seqs"] == {"view-1": 1}
    assert repr(page.widget).startswith("annotator of nerve, 1 label:")


def test_the_first_picture_comes_with_the_widget_and_only_once(page: Page) -> None:
    first = page.widget.first
    state = page.say("hello", request=1)
    assert page.widget.first is None, "a page that comes later asks for what is there by then"
    assert first["buffers"] == page.sent[-1][1]
    asked = {"session": state["session"], "request": 1}
    assert {**first["content"], **asked} == state


def test_python_leads_to_a_tile_and_to_a_label(page: Page) -> None:
    assert page.widget.show_tile(1) is page.widget
    assert page.widget.first is None, "the state that came with the widget is of another tile"
    assert page.sent[-1][0] == {"answer": "show", "session": None, "tile": 1, "label": None}
    assert page.say("hello", request=1)["tile"] == 1, "a view that comes later begins there"
    page.widget.show_tile((40, 10))
    assert page.sent[-1][0]["tile"] == 0, "farther from the border there than on tile 1"
    page.say("point", label_class="axon", x=16 * 80, y=160)
    (label,) = page.widget.annotation.labels
    page.widget.show_label(label.object_id)
    assert page.sent[-1][0] == {"answer": "show", "session": None, "tile": 1, "label": 1}
    state = page.say("hello", request=2)
    assert (state["tile"], state["show"]) == (1, 1)
    assert page.say("state", request=3, tile=1)["show"] is None, "once is enough"


@pytest.mark.parametrize(
    ("where", "why"),
    [
        (2, "There is no tile 2: there are 2, counted from 0."),
        (-1, "There is no tile -1"),
        ((96, 0), "No tile holds the pixel"),
        ((float("nan"), 3), "No tile holds the pixel"),
    ],
)
def test_a_tile_that_is_not_there(page: Page, where: Any, why: str) -> None:
    with pytest.raises(InputError, match=why):
        page.widget.show_tile(where)
    with pytest.raises(InputError, match="There is no label with the object id 'abc' here"):
        page.widget.show_label("abc")
    assert page.sent == []


def test_the_traits_name_our_front_end(page: Page) -> None:
    state = page.widget.get_state()
    assert (state["_model_name"], state["_view_name"], state["_model_module"]) == (
        "AnnotatorModel",
        "AnnotatorView",
        "axons-lab",
    )
    assert state["feedback_canvas"] is None
    assert state["revive"] is None, "an array is gone with its kernel"


def test_feedback_is_drawn_once_per_tile_and_again_for_a_new_page(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def feedback(window: Any) -> np.ndarray:
        asked.append(window)
        return np.full((window[3], window[2], 4), 90, np.uint8)

    page.widget.show_feedback(feedback)
    canvas = page.widget.feedback_canvas
    page.say("hello", request=1)
    page.point()
    assert asked == [(0, 0, 64, 64)]
    page.say("state", request=2, tile=1)
    assert asked == [(0, 0, 64, 64), (32, 0, 64, 64)]
    canvas._handle_frontend_event(None, {"event": "client_ready"}, [])
    assert len(asked) == 3
    assert page.widget.get_state()["feedback_canvas"] == f"IPY_MODEL_{canvas.model_id}"
    with pytest.raises(InputError, match="uint8"):
        page.widget.show_feedback(lambda window: np.zeros((4, 4, 3)))
    page.widget.show_feedback(None)
    assert page.widget.feedback_canvas is None
    with LOCK:
        pass  # no lock was left behind


def test_an_image_of_a_project(
    project: Project, add_discs: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = project.image(add_discs(project, "nerve"))
    page = Page(image_workplace(project, image).widget(), monkeypatch)
    state = page.say("hello", request=1)
    assert (state["image"]["name"], len(state["tiles"]), state["models"]) == ("nerve", 4, [])
    before = len(image.annotation().labels)
    assert page.say("point", label_class="disc", x=160, y=160)["answer"] == "ack"
    page.widget.save()
    assert len(image.annotation().labels) == before + 1
    again = Page(image_workplace(project, image).widget(), monkeypatch)
    assert "another cell" in page.say("undo")["error"], "the older widget has ended"
    assert len(again.widget.annotation.labels) == before + 1
    again.say("point", session="view-2", seq=1, label_class="disc", x=160, y=160)
    again.widget.close()
    assert len(image.annotation().labels) == before + 2


def test_a_model_proposes_what_it_has_predicted(
    project: Project, add_discs: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = project.image(add_discs(project, "nerve"))
    image.save_annotation(Annotation())
    mask = np.zeros(image.shape, np.uint8)
    mask[10:20, 10:20] = mask[40:50, 90:99] = 1
    info = PredictionInfo(image="nerve", model="first", classes=("disc",), pixel_size_um=0.1, area_share={"disc": 0.1})
    save_prediction(image, info, mask)
    project.store.write("models/first/model.json", b"{}")
    page = Page(image_workplace(project, image).widget(), monkeypatch)
    assert page.say("hello", request=1)["models"] == ["first"]
    answer = page.say("propose", model="first")
    assert [(row["proposal"], row["source"], row["bounds"]) for row in answer["rows"]] == [
        (True, "auto:first", [10, 10, 10, 10])
    ]
    page.say("accept")
    page.widget.save()
    assert image.annotation().counts() == {"disc": 1}


def test_a_model_that_has_not_seen_the_image_is_shown_it(
    project: Project, add_discs: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = project.image(add_discs(project, "nerve"))
    image.save_annotation(Annotation())
    project.store.write("models/first/model.json", b"{}")
    page = Page(image_workplace(project, image).widget(), monkeypatch)
    assert "has not seen this image yet" in page.say("propose", model="first")["error"]

    def predict(model: str, shown: Any, *, on_progress: Callable[[int, int], Any], **how: Any) -> None:
        assert (model, shown, how) == ("first", image, {"instances": "none", "progress": False})
        on_progress(1, 2)
        mask = np.zeros(image.shape, np.uint8)
        mask[10:20, 10:20] = 1
        facts = {"classes": ("disc",), "pixel_size_um": 0.1, "area_share": {"disc": 0.1}}
        save_prediction(image, PredictionInfo(image="nerve", model="first", **facts), mask)

    monkeypatch.setattr(project, "predict", predict)
    page.say("predict", request=1, model="first")
    for thread in threading.enumerate():
        if thread.name == "axons-asking-first":
            thread.join(20)
    assert [(m["state"], m["tiles"], m["total"]) for m, _ in page.sent if m["answer"] == "predicting"][-2:] == [
        ("running", 1, 2),
        ("done", 1, 2),
    ]
    (row,) = page.say("propose", model="first")["rows"]
    assert (row["proposal"], row["bounds"]) == (True, [10, 10, 10, 10])


def test_classes_and_tasks_that_cannot_be() -> None:
    pixels = np.zeros((8, 8), np.uint8)
    with pytest.raises(InputError, match="no label class"):
        array_workplace(pixels, Annotation(), [])
    with pytest.raises(InputError, match="different names"):
        array_workplace(pixels, Annotation(), CLASSES * 2)
    with pytest.raises(InputError, match="attributes cannot be taken"):
        array_workplace(pixels, Annotation(), CLASSES, controls=[{"control": "slider"}])


class Connection:
    """What the kernel knows of a comm that a view has opened."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.closed: dict[str, Any] | None = None
        self.hear: Callable[[Any], None] = lambda message: None

    def send(self, content: dict[str, Any], buffers: Any = ()) -> None:
        self.sent.append(content)

    def close(self, content: dict[str, Any]) -> None:
        self.closed = content

    def on_msg(self, callback: Callable[[Any], None]) -> None:
        self.hear = callback

    def on_close(self, callback: Callable[[Any], None]) -> None:
        self.end = callback

    def say(self, op: str, /, **content: Any) -> dict[str, Any]:
        self.hear({"content": {"data": {"op": op, "session": "view-1", **content}}})
        return self.sent[-1]


def opened(revive: Any) -> Connection:
    connection = Connection()
    _opened(connection, {"content": {"data": {"revive": revive}}})
    return connection


def test_a_view_goes_on_after_a_restart_of_the_kernel(
    project: Project, add_discs: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = project.image(add_discs(project, "nerve"))
    controls = [{"control": "checkbox", "identifier": "damaged", "label_text": "Damaged"}]
    widget = image_workplace(project, image, controls=controls, tasks={"done": "Done"}).widget()
    page = Page(widget, monkeypatch)
    page.say("point", label_class="disc", x=160, y=160)
    widget.save()
    connection = opened(widget.get_state()["revive"])
    state = connection.say("hello", request=1, next=1)
    assert (state["last"], state["controls"][0]["identifier"], state["tasks"]) == (
        1,
        "damaged",
        [{"name": "done", "human_name": "Done"}],
    )
    done = connection.say("point", seq=2, base_rev=0, tile=0, label_class="disc", x=160, y=160)
    assert done["answer"] == "ack"
    connection.end(None)
    assert connection.sent[-1]["seqs"] == {"view-1": 2}
    assert image.annotation().extra["axons"]["sessions"] == {"view-1": 2}


@pytest.mark.parametrize("revive", [None, [], {"project": 3}, {"project": "/nowhere/at/all", "image": "nerve"}, "x"])
def test_what_cannot_be_opened_again_is_closed_with_the_reason(revive: Any) -> None:
    connection = opened(revive)
    assert connection.closed
    assert str(connection.closed["error"]).endswith(".")
    assert connection.sent == []


def test_an_image_that_is_gone(project: Project) -> None:
    with pytest.raises(NotFoundError):
        project.image("gone")
    connection = opened({"project": project.store.url, "image": "gone"})
    assert connection.closed
    assert "no image 'gone'" in str(connection.closed["error"])
