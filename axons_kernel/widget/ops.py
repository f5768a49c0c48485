"""The ops of the annotation view: one per gesture, each changes the document. See `protocol`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from .fields import MAX_POINTS, Message, Number, Numbers, Points, Radius, Rings, Sub, Text
from .ink import FARTHEST


class Op(Message):
    """Base of the ops: numbered, done once, answered with `ack` or `refused`.

    `active_ms` is the time that the user was active since the last op; `crc` see above.
    """

    seq: Annotated[int, Field(ge=1, lt=2**53)]
    base_rev: Annotated[int, Field(ge=0, lt=2**53)]
    tile: Annotated[int, Field(ge=0)]
    active_ms: Annotated[int, Field(ge=0, le=86_400_000)] = 0
    crc: Annotated[int, Field(ge=0, lt=2**32)] | None = None


class Paint(Op):
    """Base of the ops that cover pixels. `target` is needed for add and split, 0 in subtract means any label."""

    mode: Literal["new", "add", "subtract", "split"] = "new"
    target: Annotated[int, Field(ge=0, lt=2**32)] = 0
    label_class: Text | None = None
    protect: bool = False


class Stroke(Paint):
    """Brush, or eraser in the mode subtract. `radii` (pen pressure) has one number per point, and wins."""

    op: Literal["stroke"]
    points: Points
    radius: Radius
    radii: Annotated[tuple[Radius, ...], Field(max_length=MAX_POINTS)] | None = None


class Polygon(Paint):
    """Rings under the even-odd rule: clicked, freehand or live-wire. A new one stays a polygon with its corners."""

    op: Literal["polygon"]
    rings: Rings


class Fill(Paint):
    """The fill bucket, started in the pixel (x, y)."""

    op: Literal["fill"]
    x: int
    y: int


class Wand(Paint):
    """The pixels like pixel (x, y), to within `tolerance` percent of the tile's range of values; by Python."""

    op: Literal["wand"]
    x: int
    y: int
    tolerance: Annotated[float, Field(ge=0, le=100)]
    connected: bool = True


class Superpixels(Paint):
    """The union of `segments` of the map that the request `superpixels` has given for `size` and `compactness`."""

    op: Literal["superpixels"]
    segments: Annotated[tuple[Number, ...], Field(min_length=1, max_length=100_000)]
    size: Annotated[int, Field(ge=4, le=256)]
    compactness: Annotated[float, Field(gt=0, le=100)]


class GrabCut(Paint):
    """The object inside a box (sub-pixels); by Python."""

    op: Literal["grabcut"]
    x0: Sub
    y0: Sub
    x1: Sub
    y1: Sub


class Box(Op):
    """A new upright box between two corners."""

    op: Literal["box"]
    label_class: Text | None
    x0: Sub
    y0: Sub
    x1: Sub
    y1: Sub


class Ellipse(Op):
    """A new ellipse; `radius1` lies along `angle` (radians, clockwise from +x)."""

    op: Literal["ellipse"]
    label_class: Text | None
    x: Sub
    y: Sub
    radius1: Annotated[int, Field(ge=1, le=FARTHEST)]
    radius2: Annotated[int, Field(ge=1, le=FARTHEST)]
    angle: Annotated[float, Field(ge=-7, le=7)]


class PointOp(Op):
    """A new point."""

    op: Literal["point"]
    label_class: Text | None
    x: Sub
    y: Sub


class Vertex(Op):
    """Move a polygon's corner, insert one before `index`, or delete it (the last three of a ring: delete the ring).

    `ring` and `index` count as in the answer `geometry`.
    """

    op: Literal["vertex"]
    id: Number
    action: Literal["move", "insert", "delete"]
    ring: Annotated[int, Field(ge=0)]
    index: Annotated[int, Field(ge=0)]
    x: Sub = 0
    y: Sub = 0


class Move(Op):
    """Shift labels."""

    op: Literal["move"]
    ids: Numbers
    dx: Sub
    dy: Sub


class Resize(Op):
    """Stretch a label to a new bounding box (of an ellipse: the box that is turned with it)."""

    op: Literal["resize"]
    id: Number
    x0: Sub
    y0: Sub
    x1: Sub
    y1: Sub


class Paste(Op):
    """Copies of labels of this image, shifted; on another tile too."""

    op: Literal["paste"]
    ids: Numbers
    dx: Sub
    dy: Sub


class Insert(Op):
    """Labels that were copied from another image: django-labeller's label objects, shifted."""

    op: Literal["insert"]
    labels: Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=10_000)]
    dx: Sub
    dy: Sub


class Threshold(Op):
    """New labels from all pixels of a window (pixels) that are brighter, or darker, than `value`; by Python.

    Without `value` it is Otsu's; `separate` parts touching objects by a watershed.
    """

    op: Literal["threshold"]
    label_class: Text | None
    x: int
    y: int
    width: Annotated[int, Field(ge=1)]
    height: Annotated[int, Field(ge=1)]
    brighter: bool
    value: float | None = None
    separate: bool = True
    min_area: Annotated[int, Field(ge=1)] = 20
    protect: bool = True


class Separate(Op):
    """Part a label at its waists by a watershed; the largest part keeps the number; by Python."""

    op: Literal["separate"]
    id: Number


class Knife(Op):
    """Cut a label along a line; the largest part keeps the number; by Python."""

    op: Literal["knife"]
    id: Number
    points: Points


class Merge(Op):
    """Several labels become the first of them, of the class that most of them have."""

    op: Literal["merge"]
    ids: Numbers


class Group(Op):
    """Several labels become the parts of one new label, a group, of the class that most of them have."""

    op: Literal["group"]
    ids: Numbers


class Ungroup(Op):
    """The parts of groups become labels of their own again, on top, with new numbers in the order of the parts."""

    op: Literal["ungroup"]
    ids: Numbers


class Delete(Op):
    """Remove labels."""

    op: Literal["delete"]
    ids: Numbers


class SetClass(Op):
    """Give labels another class; null is unclassified."""

    op: Literal["class"]
    ids: Numbers
    label_class: Text | None


class SetAttribute(Op):
    """Set or (null) remove an attribute of labels, as the controls of the state define it."""

    op: Literal["attribute"]
    ids: Numbers
    name: Text
    value: bool | Text | None


class Propose(Op):
    """Ask a model for the labels of the tile: they come with the source `auto:<model>` and wait for a decision."""

    op: Literal["propose"]
    model: Text


class Decide(Op):
    """Accept proposals (their source stays recorded) or reject, that is remove, them; without `ids` all of the tile."""

    op: Literal["accept", "reject"]
    ids: Numbers | None = None


class Task(Op):
    """Tick or untick a named task of the image."""

    op: Literal["task"]
    name: Text
    done: bool


class TileDone(Op):
    """Tick or untick the op's tile as finished."""

    op: Literal["tile_done"]
    done: bool


class Undo(Op):
    """Take back, or do again, the last edit, on whatever tile it was: of all sessions of this document."""

    op: Literal["undo", "redo"]
