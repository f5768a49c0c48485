"""Edits of shapes as shapes: box, ellipse and point, corners of polygons, moving, stretching, copying."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..annotations import (
    BoxLabel,
    CompositeLabel,
    EllipseLabel,
    GroupLabel,
    Label,
    OpaqueLabel,
    Point,
    PointLabel,
    PolygonLabel,
    Ring,
    new_object_id,
)
from ..errors import InputError
from . import ops
from .edits import Edit, added, counted, known
from .ink import SUB
from .placed import Placed, covered
from .sheet import Sheet

_Map = Callable[[Point], Point]
_CORNER = {"move": "corner moved", "insert": "corner inserted", "delete": "corner deleted"}


def box(sheet: Sheet, op: ops.Box) -> Edit:
    """A new box, cut at the image's border."""
    height, width = sheet.shape
    x0, x1 = (min(max(v / SUB, 0.0), float(width)) for v in sorted((op.x0, op.x1)))
    y0, y1 = (min(max(v / SUB, 0.0), float(height)) for v in sorted((op.y0, op.y1)))
    if x1 - x0 < 1 or y1 - y0 < 1:
        raise InputError("The box is less than one pixel wide or high: drag from corner to corner.")
    centre, size = ((x0 + x1) / 2, (y0 + y1) / 2), (x1 - x0, y1 - y0)
    return _added(sheet, BoxLabel(label_class=op.label_class, centre=centre, size=size))


def ellipse(sheet: Sheet, op: ops.Ellipse) -> Edit:
    """A new ellipse."""
    label = EllipseLabel(
        label_class=op.label_class,
        centre=(op.x / SUB, op.y / SUB),
        radius1=op.radius1 / SUB,
        radius2=op.radius2 / SUB,
        orientation_radians=op.angle,
    )
    return _added(sheet, label)


def point(sheet: Sheet, op: ops.PointOp) -> Edit:
    """A new point."""
    return _added(sheet, PointLabel(label_class=op.label_class, position=(op.x / SUB, op.y / SUB)))


def _added(sheet: Sheet, label: Label) -> Edit:
    check_place(Placed.of(label, 0, sheet.shape), sheet)
    number, placed = sheet.add(label)
    return Edit(added(label.label_class), {number: placed})


def check_place(placed: Placed, sheet: Sheet) -> None:
    """Raises InputError for a label that covers no pixel of the image, or a point outside of it."""
    label = placed.label
    if isinstance(label, PointLabel):
        (x, y), (height, width) = label.position, sheet.shape
        if not (0 <= x < width and 0 <= y < height):
            raise InputError("The point is outside the image: click inside of it.")
    elif placed.bounds is None or not covered(label, placed.bounds).any():
        raise InputError("The label would cover no pixel of the image: draw it larger, or inside the image.")


def vertex(sheet: Sheet, op: ops.Vertex) -> Edit:
    """Move, insert or delete one corner of a polygon."""
    placed = known(sheet, op.id)
    if not isinstance(placed.label, PolygonLabel):
        raise InputError(f"A {placed.label.label_type} has no corners to edit: move or resize it.")
    regions = [list(ring) for ring in placed.label.regions]
    last = op.action == "insert"  # a corner may also be put after the last one
    if op.ring >= len(regions) or op.index >= len(regions[op.ring]) + last:
        raise InputError("That corner is not there any more: the outline has changed.")
    ring, here = regions[op.ring], _clamped(sheet, op.x / SUB, op.y / SUB)
    if op.action == "move":
        ring[op.index] = here
    elif op.action == "insert":
        ring.insert(op.index, here)
    else:
        del ring[op.index]
    kept = tuple(tuple(ring) for ring in regions if len(ring) >= 3)
    return _changed(sheet, {op.id: replace(placed.label, regions=kept)}, _CORNER[op.action])


def _clamped(sheet: Sheet, x: float, y: float) -> Point:
    return (min(max(x, 0.0), float(sheet.shape[1])), min(max(y, 0.0), float(sheet.shape[0])))


