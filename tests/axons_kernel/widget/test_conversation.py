"""Whatever a browser says: ops are done once and in order, and the document is never anything but legal."""

from __future__ import annotations

import copy
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axons_kernel.annotations import Annotation, LabelClass, PointLabel, PolygonLabel
from axons_kernel.widget.answering import Course, Reply
from axons_kernel.widget.booleans import checksum
from axons_kernel.widget.conversation import Conversation
from axons_kernel.widget.document import Document, Settings
from axons_kernel.widget.picture import Picture
from axons_kernel.widget.placed import covered

EXAMPLES = json.loads((Path(__file__).parents[2] / "data" / "annotate" / "messages.json").read_text())
NASTY = "<img src=x onerror=alert(1)>"
CLASSES = (LabelClass("axon", (0, 0, 255)), LabelClass("myelin", (255, 0, 0), scheme_colours={"night": (1, 2, 3)}))
SQUARE = PolygonLabel(label_class="axon", regions=(((4, 4), (14, 4), (14, 14), (4, 14)),))
PIXELS = np.random.default_rng(0).integers(0, 4000, (40, 50, 2)).astype(np.uint16)


class Desk:
    """A conversation with a clock that the test turns."""

    def __init__(self, annotation: Annotation | None = None, **options: Any) -> None:
        self.now = 100.0
        self.changes = 0
        annotation = Annotation((SQUARE,)) if annotation is None else annotation
        picture = Picture.of(PIXELS, "nerve", 0.1)
        document = Document(annotation, picture, [(0, 0, 32, 40), (18, 0, 32, 40)], Settings(("axon", "myelin")))
        self.talk = Conversation(document, Course(CLASSES), clock=lambda: self.now, changed=self.count, **options)

    def count(self) -> None:
        self.changes += 1

    def say(self, op: str, /, **content: Any) -> Any:
        return self.reply(op, **content).content

    def reply(self, op: str, /, *, session: str = "view-1", **content: Any) -> Reply:
        if "seq" in content:
            content = {"base_rev": 0, "tile": 0, **content}
        elif "request" not in content:
            content["request"] = 1
        return self.talk.receive({"op": op, "session": session, **content})

    def point(self, seq: int, **content: Any) -> Any:
        return self.say("point", **{"seq": seq, "label_class": "axon", "x": 16 * seq, "y": 300, **content})


def unpack(reply: Reply, key: str) -> np.ndarray:
    block = reply.content[key]
    data = zlib.decompress(reply.buffers[block["buffer"]])
    return np.frombuffer(data, np.dtype(block["dtype"]).newbyteorder("<")).reshape(block["shape"])


def test_pixels_that_a_view_has_do_not_come_again() -> None:
    desk = Desk()
    reply = desk.reply("hello", pixels_of=0)
    assert (reply.content["pixels"], len(reply.buffers)) == (None, 1)
    assert unpack(reply, "ids").shape == (40, 32)
    other = desk.reply("state", tile=1, pixels_of=0)
    assert unpack(other, "pixels").shape == (40, 32, 2)
    assert len(desk.reply("state", tile=1, pixels_of=1).buffers) == 1


def test_ops_are_done_once_and_in_order() -> None:
    desk = Desk()
    first = desk.point(1)
    assert (first["answer"], first["rev"], first["undo"]) == ("ack", 1, 1)
    assert desk.point(1) == first, "the same op again gets the same answer"
    late = desk.point(4)
    assert (late["answer"], late["expected"], late["consumed"]) == ("refused", 2, False)
    desk.point(2)
    assert desk.point(1, session="view-2")["rev"] == 3, "each view has numbers of its own"
    assert len(desk.talk.annotation.labels) == 4
    assert desk.changes == 3


def test_labels_are_copied_in_a_form_that_another_image_takes() -> None:
    desk, other = Desk(), Desk(Annotation())
    answer = desk.say("copy", ids=[1])
    assert answer == {"answer": "copied", "session": "view-1", "request": 1, "labels": [SQUARE.to_json()]}
    assert other.say("insert", seq=1, labels=answer["labels"], dx=0, dy=0)["answer"] == "ack"
    (label,) = other.talk.annotation.labels
    assert label.rings() == SQUARE.rings()
    assert "not there any more" in desk.say("copy", ids=[1, 9])["error"]


def test_an_op_that_makes_no_sense_counts_as_done() -> None:
    desk = Desk()
    before = desk.talk.annotation
    answer = desk.say("delete", seq=1, ids=[99])
    assert (answer["answer"], answer["consumed"], answer["expected"]) == ("refused", True, 2)
    assert "not there any more" in answer["error"]
    assert desk.say("delete", seq=1, ids=[99]) == answer
    assert desk.talk.annotation.labels == before.labels
    assert desk.point(2)["answer"] == "ack"


