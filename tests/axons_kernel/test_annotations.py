"""Annotations: django-labeller's files go in and out with nothing lost; what is broken is named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axons_kernel.annotations import (
    Annotation,
    BoxLabel,
    CompositeLabel,
    EllipseLabel,
    GroupLabel,
    Label,
    OpaqueLabel,
    PointLabel,
    PolygonLabel,
    new_object_id,
)
from axons_kernel.errors import SchemaError
from axons_kernel.notes import Note

number = st.floats(-1e6, 1e6)
point = st.tuples(number, number)
common = {
    "label_class": st.none() | st.text(max_size=5),
    "source": st.none() | st.sampled_from(["manual", "auto:dextr"]),
    "anno_data": st.dictionaries(st.sampled_from(["stained", "doubt"]), st.booleans() | st.text(max_size=3)),
    "extra": st.dictionaries(st.sampled_from(["note", "later"]), st.just({"k": [1, None]})),
}
leaves = st.one_of(
    st.builds(PolygonLabel, regions=st.lists(st.lists(point, max_size=4).map(tuple), max_size=3).map(tuple), **common),
    st.builds(BoxLabel, centre=point, size=point, **common),
    st.builds(PointLabel, position=point, **common),
    st.builds(EllipseLabel, centre=point, radius1=number, radius2=number, orientation_radians=number, **common),
)
labels = st.one_of(
    leaves,
    st.builds(GroupLabel, components=st.lists(leaves, max_size=2).map(tuple), **common),
    st.builds(CompositeLabel, components=st.lists(st.text(max_size=3), max_size=2).map(tuple), **common),
)
POINT = {"x": 1, "y": 2}
BOX = {"label_type": "box", "label_class": "axon", "object_id": "u__1", "centre": POINT, "size": {"x": 4, "y": 6}}


@given(st.lists(labels, max_size=4), st.none() | st.text(), st.lists(st.text(), max_size=2))
def test_json_round_trip(items: list[Label], filename: str | None, tasks: list[str]) -> None:
    annotation = Annotation(tuple(items), filename, tuple(tasks), {"creation_date": "2020-01-01"})
    text = json.dumps(annotation.to_json(), allow_nan=False)
    again = Annotation.from_json(json.loads(text))
    assert again == annotation
    assert json.dumps(again.to_json()) == text
    assert json.loads(annotation.encode()) == annotation.to_json()


def test_file_has_a_line_per_label() -> None:
    annotation = Annotation((PointLabel(position=(1, 2)), PointLabel(position=(3, 4))), "a.png", ("outline",))
    head, *lines, end = annotation.encode().decode().splitlines()
    assert head == '{"image_filename": "a.png", "completed_tasks": ["outline"], "labels": [' and end == "]}"
    assert [json.loads(line.rstrip(","))["position"]["x"] for line in lines] == [1, 3]
    with pytest.raises(ValueError, match="not JSON compliant"):
        Annotation((PointLabel(position=(float("nan"), 2)),)).encode()


@pytest.mark.parametrize("name", ["foxglove", "uea_snow_1"])
def test_sample_files_keep_everything(sample_data: Path, name: str) -> None:
    document = json.loads((sample_data / "django_labeller" / f"{name}__labels.json").read_text())
    annotation = Annotation.from_json(document)
    written = annotation.to_json()
    assert written["labels"] == document["labels"]
    assert written["image_filename"] == document["image_filename"]
    assert document["complete"] is True and written["completed_tasks"] == ["finished"]
    assert Annotation.from_json(written) == annotation
    regions = [len(label.rings()) for label in annotation.labels]
    expected = {"foxglove": (25, 1, 3), "uea_snow_1": (10, 4, 5)}[name]
    assert (len(regions), sum(n > 1 for n in regions), max(regions)) == expected


def test_old_forms_are_read() -> None:
    triangle = [POINT, {"x": 5, "y": 2}, {"x": 3, "y": 9}]
    document = [
        {"label_type": "polygon", "label_class": None, "object_id": 7, "vertices": triangle},
        {"label_type": "point", "label_class": "a", "position": POINT},
    ]
    polygon, dot = Annotation.from_json(document).labels
    assert isinstance(polygon, PolygonLabel) and polygon.regions == (((1, 2), (5, 2), (3, 9)),)
    assert polygon.label_class is None and polygon.source is None
    prefix, _, count = polygon.object_id.rpartition("__")
    assert len(prefix) == 36 and count == "7"
    assert dot.object_id != polygon.object_id
    assert "vertices" not in polygon.to_json()


def test_ids_that_a_file_lacks_are_the_same_each_time() -> None:
    """Else the hash of the labels, and with it every training set, would change by reading."""
    document = [{**BOX, "object_id": 3}, {k: v for k, v in BOX.items() if k != "object_id"}]
    ids = [[label.object_id for label in Annotation.from_json(document).labels] for _ in range(2)]
    assert ids[0] == ids[1]


def test_numbered_and_missing_ids_do_not_collide() -> None:
    document = [{**BOX, "object_id": 2}, {**BOX, "object_id": None}, {**BOX, "object_id": 1}]
    assert len({label.object_id for label in Annotation.from_json(document).labels}) == 3


@pytest.mark.parametrize(
    ("document", "tasks"),
    [
        ({"labels": []}, ()),
        ({"labels": [], "complete": True}, ("finished",)),
        ({"labels": [], "complete": False}, ()),
        ({"labels": [], "complete": True, "completed_tasks": ["outline"]}, ("outline",)),
        ([], ()),
    ],
)
def test_completed_tasks(document: Any, tasks: tuple[str, ...]) -> None:
    annotation = Annotation.from_json(document)
    assert annotation.completed_tasks == tasks and "complete" not in annotation.to_json()


def test_unknown_types_and_keys_are_kept_word_for_word() -> None:
    spiral = {"label_type": "spiral", "label_class": "g", "object_id": "u__9", "turns": [BOX], "mood": 1}
    document = {"labels": [spiral, {**BOX, "mood": 2}], "last_modified_by__id": 4}
    annotation = Annotation.from_json(document)
    assert isinstance(annotation.labels[0], OpaqueLabel) and annotation.labels[0].rings() == ()
    written = annotation.to_json()
    assert written["labels"][0] == spiral
    assert written["labels"][1]["mood"] == 2 and written["last_modified_by__id"] == 4


def test_class_of_an_unknown_label_can_be_changed() -> None:
    (label,) = Annotation.from_json([{"label_type": "spiral", "object_id": "u__9", "turns": 3}]).labels
    assert replace(label, label_class="new").to_json()["label_class"] == "new"


def test_group_holds_its_components() -> None:
    inner = {**BOX, "object_id": "u__2", "centre": {"x": 3, "y": 2}, "mood": 1}
    group = {"label_type": "group", "label_class": "g", "object_id": "u__9", "component_models": [BOX, inner], "a": 1}
    annotation = Annotation.from_json([group])
    (label,) = annotation.labels
    assert isinstance(label, GroupLabel) and len(label.parts()) == 2 and label.extra == {"a": 1}
    assert [part.to_json()["object_id"] for part in label.components] == ["u__1", "u__2"]
    assert Annotation.from_json(annotation.to_json()) == annotation


def test_old_composite_refers_by_number() -> None:
    document = [{**BOX, "object_id": 7}, {"label_type": "composite", "object_id": 8, "components": [7]}]
    box, composite = Annotation.from_json(document).labels
    assert isinstance(composite, CompositeLabel) and composite.components == (box.object_id,)
    assert Annotation.from_json(Annotation((box, composite)).to_json()).labels == (box, composite)


def test_groups_in_groups_have_a_limit() -> None:
    document: dict[str, Any] = BOX
    for n in range(40):
        document = {"label_type": "group", "object_id": f"g__{n}", "component_models": [document]}
    with pytest.raises(SchemaError, match="groups are nested more than 30 deep"):
        Annotation.from_json([document])


def test_with_a_handler_problems_are_noted_and_the_rest_is_read() -> None:
    notes: list[Note] = []
    document = {
        "labels": [BOX, {**BOX, "size": None}, BOX, {**BOX, "object_id": "u__3", "anno_data": {"deep": float("nan")}}],
        "completed_tasks": 3,
        "image_filename": ["a"],
    }
    annotation = Annotation.from_json(document, notes.append)
    assert [label.label_type for label in annotation.labels] == ["box", "box"]
    assert len({label.object_id for label in annotation.labels}) == 2
    assert annotation.completed_tasks == () and annotation.image_filename is None
    assert [(note.where, note.done) for note in notes] == [
        ("The file", "left as not finished"),
        ("The file", "left without an image name"),
        ("Label 2 of 4", "dropped"),
        ("Label 3 of 4", "given a new id"),
        ("Label 4 of 4", "dropped"),
    ]


@pytest.mark.parametrize("document", [None, "x", 1, {}, {"labels": None}, {"labels": {}}, {"label": []}])
def test_no_label_file(document: Any) -> None:
    with pytest.raises(SchemaError, match="A label file holds a list of labels, or an object with the key 'labels'"):
        Annotation.from_json(document)


@pytest.mark.parametrize(
    "broken",
    [
        "text",
        None,
        {},
        {**BOX, "centre": None},
        {**BOX, "centre": {"x": 1}},
        {**BOX, "centre": {"x": "one", "y": 1}},
        {**BOX, "size": {"x": float("nan"), "y": 1}},
        {**BOX, "object_id": ["u"]},
        {**BOX, "label_class": ["axon"]},
        {**BOX, "label_type": ["box"]},
        {"label_type": "polygon", "label_class": "a"},
        {"label_type": "polygon", "regions": [[1, 2]]},
        {"label_type": "oriented_ellipse", "centre": POINT, "radius1": float("inf"), "radius2": 1},
    ],
)
def test_broken_label_is_named(broken: Any) -> None:
    with pytest.raises(SchemaError, match="Label 2 of 2 cannot be read"):
        Annotation.from_json([BOX, broken])


def test_repeated_id_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"Label 2 of 2 .* has the id 'u__1', which an earlier label has too"):
        Annotation.from_json([BOX, BOX])


@pytest.mark.parametrize("tasks", ["finished", 3, [1]])
def test_tasks_must_be_names(tasks: Any) -> None:
    with pytest.raises(SchemaError, match="completed_tasks"):
        Annotation.from_json({"labels": [], "completed_tasks": tasks})


def test_adding_without_and_counting() -> None:
    one, two = PointLabel(label_class="a", position=(0, 0)), PointLabel(position=(1, 1))
    annotation = Annotation().adding(one).adding(two)
    assert annotation.labels == (one, two) and annotation.counts() == {"a": 1, "": 1}
    assert annotation.without([one.object_id]).labels == (two,)
    assert Annotation().counts() == {}


def test_new_ids_differ() -> None:
    assert len({new_object_id() for _ in range(100)}) == 100