def _changed(sheet: Sheet, labels: dict[int, Label], message: str) -> Edit:
    changes: dict[int, Placed | None] = {}
    for number, label in labels.items():
        changes[number] = now = sheet.labels[number].having(label, sheet.shape)
        check_place(now, sheet)
    return Edit(message, changes)


def move(sheet: Sheet, op: ops.Move) -> Edit:
    """Shift labels."""
    by = shift(op.dx, op.dy)
    labels = {number: mapped(known(sheet, number).label, by) for number in op.ids}
    return _changed(sheet, labels, f"{counted(len(labels))} moved")


def resize(sheet: Sheet, op: ops.Resize) -> Edit:
    """Stretch a label to a new bounding box; an ellipse to the radii of that box."""
    label = known(sheet, op.id).label
    (x0, x1), (y0, y1) = sorted((op.x0 / SUB, op.x1 / SUB)), sorted((op.y0 / SUB, op.y1 / SUB))
    if x1 <= x0 or y1 <= y0:
        raise InputError("The label would have no width or no height: drag the handle further out.")
    if isinstance(label, EllipseLabel):
        centre, radii = ((x0 + x1) / 2, (y0 + y1) / 2), ((x1 - x0) / 2, (y1 - y0) / 2)
        return _changed(
            sheet, {op.id: replace(label, centre=centre, radius1=radii[0], radius2=radii[1])}, "label resized"
        )
    points = [p for ring in label.rings() for p in ring]
    if not points:
        raise InputError(f"A {label.label_type} has no size: move it.")
    left, top = min(x for x, _ in points), min(y for _, y in points)
    wide, high = max(x for x, _ in points) - left, max(y for _, y in points) - top
    if not (wide and high):
        raise InputError("The label has no width or no height: draw it anew.")

    def stretched(p: Point) -> Point:
        return (x0 + (p[0] - left) * (x1 - x0) / wide, y0 + (p[1] - top) * (y1 - y0) / high)

    return _changed(sheet, {op.id: mapped(label, stretched)}, "label resized")


def paste(sheet: Sheet, op: ops.Paste) -> Edit:
    """Copies of labels, shifted, as new labels on top."""
    by = shift(op.dx, op.dy)
    copies = [mapped(with_new_ids(known(sheet, number).label), by) for number in op.ids]
    for label in copies:
        check_place(Placed.of(label, 0, sheet.shape), sheet)
    return Edit(f"{counted(len(copies))} pasted", dict(sheet.add(label) for label in copies))


def shift(dx: int, dy: int) -> _Map:
    """What moves points by sub-pixels."""
    return lambda p: (p[0] + dx / SUB, p[1] + dy / SUB)


def mapped(label: Label, to: _Map) -> Label:
    """A label with all its points put elsewhere, along both axes independently."""
    if isinstance(label, PolygonLabel):
        return replace(label, regions=tuple(_ring(ring, to) for ring in label.regions))
    if isinstance(label, PointLabel):
        return replace(label, position=to(label.position))
    if isinstance(label, BoxLabel):
        ((x0, y0), (x1, y1)) = (to(label.rings()[0][i]) for i in (0, 2))
        return replace(label, centre=((x0 + x1) / 2, (y0 + y1) / 2), size=(x1 - x0, y1 - y0))
    if isinstance(label, EllipseLabel):
        return replace(label, centre=to(label.centre))
    if isinstance(label, GroupLabel):
        return replace(label, components=tuple(mapped(part, to) for part in label.components))
    if isinstance(label, CompositeLabel | OpaqueLabel):
        raise InputError(f"A label of the kind '{label.label_type or 'unknown'}' cannot be moved here.")
    raise AssertionError(f"{type(label).__name__} is a label that this module does not know")


def _ring(ring: Ring, to: _Map) -> Ring:
    return tuple(to(p) for p in ring)


def with_new_ids(label: Label) -> Label:
    """A copy with an object id of its own; its components too."""
    copy = replace(label, object_id=new_object_id())
    if isinstance(copy, GroupLabel):
        return replace(copy, components=tuple(with_new_ids(part) for part in copy.components))
    return copy