def test_a_broken_op_does_not_block_the_queue() -> None:
    desk = Desk()
    answer = desk.say("stroke", seq=1, points=[1, 2, 3], radius=1)
    assert (answer["consumed"], answer["expected"]) == (True, 2)
    assert desk.say("stroke", seq=7, points=[1, 2, 3], radius=1)["consumed"] is False
    assert desk.point(2)["answer"] == "ack"


def test_a_revision_from_the_future_is_refused() -> None:
    assert "hello" in Desk().point(1, base_rev=5)["error"]


def test_the_patch_comes_only_where_the_view_does_not_have_it() -> None:
    desk = Desk()
    stroke = {"label_class": "axon", "points": [320, 320], "radius": 40}
    without = desk.reply("stroke", seq=1, **stroke)
    x, y, w, h = without.content["rect"]
    patch = unpack(without, "patch")
    assert patch.shape == (h, w)
    assert checksum(patch) == without.content["crc"]
    np.testing.assert_array_equal(patch, desk.talk.document.sheet.raster(0)[y : y + h, x : x + w])
    desk.say("undo", seq=2)
    again = desk.reply("redo", seq=3, crc=without.content["crc"])
    assert again.content["patch"] is None
    assert again.buffers == ()
    wrong = desk.reply("undo", seq=4, crc=12345)
    assert wrong.content["patch"] is not None
    nothing_here = desk.reply("class", seq=5, ids=[1], label_class="myelin", crc=77)
    assert nothing_here.content["rect"] == [0, 0, 32, 40]
    np.testing.assert_array_equal(unpack(nothing_here, "patch"), desk.talk.document.sheet.raster(0))


def test_hello_tells_everything() -> None:
    desk = Desk(Annotation((SQUARE, PointLabel(label_class="axon", position=(45, 3)))))
    desk.point(1)
    reply = desk.reply("hello", request=9)
    state = reply.content
    assert (state["request"], state["last"], state["rev"], state["tile"]) == (9, 1, 1, 0)
    np.testing.assert_array_equal(unpack(reply, "pixels"), PIXELS[:, :32])
    np.testing.assert_array_equal(unpack(reply, "ids") == 1, covered(SQUARE, (0, 0, 32, 40)))
    assert [row["kind"] for row in state["labels"]] == ["polygon", "point", "point"]
    assert state["labels"][1]["shape"] == {"position": {"x": 45, "y": 3}}
    assert state["classes"][1]["colours"] == {"default": [255, 0, 0], "night": [1, 2, 3]}
    other = desk.reply("state", tile=1)
    np.testing.assert_array_equal(unpack(other, "pixels"), PIXELS[:, 18:])
    assert desk.say("hello")["tile"] == 1, "a page that is loaded again comes back to its tile"
    assert "no tile 7" in desk.say("state", tile=7)["error"]


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "uint16", "int32", "float32", "float64"])
def test_any_kind_of_pixels_can_be_shown(dtype: str) -> None:
    pixels = np.arange(40 * 50).reshape(40, 50).astype(dtype)
    if dtype.startswith("float"):
        pixels[3, 3], pixels[4, 4] = np.nan, np.inf
    document = Document(Annotation(), Picture.of(pixels), [(0, 0, 50, 40)], Settings(("axon",)))
    talk = Conversation(document, Course(CLASSES), clock=lambda: 0.0)
    reply = talk.receive({"op": "hello", "session": "view-1", "request": 1})
    json.dumps(reply.content, allow_nan=False)
    assert unpack(reply, "pixels").shape == (40, 50, 1)
    low, high = reply.content["limits"][0]
    assert low < high
    wand = {"op": "wand", "session": "view-1", "seq": 1, "base_rev": 0, "tile": 0, "x": 9, "y": 9, "tolerance": 5}
    assert talk.receive(wand).content["answer"] == "ack"


def test_requests_for_help_with_drawing() -> None:
    desk = Desk()
    shapes = desk.say("geometry", ids=[1, 50])["shapes"]
    assert shapes == {"1": {"regions": [[4, 4, 14, 4, 14, 14, 4, 14]]}}
    segments = unpack(desk.reply("superpixel_map", tile=1, size=8), "segments")
    assert segments.shape == (40, 32)
    number = int(segments[20, 20])
    added = desk.say("superpixels", seq=1, tile=1, label_class="axon", segments=[number], size=8, compactness=10)
    assert added["rect"][2] <= 32
    assert (desk.talk.document.sheet.raster(1) == 2).sum() == (segments == number).sum()
    assert unpack(desk.reply("cost_map", tile=0), "costs").min() >= 1
    points = desk.say("livewire", tile=1, x0=20, y0=2, x1=40, y1=30)["points"]
    assert points[:2] == [20 * 16 + 8, 40]
    assert points[-2:] == [40 * 16 + 8, 30 * 16 + 8]


