"""Tools, commands and undo, without a canvas."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axons_kernel.annotations import Annotation, BoxLabel, PointLabel, PolygonLabel
from axons_kernel.widget.editor import Editor
from axons_kernel.widget.history import UNDO_STEPS
from axons_kernel.widget.tools import HINTS, Tool

REACH = 2.0
TRIANGLE = ((10.0, 10.0), (30.0, 10.0), (20.0, 30.0))


def editor(*labels: PolygonLabel | BoxLabel | PointLabel) -> Editor:
    return Editor(Annotation(labels), (100, 80), ["axon", "myelin"])


def click(e: Editor, *points: tuple[float, float]) -> None:
    for point in points:
        e.press(point, REACH)
        e.release(point, REACH)


def drag(e: Editor, *points: tuple[float, float]) -> None:
    e.press(points[0], REACH)
    for point in points[1:]:
        e.move(point, REACH)
    e.release(points[-1], REACH)


@pytest.mark.parametrize("close", ["first corner", "double click", "enter"])
def test_polygon_closes_in_three_ways(close: str) -> None:
    e = editor()
    click(e, *TRIANGLE)
    if close == "enter":
        e.finish()
    else:
        click(e, (10.5, 10.5) if close == "first corner" else (20.1, 30.1))
    (label,) = e.annotation.labels
    assert isinstance(label, PolygonLabel) and label.regions == (TRIANGLE,)
    assert (label.label_class, label.source) == ("axon", "manual")
    assert e.draft == () and e.message == "Added: axon." and not e.refused


def test_polygon_of_two_corners_is_refused_and_goes_on() -> None:
    e = editor()
    click(e, *TRIANGLE[:2])
    e.finish()
    assert e.message == "An outline needs at least 3 corners; this one has 2. Click further corners."
    assert e.refused and len(e.draft) == 2
    e.cancel()
    assert not e.draft and e.message == "Dropped the unfinished outline."


def test_polygon_without_a_pixel_is_refused() -> None:
    e = editor()
    click(e, (10, 10), (30, 10), (50, 10))
    e.finish()
    assert e.annotation.labels == () and e.refused
    assert e.message.startswith("Not added: the outline covers no pixel")


def test_freehand_follows_the_pointer_and_is_thinned() -> None:
    e = editor()
    e.choose_tool(Tool.FREEHAND)
    circle = [(50 + 20 * math.cos(a / 30), 40 + 20 * math.sin(a / 30)) for a in range(188)]
    drag(e, *circle)
    (label,) = e.annotation.labels
    assert isinstance(label, PolygonLabel) and 12 < len(label.regions[0]) < 100


def test_a_click_with_the_freehand_tool_adds_nothing_and_says_so() -> None:
    e = editor()
    e.choose_tool(Tool.FREEHAND)
    click(e, (50, 40))
    assert e.annotation.labels == () and e.refused


@pytest.mark.parametrize(("start", "end"), [((10, 20), (30, 50)), ((30, 50), (10, 20)), ((30, 20), (10, 50))])
def test_box_in_any_direction(start: tuple[float, float], end: tuple[float, float]) -> None:
    e = editor()
    e.choose_tool(Tool.BOX)
    drag(e, start, (25, 25), end)
    (label,) = e.annotation.labels
    assert isinstance(label, BoxLabel) and (label.centre, label.size) == ((20, 35), (20, 30))


def test_box_is_cut_to_the_image_and_a_thin_one_is_refused() -> None:
    e = editor()
    e.choose_tool(Tool.BOX)
    drag(e, (90, 70), (500, 500))
    (label,) = e.annotation.labels
    assert isinstance(label, BoxLabel) and (label.centre, label.size) == ((95, 75), (10, 10))
    drag(e, (10, 10), (40, 10.2))
    assert len(e.annotation.labels) == 1
    assert e.message.startswith("Not added: the box is less than one pixel wide or high.")


def test_point_only_inside_the_image() -> None:
    e = editor()
    e.choose_tool(Tool.POINT)
    click(e, (5, 6), (-1, 6))
    assert [label.geometry() for label in e.annotation.labels] == [{"position": {"x": 5, "y": 6}}]
    assert e.message == "Not added: the point is outside the image." and e.refused


def test_pick_cycles_through_overlaps_then_deselects() -> None:
    large = BoxLabel(label_class="myelin", centre=(50, 40), size=(60, 60))
    small = BoxLabel(label_class="axon", centre=(50, 40), size=(20, 20))
    e = editor(large, small)
    e.choose_tool(Tool.PICK)
    click(e, (50, 40))
    assert e.selected == small.object_id
    assert e.message == "Selected: axon (1 of 2 here). Choose its class, or delete it."
    click(e, (50.5, 40))
    assert e.selected == large.object_id
    click(e, (50, 40))
    assert e.selected == small.object_id
    click(e, (2, 2))
    assert e.selected is None and e.message.startswith("No label here.")


def test_delete_and_change_class_of_the_selected_label() -> None:
    box = BoxLabel(label_class="axon", centre=(50, 40), size=(20, 20), extra={"kept": 1})
    e = editor(box)
    e.delete()
    assert e.refused and e.message.startswith("Nothing is selected")
    e.choose_tool(Tool.PICK)
    click(e, (50, 40))
    e.choose_class("myelin")
    assert e.annotation.labels[0].label_class == "myelin" and e.annotation.labels[0].extra == {"kept": 1}
    assert e.message == "The selected label is now myelin."
    e.delete()
    assert e.annotation.labels == () and e.selected is None
    e.undo()
    e.undo()
    assert list(e.annotation.labels) == [box]


def test_drawing_tools_drop_the_selection_so_a_class_choice_means_the_next_label() -> None:
    e = editor(BoxLabel(label_class="axon", centre=(50, 40), size=(20, 20)))
    e.choose_tool(Tool.PICK)
    click(e, (50, 40))
    e.choose_tool(Tool.BOX)
    e.choose_class("myelin")
    assert e.annotation.labels[0].label_class == "axon" and e.label_class == "myelin"


def test_undo_takes_back_corners_first() -> None:
    e = editor()
    click(e, *TRIANGLE)
    e.undo()
    assert e.draft == TRIANGLE[:2]
    e.undo()
    e.undo()
    assert not e.draft and not e.can_undo
    e.undo()
    assert e.message == "There is nothing to undo."
    e.redo()
    assert e.message == "There is nothing to redo."


def test_hundreds_of_steps_can_be_undone_and_redone() -> None:
    e = editor()
    e.choose_tool(Tool.POINT)
    for number in range(UNDO_STEPS + 50):
        click(e, (number % 100, number % 80))
    full = e.annotation
    for _ in range(UNDO_STEPS):
        e.undo()
    assert UNDO_STEPS >= 200 and len(e.annotation.labels) == 50 and not e.can_undo
    for _ in range(UNDO_STEPS):
        e.redo()
    assert e.annotation == full


def test_finished_is_no_edit_and_keeps_other_tasks() -> None:
    e = Editor(Annotation(completed_tasks=("checked",)), (10, 10), ["axon"])
    e.set_finished(True)
    e.set_finished(True)
    assert e.annotation.completed_tasks == ("checked", "finished") and e.finished and not e.can_undo
    e.set_finished(False)
    assert list(e.annotation.completed_tasks) == ["checked"]


def test_every_tool_has_a_hint() -> None:
    assert set(HINTS) == set(Tool)


actions = st.one_of(
    st.tuples(st.just("click"), st.floats(-20, 120), st.floats(-20, 100)),
    st.tuples(st.just("drag"), st.floats(-20, 120), st.floats(-20, 100)),
    st.tuples(st.sampled_from([*Tool])),
    st.tuples(st.sampled_from(["undo", "redo", "finish", "cancel", "delete", "axon", "myelin"])),
)


@settings(deadline=None)
@given(st.lists(actions, max_size=40))
def test_no_sequence_of_actions_breaks_it_and_undo_leads_back(steps: list[tuple[object, ...]]) -> None:
    start = BoxLabel(label_class="axon", centre=(50, 40), size=(20, 20))
    e = editor(start)
    for name, *where in steps:
        if name == "click":
            click(e, (where[0], where[1]))  # type: ignore[arg-type]
        elif name == "drag":
            drag(e, (30, 30), (60, 35), (where[0], where[1]))  # type: ignore[arg-type]
        elif isinstance(name, Tool):
            e.choose_tool(name)
        elif name in e.classes:
            e.choose_class(str(name))
        else:
            getattr(e, str(name))()
    for label in e.annotation.labels:
        assert all(0 <= x <= 100 and 0 <= y <= 80 for ring in label.rings() for x, y in ring)
    assert Annotation.from_json(e.annotation.to_json()).counts() == e.annotation.counts()
    e.choose_tool(Tool.PICK)
    while e.can_undo:
        e.undo()
    assert e.annotation.labels == (start,)
