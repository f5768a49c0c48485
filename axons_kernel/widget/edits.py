"""What an edit is, and the edits that paint: brush, eraser, polygon, fill, wand, superpixels, GrabCut.

An edit is worked out from a sheet and an op without changing either; the document then puts it in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..annotations import PolygonLabel, Ring
from ..errors import InputError
from ..rasterize import Window
from . import ink, ops
from .booleans import Ids, changed_rect, combine, cut
from .placed import Mask, Placed, outline
from .sheet import Sheet

Regions = Callable[[ops.Paint], Mask]  # for ops whose region comes from the pixels: the mask of their tile
NO_PIXELS: Window = (0, 0, 0, 0)
_DONE = {"add": "label extended", "subtract": "pixels erased", "split": "label split"}


@dataclass(frozen=True)
class Edit:
    """How labels change: number -> what it is now, None for gone. `rect` limits the pixels that change.

    `message` is what was done, without a capital letter and a full stop: "2 labels merged".
    """

    message: str
    changes: Mapping[int, Placed | None] = field(default_factory=dict)
    rect: Window | None = None


def known(sheet: Sheet, number: int) -> Placed:
    """The label of that number. Raises InputError when it is gone."""
    if number not in sheet.labels:
        raise InputError(f"Label {number} is not there any more: click another one.")
    return sheet.labels[number]


def counted(number: int, what: str = "label") -> str:
    """As in "1 label" and "2 labels"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def added(label_class: str | None) -> str:
    """What is said of a new label."""
    return f"1 label added: {class_name(label_class)}"


def class_name(label_class: str | None) -> str:
    """A class as people read it."""
    return label_class or "unclassified"


def paint(sheet: Sheet, op: ops.Paint, from_pixels: Regions) -> Edit:
    """The edit of an op that covers pixels of its tile. Raises InputError when it makes no sense."""
    window, ids = sheet.tiles[op.tile], sheet.raster(op.tile)
    if op.target:
        known(sheet, op.target)
    region = _region(op, window, ids, from_pixels)
    after = combine(ids, region, op.mode, target=op.target, new=sheet.next_id, protect=op.protect)
    rect = changed_rect(ids, after, window)
    if rect is None:
        raise InputError("Nothing changes: draw elsewhere.")
    if op.mode == "new":
        mask = cut(after, window, rect) == sheet.next_id
        label = PolygonLabel(label_class=op.label_class, regions=_as_drawn(op, mask, rect) or outline(mask, rect))
        number, placed = sheet.add(label)
        return Edit(added(op.label_class), {number: placed}, rect)
    changes = sheet.repainted(op.tile, after, rect)
    if op.mode == "split":
        mask = cut(after, window, rect) == sheet.next_id
        whole = sheet.labels[op.target].label
        part = PolygonLabel(
            label_class=whole.label_class,
            source=whole.source,
            anno_data=whole.anno_data,
            regions=outline(mask, rect),
        )
        number, placed = sheet.add(part, proposal=sheet.labels[op.target].proposal)
        changes[number] = placed
    return Edit(_DONE[op.mode], changes, rect)


def _region(op: ops.Paint, window: Window, ids: Ids, from_pixels: Regions) -> Mask:
    if isinstance(op, ops.Stroke):
        if op.radii is not None and len(op.radii) * 2 != len(op.points):
            raise InputError(f"A stroke of {len(op.points) // 2} points has {len(op.radii)} radii: one each is needed.")
        return ink.stroke(op.points, op.radius if op.radii is None else op.radii, window)
    if isinstance(op, ops.Polygon):
        return ink.polygon(op.rings, window)
    if isinstance(op, ops.Fill):
        return ink.fill(ids, inside((op.x, op.y), window))
    return from_pixels(op)


def inside(pixel: tuple[int, int], window: Window) -> tuple[int, int]:
    """A pixel (x, y) of the image as (column, row) of a window. Raises InputError when it is not in it."""
    column, row = pixel[0] - window[0], pixel[1] - window[1]
    if not (0 <= column < window[2] and 0 <= row < window[3]):
        raise InputError(f"The pixel {pixel} is not on this tile: click inside of it.")
    return column, row


def _as_drawn(op: ops.Paint, mask: Mask, rect: Window) -> tuple[Ring, ...]:
    """A polygon's own corners where they give exactly the pixels that it got; else nothing."""
    if not isinstance(op, ops.Polygon):
        return ()
    xs, ys = [v for ring in op.rings for v in ring[::2]], [v for ring in op.rings for v in ring[1::2]]
    left, top, right, bottom = min(xs) // 16, min(ys) // 16, -(-max(xs) // 16), -(-max(ys) // 16)
    if (right - left) * (bottom - top) > 2**24:
        return ()
    whole = ink.polygon(op.rings, (left, top, right - left, bottom - top))
    got = np.zeros_like(whole)
    x, y = rect[0] - left, rect[1] - top
    if x < 0 or y < 0 or x + rect[2] > whole.shape[1] or y + rect[3] > whole.shape[0]:
        return ()
    got[y : y + rect[3], x : x + rect[2]] = mask
    if not np.array_equal(got, whole):
        return ()
    rings = [tuple((ring[i] / 16, ring[i + 1] / 16) for i in range(0, len(ring), 2)) for ring in op.rings]
    return tuple(ring for ring in rings if len(ring) >= 3)