def restarted(desk: Desk) -> Desk:
    """Another kernel on what was saved."""
    return Desk(Annotation.from_json(json.loads(json.dumps(desk.talk.annotation.to_json()))))


def test_after_a_restart_of_the_kernel_ops_are_done_once_and_mean_the_same_labels() -> None:
    desk = Desk(Annotation((SQUARE,)))
    desk.point(1)
    desk.point(2)
    desk.say("delete", seq=3, ids=[2])
    new = restarted(desk)
    assert new.say("hello", next=2)["last"] == 3
    assert new.talk.document.sheet.next_id == 4
    assert new.point(3)["consumed"] is True
    assert new.say("delete", seq=4, ids=[3])["removed"] == [3]
    assert new.talk.annotation.labels == (SQUARE,)


def test_labels_that_somebody_else_has_changed_get_new_numbers() -> None:
    desk = Desk(Annotation((SQUARE,)))
    desk.point(1)
    desk.point(2)
    saved = desk.talk.annotation
    new = Desk(saved.without([SQUARE.object_id]))
    assert sorted(new.talk.document.sheet.labels) == [4, 5]
    as_many = saved.without([SQUARE.object_id]).adding(PointLabel(label_class="axon", position=(1, 1)))
    assert sorted(Desk(as_many).talk.document.sheet.labels) == [4, 5, 6]
    assert new.say("delete", seq=3, ids=[1])["consumed"] is True


def test_a_session_that_no_file_remembers_goes_on_where_it_is() -> None:
    desk = Desk()
    assert desk.say("hello", next=57)["last"] == 56
    assert desk.point(57, x=80)["answer"] == "ack"


def test_active_time_is_believed_as_far_as_it_can_be_true() -> None:
    desk = Desk()
    desk.say("hello")
    desk.now += 10
    desk.point(1, active_ms=8_000)
    desk.now += 5
    desk.point(2, active_ms=3_600_000)
    assert desk.talk.document.progress.active_s == pytest.approx(8 + 5 + 2)
    assert Desk(desk.talk.annotation).talk.document.progress.active_s == pytest.approx(15)


def test_an_exception_in_an_op_is_told_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    monkeypatch.setattr("axons_kernel.widget.edits.changed_rect", lambda *_: 1 / 0)
    answer = desk.say("stroke", seq=1, label_class="axon", points=[320, 320], radius=40)
    assert (answer["answer"], answer["consumed"]) == ("refused", True)
    assert "ZeroDivisionError" in answer["error"]
    assert desk.talk.annotation.labels == (SQUARE,)
    assert desk.talk.document.sheet.next_id == 2


# -- junk --------------------------------------------------------------------------------------------------------------

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**40) | st.floats() | st.text(max_size=5) | st.just(NASTY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def forged(draw: st.DrawFn) -> Any:
    """An example message with anything in it replaced, or left as it is but for its number."""
    message = copy.deepcopy(draw(st.sampled_from(EXAMPLES["ops"] + EXAMPLES["requests"])))
    if "seq" in message:
        message["seq"] = draw(st.integers(1, 8) | st.just(2**53))
        message["base_rev"] = draw(st.integers(0, 3))
        message["tile"] = draw(st.integers(0, 2))
    for key in draw(st.lists(st.sampled_from(sorted(message)), max_size=2)):
        message[key] = draw(JUNK)
    if draw(st.booleans()):
        message["session"] = draw(st.sampled_from(["view-1", "view-2", "../../etc/passwd", ""]))
    return message


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(forged() | JUNK, max_size=15))
def test_after_any_junk_the_document_is_unchanged_or_a_legal_successor(messages: list[Any]) -> None:
    desk = Desk()
    for message in messages:
        document = desk.talk.document
        labels, rev = desk.talk.annotation.labels, document.rev
        answer = desk.talk.receive(message).content
        json.dumps(answer, allow_nan=False)
        if answer["answer"] == "refused":
            assert answer["error"].endswith(".")
        if answer["answer"] != "ack":
            assert (desk.talk.annotation.labels, document.rev) == (labels, rev)
        assert document.rev - rev in (0, 1)
        for tile, window in enumerate(document.sheet.tiles):
            ids = np.zeros((window[3], window[2]), np.uint32)
            for number, placed in sorted(document.sheet.labels.items(), key=lambda item: item[1].z):
                ids[covered(placed.label, window)] = number
            np.testing.assert_array_equal(document.sheet.raster(tile), ids)
        assert {label.label_class for label in desk.talk.annotation.labels} <= {"axon", "myelin", None}
        again = Annotation.from_json(json.loads(json.dumps(desk.talk.annotation.to_json(), allow_nan=False)))
        assert again == desk.talk.annotation
