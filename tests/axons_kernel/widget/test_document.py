"""The document: golden conversations, and what must hold after any edits whatever they are."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from axons_kernel.annotations import Annotation, BoxLabel, EllipseLabel, GroupLabel, Label, PointLabel, PolygonLabel
from axons_kernel.errors import InputError
from axons_kernel.rasterize import fill_rings
from axons_kernel.widget import protocol
from axons_kernel.widget.asking import Model
from axons_kernel.widget.booleans import checksum, cut
from axons_kernel.widget.controls import read_controls
from axons_kernel.widget.document import Document, Outcome, Settings
from axons_kernel.widget.picture import Picture
from axons_kernel.widget.placed import covered

SEQUENCES = json.loads((Path(__file__).parents[2] / "data" / "annotate" / "sequences.json").read_text())
STAIN = {"value": "he", "label_text": "HE"}
TILES = ((0, 0, 40, 32), (32, 0, 32, 32))  # overlapping by 8 pixels
CLASSES = ("axon", "myelin")


def document(*labels: Label, pixels: NDArray[Any] | None = None, **settings: Any) -> Document:
    picture = Picture.of(np.zeros((32, 64), np.uint8) if pixels is None else pixels)
    return Document(Annotation(labels), picture, TILES, Settings(CLASSES, **settings))


def do(doc: Document, op: str, /, *, tile: int = 0, **content: Any) -> Outcome:
    envelope = {"session": "test", "seq": 1, "base_rev": 0, "tile": tile}
    return doc.apply(protocol.parse({"op": op, **envelope, **content}))


def px(*values: float) -> list[int]:
    return [round(16 * v) for v in values]


def rectangle(x: float, y: float, w: float, h: float) -> list[int]:
    return px(x, y, x + w, y, x + w, y + h, x, y + h)


def polygon(x: float, y: float, w: float, h: float, **common: Any) -> PolygonLabel:
    ring = ((x, y), (x + w, y), (x + w, y + h), (x, y + h))
    return PolygonLabel(regions=(ring,), **{"label_class": "axon", **common})


def shown(raster: NDArray[np.uint32]) -> list[str]:
    return ["".join("." if v == 0 else str(v) for v in row) for row in raster]


def drawn(target: Document, tile: int) -> NDArray[np.uint32]:
    """The raster of a tile as drawing all labels in order gives it."""
    _, _, w, h = window = target.sheet.tiles[tile]
    ids = np.zeros((h, w), np.uint32)
    for number, placed in sorted(target.sheet.labels.items(), key=lambda item: item[1].z):
        ids[covered(placed.label, window)] = number
    return ids


def check(target: Document) -> None:
    """What must always hold."""
    for tile in range(len(target.sheet.tiles)):
        np.testing.assert_array_equal(target.sheet.raster(tile), drawn(target, tile))
    ids = [label.object_id for label in target.annotation.labels]
    assert len(set(ids)) == len(ids)
    assert all(number < target.sheet.next_id for number in target.sheet.labels)
    assert Annotation.from_json(target.annotation.to_json()) == target.annotation
    assert {c.label_class for c in target.annotation.labels} <= {*CLASSES, None}


def test_golden_conversation() -> None:
    width, height = SEQUENCES["image"]
    picture = Picture.of(np.zeros((height, width), np.uint8))
    tiles = [tuple(tile) for tile in SEQUENCES["tiles"]]
    target = Document(Annotation(), picture, tiles, Settings(tuple(SEQUENCES["classes"])))
    for step in SEQUENCES["steps"]:
        op = protocol.parse(step["message"])
        if step["refused"]:
            with pytest.raises(InputError):
                target.apply(op)
        else:
            outcome = target.apply(op)
            assert outcome.rect == (tuple(step["rect"]) if step["rect"] else None), step["name"]
            after = cut(target.sheet.raster(0), tiles[0], outcome.rect or (0, 0, 0, 0))
            assert checksum(after) == step["crc"]
            assert (len(target.log.past), len(target.log.future)) == (step["undo"], step["redo"])
        raster = target.sheet.raster(0)
        assert shown(raster) == step["raster"], step["name"]
        table = {
            str(n): {"label_class": p.label.label_class, "area": int((raster == n).sum())}
            for n, p in target.sheet.labels.items()
        }
        assert table == step["table"], step["name"]
        assert (target.rev, target.sheet.next_id) == (step["rev"], step["next_id"])


def test_a_polygon_keeps_its_corners_and_a_protected_one_its_pixels() -> None:
    target = document(polygon(2, 2, 6, 6))
    do(target, "polygon", label_class="axon", rings=[rectangle(10, 10, 5.5, 5)])
    assert target.sheet.labels[2].label.rings() == (((10, 10), (15.5, 10), (15.5, 15), (10, 15)),)
    do(target, "polygon", label_class="myelin", protect=True, rings=[rectangle(0, 0, 10, 10)])
    check(target)
    assert (target.sheet.raster(0) == 3).sum() == 100 - 36
    assert (target.sheet.raster(0) == 1).sum() == 36


def test_a_new_label_covers_but_keeps_what_is_below() -> None:
    target = document(polygon(2, 2, 6, 6))
    do(target, "polygon", label_class="myelin", rings=[rectangle(0, 0, 10, 10)])
    assert not (target.sheet.raster(0) == 1).any()
    do(target, "delete", ids=[2])
    assert (target.sheet.raster(0) == 1).sum() == 36
    check(target)


def test_erasing_reaches_what_is_covered_too() -> None:
    target = document(polygon(2, 2, 6, 6), polygon(0, 0, 10, 10, label_class="myelin"))
    do(target, "polygon", mode="subtract", rings=[rectangle(0, 0, 5, 10)])
    check(target)
    assert not target.sheet.raster(0)[:10, :5].any()
    do(target, "delete", ids=[2])
    assert (target.sheet.raster(0) == 1).sum() == 3 * 6


def test_a_label_over_two_tiles_stays_one_label_and_only_this_tile_changes() -> None:
    target = document(polygon(20, 4, 40, 10))
    target.sheet.raster(1)
    do(target, "stroke", mode="subtract", target=1, points=px(38, 0, 38, 31), radius=64)
    check(target)
    assert len(target.annotation.labels) == 1
    mask = fill_rings(target.annotation.labels[0].rings(), (0, 0, 64, 32))
    assert mask[8, 41:60].all(), "beyond the tile's border at 40 nothing is erased"
    assert not mask[8, 34:40].any()
    do(target, "undo", tile=1)
    check(target)
    assert target.annotation.labels[0] == polygon(20, 4, 40, 10, object_id=target.annotation.labels[0].object_id)


def test_a_very_large_label_changes_only_where_it_is_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("axons_kernel.widget.placed.TRACED_WHOLE", 100)
    target = document(polygon(3.25, 4.5, 50.5, 20.25))
    outer = target.annotation.labels[0].rings()[0]
    do(target, "stroke", mode="subtract", target=1, points=px(12, 12), radius=40)
    do(target, "stroke", mode="add", target=1, points=px(12, 12, 2, 2), radius=20)
    check(target)
    assert target.annotation.labels[0].rings()[0] == outer


def test_boxes_and_ellipses_are_painted_into_polygons_and_groups_lose_pixels() -> None:
    group = GroupLabel(label_class="axon", components=(polygon(20, 20, 4, 4), polygon(26, 20, 4, 4)))
    box = BoxLabel(label_class="axon", centre=(6, 6), size=(8, 8), anno_data={"damaged": True}, extra={"kept": 1})
    ellipse = EllipseLabel(label_class="axon", centre=(30, 8), radius1=6, radius2=3, orientation_radians=0.4)
    target = document(box, ellipse, group)
    do(target, "stroke", mode="add", target=1, points=px(12, 12), radius=48)
    do(target, "stroke", mode="subtract", target=2, points=px(30, 8), radius=16)
    do(target, "polygon", mode="subtract", rings=[rectangle(19, 19, 6, 6)])
    check(target)
    now = target.sheet.labels[1].label
    assert (now.label_type, now.object_id, now.anno_data, now.extra) == (
        "polygon",
        box.object_id,
        {"damaged": True},
        {"kept": 1},
    )
    left = target.sheet.labels[3].label
    assert isinstance(left, GroupLabel)
    assert len(left.components) == 1
    with pytest.raises(InputError, match="group"):
        do(target, "stroke", mode="add", target=3, points=px(35, 28), radius=16)
    check(target)


def test_vertices() -> None:
    target = document(polygon(2, 2, 6, 6))
    do(target, "vertex", id=1, action="move", ring=0, index=2, x=160, y=160)
    do(target, "vertex", id=1, action="insert", ring=0, index=4, x=0, y=80)
    do(target, "vertex", id=1, action="delete", ring=0, index=0)
    assert target.annotation.labels[0].rings() == (((8, 2), (10, 10), (2, 8), (0, 5)),)
    do(target, "vertex", id=1, action="delete", ring=0, index=0)
    with pytest.raises(InputError, match="no pixel"):
        do(target, "vertex", id=1, action="delete", ring=0, index=0)
    with pytest.raises(InputError, match="not there any more"):
        do(target, "vertex", id=1, action="move", ring=0, index=7, x=0, y=0)
    check(target)


def test_moving_stretching_and_copying() -> None:
    target = document(polygon(2, 2, 6, 6), PointLabel(label_class="axon", position=(30, 3)))
    do(target, "move", ids=[1, 2], dx=px(4)[0], dy=0)
    do(target, "resize", id=1, x0=px(6)[0], y0=px(2)[0], x1=px(18)[0], y1=px(14)[0])
    do(target, "paste", tile=1, ids=[1], dx=px(32)[0], dy=0)
    check(target)
    first, second = (label.rings()[0] for label in target.annotation.labels if label.rings())
    assert first == ((6, 2), (18, 2), (18, 14), (6, 14))
    assert second == tuple((x + 32, y) for x, y in first)
    assert target.sheet.labels[2].label.position == (34, 3)  # type: ignore[attr-defined]
    with pytest.raises(InputError, match=r"outside|no pixel"):
        do(target, "move", ids=[1], dx=px(-60)[0], dy=0)


def test_merging_takes_the_most_frequent_class_and_closes_no_gap() -> None:
    target = document(
        polygon(2, 2, 4, 4), polygon(10, 2, 4, 4, label_class="myelin"), polygon(20, 2, 4, 4, label_class="myelin")
    )
    do(target, "merge", ids=[1, 2, 3])
    check(target)
    assert target.annotation.labels[0].label_class == "myelin"
    assert (target.sheet.raster(0) == 1).sum() == 48


def test_a_group_is_one_label_with_the_class_that_most_have_and_undo_gives_its_parts_back() -> None:
    start = (polygon(2, 2, 6, 6), polygon(12, 2, 6, 6, label_class="myelin"), polygon(22, 2, 6, 6))
    target = document(*start)
    outcome = do(target, "group", ids=[3, 1, 2])
    check(target)
    assert (outcome.message, outcome.changed, outcome.removed) == ("3 labels grouped.", (4,), (3, 1, 2))
    (group,) = target.annotation.labels
    assert isinstance(group, GroupLabel)
    assert (group.components, group.label_class) == (start, "axon")
    assert (target.sheet.raster(0) == 4).sum() == 3 * 36
    assert do(target, "undo").message == "Undone: 3 labels grouped."
    assert target.annotation.labels == start
    check(target)


def test_a_group_moves_is_copied_and_goes_as_one() -> None:
    target = document(polygon(2, 2, 4, 4), polygon(8, 2, 4, 4))
    do(target, "group", ids=[1, 2])
    do(target, "move", ids=[3], dx=px(10)[0], dy=0)
    do(target, "paste", ids=[3], dx=0, dy=px(12)[0])
    check(target)
    moved, copy = target.annotation.labels
    assert isinstance(moved, GroupLabel)
    assert isinstance(copy, GroupLabel)
    assert [part.rings()[0][0] for part in (*moved.components, *copy.components)] == [
        (12, 2),
        (18, 2),
        (12, 14),
        (18, 14),
    ]
    assert len({part.object_id for part in (*moved.components, *copy.components)}) == 4
    do(target, "delete", ids=[3])
    check(target)
    assert target.annotation.labels == (copy,)


def test_dissolving_gives_the_parts_with_their_own_classes() -> None:
    start = (polygon(2, 2, 6, 6), polygon(12, 2, 6, 6, label_class="myelin"))
    target = document(*start)
    do(target, "group", ids=[1, 2])
    outcome = do(target, "ungroup", ids=[3])
    check(target)
    assert (outcome.message, outcome.changed, outcome.removed) == ("Group dissolved.", (4, 5), (3,))
    assert target.annotation.labels == start
    with pytest.raises(InputError, match="Label 4 is no group"):
        do(target, "ungroup", ids=[4])
    do(target, "undo")
    check(target)
    assert len(target.annotation.labels) == 1


def test_groups_are_erased_from_but_not_painted_on() -> None:
    target = document(polygon(2, 2, 6, 6), polygon(12, 2, 6, 6))
    do(target, "group", ids=[1, 2])
    do(target, "polygon", mode="subtract", target=3, rings=[rectangle(0, 0, 5, 32)])
    check(target)
    assert (target.sheet.raster(0) == 3).sum() == 36 + 18
    with pytest.raises(InputError, match="A group cannot be painted on: dissolve it first"):
        do(target, "stroke", mode="add", target=3, points=px(30, 28), radius=16)
    check(target)


def test_what_cannot_be_grouped() -> None:
    target = document(polygon(2, 2, 6, 6), PointLabel(label_class="axon", position=(30, 3)))
    for ids, why in (
        ([1], "Only one label"),
        ([1, 1], "Only one label"),
        ([1, 2], "with an area"),
        ([1, 9], "not there"),
    ):
        with pytest.raises(InputError, match=why):
            do(target, "group", ids=ids)
    with pytest.raises(InputError, match="Label 1 is no group"):
        do(target, "ungroup", ids=[1])
    check(target)
    assert target.sheet.next_id == 3


def copied(*labels: Label) -> list[dict[str, Any]]:
    """Labels as a browser keeps them between two images."""
    return [dict(json.loads(json.dumps(label.to_json()))) for label in labels]


def test_labels_of_another_image_are_pasted_as_new_ones() -> None:
    controls = read_controls([{"control": "checkbox", "identifier": "damaged", "label_text": "Damaged"}])
    parts = (polygon(2, 2, 4, 4), polygon(8, 2, 4, 4, label_class="myelin"))
    group = GroupLabel(label_class="axon", components=parts, source="auto:first")
    box = BoxLabel(label_class="axon", centre=(6, 6), size=(4, 4), anno_data={"damaged": True, "colour": "red"})
    target = document(polygon(30, 20, 4, 4), controls=controls)
    outcome = do(target, "insert", labels=copied(box, group), dx=px(20)[0], dy=px(1)[0])
    check(target)
    assert outcome.message == "2 labels pasted, without attributes that this image does not have."
    _, new_box, new_group = target.annotation.labels
    assert isinstance(new_box, BoxLabel)
    assert isinstance(new_group, GroupLabel)
    assert (new_box.centre, new_box.anno_data) == ((26, 7), {"damaged": True})
    assert (new_group.source, [part.label_class for part in new_group.components]) == ("auto:first", ["axon", "myelin"])
    assert new_group.components[0].rings()[0][0] == (22, 3)
    old = {box.object_id, group.object_id, *(part.object_id for part in parts)}
    assert old.isdisjoint({new_box.object_id, new_group.object_id, *(p.object_id for p in new_group.components)})
    assert do(target, "undo").message.startswith("Undone: 2 labels pasted")
    assert len(target.annotation.labels) == 1


def bad_copy(**change: Any) -> dict[str, Any]:
    return {**copied(BoxLabel(label_class="axon", centre=(6, 6), size=(4, 4)))[0], **change}


@pytest.mark.parametrize(
    ("label", "why"),
    [
        (
            bad_copy(label_class="dendrite"),
            "of the class 'dendrite', and this image has 'axon', 'myelin'. Add the class",
        ),
        (bad_copy(label_class=7), "cannot be read"),
        (bad_copy(label_type="star"), "of the kind 'star' cannot be copied"),
        (bad_copy(label_type="composite", components=["a"]), "of the kind 'composite' cannot be copied"),
        (bad_copy(size={"x": 1e300, "y": 1}), "too far away"),
        (bad_copy(centre={"x": 500, "y": 1}), "no pixel"),
        (bad_copy(centre=None), "cannot be read"),
        (bad_copy(label_type="polygon", regions=[[{"x": "1", "y": 2}]]), "cannot be"),
        (bad_copy(anno_data=[1]), "cannot be read"),
        ({}, "cannot be read"),
    ],
)
def test_what_was_copied_is_checked_before_it_is_pasted(label: dict[str, Any], why: str) -> None:
    target = document(polygon(30, 20, 4, 4))
    before = target.annotation, target.sheet.next_id
    with pytest.raises(InputError, match=why):
        do(target, "insert", labels=[*copied(polygon(2, 2, 4, 4)), label], dx=0, dy=0)
    assert (target.annotation, target.sheet.next_id) == before
    check(target)


def test_knife_and_watershed_part_a_label() -> None:
    target = document(polygon(2, 2, 30, 6))
    do(target, "knife", id=1, points=px(12, 0, 12, 12))
    check(target)
    areas = {n: int((target.sheet.raster(0) == n).sum()) for n in target.sheet.labels}
    assert areas[1] + areas[2] == 180
    assert areas[1] > areas[2] >= 50
    with pytest.raises(InputError, match="does not cut"):
        do(target, "knife", id=1, points=px(33, 30, 35, 30))
    dumbbell = document()
    do(dumbbell, "stroke", label_class="axon", points=px(8, 12), radius=100)
    do(dumbbell, "stroke", mode="add", target=1, points=px(8, 12, 24, 12), radius=24)
    do(dumbbell, "stroke", mode="add", target=1, points=px(24, 12), radius=100)
    do(dumbbell, "separate", id=1)
    check(dumbbell)
    assert len(dumbbell.annotation.labels) == 2


def test_classes_attributes_and_tasks() -> None:
    controls = read_controls(
        [
            {"control": "checkbox", "identifier": "damaged", "label_text": "Damaged"},
            {"control": "radio", "identifier": "stain", "label_text": "Stain", "choices": [STAIN]},
            {"control": "text", "identifier": "note", "label_text": "Note"},
        ]
    )
    target = document(polygon(2, 2, 6, 6), controls=controls)
    do(target, "attribute", ids=[1], name="damaged", value=True)
    do(target, "attribute", ids=[1], name="stain", value="he")
    do(target, "attribute", ids=[1], name="note", value="<b>bold</b>")
    do(target, "attribute", ids=[1], name="damaged", value=None)
    assert target.annotation.labels[0].anno_data == {"stain": "he", "note": "<b>bold</b>"}
    for name, value in (("stain", "other"), ("damaged", "yes"), ("note", True), ("colour", "red")):
        with pytest.raises(InputError, match="attribute"):
            do(target, "attribute", ids=[1], name=name, value=value)
    do(target, "class", ids=[1], label_class="myelin")
    with pytest.raises(InputError, match="There is no class 'dendrite'; there are: 'axon', 'myelin'"):
        do(target, "class", ids=[1], label_class="dendrite")
    do(target, "task", name="finished", done=True)
    do(target, "tile_done", tile=1, done=True)
    assert target.annotation.completed_tasks == ("finished",)
    assert target.finished_tiles == [1]
    again = Document(target.annotation, target.picture, TILES, target.settings)
    assert again.finished_tiles == [1]
    with pytest.raises(InputError, match="no task"):
        do(target, "task", name="reviewed", done=True)


def test_proposals_wait_beside_the_labels_until_they_are_accepted() -> None:
    found = np.zeros((32, 40), bool)
    found[3:10, 3:10] = found[20:26, 20:30] = found[4:8, 30:36] = True
    target = document(polygon(3, 3, 7, 7), models={"first": Model(lambda window: {"myelin": found})})
    do(target, "propose", model="first")
    check(target)
    assert len(target.annotation.labels) == 1, "a proposal is no label yet"
    again = Document(target.annotation, target.picture, TILES, target.settings)
    assert [p.proposal for p in again.sheet.labels.values()] == [False, True, True]
    do(target, "reject", ids=[2])
    do(target, "accept")
    assert [(label.source, label.label_class) for label in target.annotation.labels] == [
        ("manual", "axon"),
        ("auto:first", "myelin"),
    ]
    assert "axons" not in target.annotation.extra
    with pytest.raises(InputError, match="no proposal"):
        do(target, "accept")
    with pytest.raises(InputError, match="There is no model 'second'; there are: 'first'"):
        do(target, "propose", model="second")


def test_undo_goes_back_more_than_200_steps_to_the_very_labels() -> None:
    start = (polygon(2, 2, 6, 6), polygon(12, 2, 20, 20, label_class="myelin"))
    target = document(*start)
    for i in range(250):
        if i % 5 == 0:
            do(target, "stroke", label_class="axon", points=px(i % 31, 30), radius=20)
        else:
            way = {"mode": "subtract", "target": 0} if i % 3 else {"mode": "add", "target": 2}
            with contextlib.suppress(InputError):  # where nothing is left to erase
                do(target, "stroke", **way, points=px(i % 37, i % 29), radius=30)
    end, steps = target.annotation, len(target.log.past)
    assert steps >= 200
    for _ in range(steps):
        do(target, "undo")
    assert target.annotation.labels == start
    check(target)
    for _ in range(steps):
        do(target, "redo")
    assert target.annotation.labels == end.labels
    check(target)


def test_old_steps_are_forgotten_when_they_are_many_or_large(monkeypatch: pytest.MonkeyPatch) -> None:
    target = document()
    monkeypatch.setattr("axons_kernel.widget.log.POINTS", 100)
    for i in range(30):
        do(target, "polygon", label_class="axon", rings=[rectangle(i, 2, 3, 3)])
    assert len(target.log.past) == 25


numbers = st.integers(1, 6)
spots = st.tuples(st.integers(-40, 700), st.integers(-40, 560))


def strokes() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "op": st.sampled_from(["stroke", "polygon"]),
            "mode": st.sampled_from(["new", "add", "subtract", "split"]),
            "target": st.integers(0, 6),
            "label_class": st.sampled_from(["axon", "myelin", None, "unknown"]),
            "protect": st.booleans(),
            "spots": st.lists(spots, min_size=1, max_size=4),
            "radius": st.integers(0, 120),
        }
    ).map(lambda d: _shaped(dict(d)))


def _shaped(op: dict[str, Any]) -> dict[str, Any]:
    flat, radius = [v for spot in op.pop("spots") for v in spot], op.pop("radius")
    return {**op, **({"points": flat, "radius": radius} if op["op"] == "stroke" else {"rings": [flat]})}


chosen = st.lists(numbers, min_size=1, max_size=3)
shifts = st.tuples(st.integers(-150, 150), st.integers(-150, 150))
pixels = st.tuples(st.integers(-2, 66), st.integers(-2, 34))


def op(name: str, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"op": st.just(name), **parts})


def placed_at(op: dict[str, Any]) -> dict[str, Any]:
    """Pairs to the keys of the protocol."""
    pairs = {"shift": ("dx", "dy"), "pixel": ("x", "y"), "spot": ("x", "y"), "a": ("x0", "y0"), "b": ("x1", "y1")}
    for key, names in pairs.items():
        if key in op:
            op = {**{k: v for k, v in op.items() if k != key}, **dict(zip(names, op[key], strict=True))}
    return op


ops = st.one_of(
    strokes(),
    strokes(),
    op("undo"),
    op("redo"),
    op("delete", ids=chosen),
    op("merge", ids=chosen),
    op("group", ids=chosen),
    op("ungroup", ids=chosen),
    op("class", ids=chosen, label_class=st.sampled_from(CLASSES)),
    op("move", ids=chosen, shift=shifts).map(placed_at),
    op("paste", ids=chosen, shift=shifts).map(placed_at),
    op("fill", mode=st.just("add"), target=numbers, pixel=pixels).map(placed_at),
    op("vertex", id=numbers, action=st.just("move"), ring=st.just(0), index=numbers, spot=spots).map(placed_at),
    op("knife", id=numbers, points=st.tuples(spots, spots).map(lambda pair: [*pair[0], *pair[1]])),
    op("box", label_class=st.just("axon"), a=spots, b=spots).map(placed_at),
    op("resize", id=numbers, a=spots, b=spots).map(placed_at),
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(ops, st.integers(0, 1)), max_size=12))
def test_after_any_edits_the_raster_is_what_the_labels_give(sequence: list[tuple[dict[str, Any], int]]) -> None:
    target = document(polygon(2, 2, 20, 12), polygon(14, 6, 30, 20, label_class="myelin"))
    for op, tile in sequence:
        labels, rev, past = target.annotation, target.rev, target.log
        rasters = [target.sheet.raster(t).copy() for t in (0, 1)]
        try:
            outcome = do(target, op["op"], tile=tile, **{k: v for k, v in op.items() if k != "op"})
        except InputError as error:
            assert str(error).endswith((".", "!"))
            assert (target.annotation, target.rev, target.log) == (labels, rev, past)
        else:
            assert target.rev == rev + 1
            window = target.sheet.tiles[tile]
            differ = rasters[tile] != target.sheet.raster(tile)
            rect = outcome.rect or (window[0], window[1], 0, 0)
            assert differ.sum() == cut(differ, window, rect).sum()  # type: ignore[arg-type]
        check(target)
