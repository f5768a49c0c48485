"""The answers to the annotation view, made of a document: rows, arrays, states. See `protocol`."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ..annotations import ColourScheme, LabelClass
from ..rasterize import Window
from . import ops
from .booleans import Ids, checksum, cut
from .document import Document, Outcome
from .picture import Picture, limits, shown_pixels
from .placed import Placed
from .protocol import SCHEMA, Ack, Block, ClassInfo, CourseInfo, Predicting, Row, Saved, StateAnswer
from .sheet import Sheet

_WITH_SHAPE = ("box", "point", "oriented_ellipse")
_CHANNEL_COLOURS = ("#ffffff", "#00ff00", "#ff00ff", "#00ffff", "#ffff00", "#ff0000", "#0000ff")


@dataclass(frozen=True)
class Reply:
    """A message to the view: its content and its buffers."""

    content: Mapping[str, Any]
    buffers: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Course:
    """What a view shows of classes, tasks and attributes; the document's settings say what is allowed of it."""

    classes: tuple[LabelClass, ...]
    schemes: tuple[ColourScheme, ...] = ()
    task_names: Mapping[str, str] = field(default_factory=lambda: {"finished": "Finished"})


def row(number: int, placed: Placed) -> Row:
    """A label as the view knows it."""
    label = placed.label
    kind = label.label_type or "unknown"
    return {
        "id": number,
        "object_id": label.object_id,
        "z": placed.z,
        "label_class": label.label_class,
        "source": label.source,
        "proposal": placed.proposal,
        "kind": kind,
        "bounds": list(placed.bounds) if placed.bounds else None,
        "attributes": dict(label.anno_data),
        "shape": label.geometry() if kind in _WITH_SHAPE else None,
    }


def pack(array: NDArray[Any], buffer: int) -> tuple[Block, bytes]:
    """An array as a block in that buffer; numbers of labels as small as they allow."""
    if array.dtype == np.uint32 and array.max(initial=0) < 2**16:
        array = array.astype(np.uint16)
    name = cast(Literal["uint8", "uint16", "uint32", "float32"], str(array.dtype))
    data = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    return {"buffer": buffer, "dtype": name, "shape": list(array.shape)}, zlib.compress(data, 1)


def acknowledge(document: Document, op: ops.Op, outcome: Outcome) -> Reply:
    """The answer to an op that was done."""
    window, raster = document.sheet.tiles[op.tile], document.sheet.raster(op.tile)
    rect = outcome.rect
    if rect is None and op.crc:  # the view has drawn what the kernel has not
        rect = window
    part: Ids = cut(raster, window, rect) if rect else raster[:0]
    crc = checksum(part)
    patch: Block | None = None
    buffers: tuple[bytes, ...] = ()
    if rect and op.crc != crc:
        patch, data = pack(part, 0)
        buffers = (data,)
    labels = document.sheet.labels
    ack: Ack = {
        "answer": "ack",
        "session": op.session,
        "seq": op.seq,
        "rev": document.rev,
        "tile": op.tile,
        "rect": list(rect) if rect else None,
        "crc": crc,
        "rows": [row(number, labels[number]) for number in outcome.changed],
        "removed": list(outcome.removed),
        "next_id": document.sheet.next_id,
        "undo": len(document.log.past),
        "redo": len(document.log.future),
        "message": outcome.message,
        "completed_tasks": list(document.completed_tasks),
        "finished_tiles": document.finished_tiles,
        "patch": patch,
    }
    return Reply(ack, buffers)


def state(
    document: Document,
    course: Course,
    *,
    session: str,
    request: int,
    last: int,
    tile: int,
    saved: Saved,
    show: int | None = None,
    predicting: Predicting | None = None,
    pixels_of: int | None = None,
) -> Reply:
    """Everything about a tile but its pixels where it is `pixels_of`: the view has those already."""
    sheet, picture = document.sheet, document.picture
    window: Window = sheet.tiles[tile]
    pixels = shown_pixels(document.assets.pixels(window))
    ids, ids_data = pack(sheet.raster(tile), 0)
    block, pixel_data = (None, None) if pixels_of == tile else pack(pixels, 1)
    content: StateAnswer = {
        "answer": "state",
        "schema": SCHEMA,
        "session": session,
        "request": request,
        "last": last,
        "rev": document.rev,
        "tile": tile,
        "tiles": [list(each) for each in sheet.tiles],
        "finished_tiles": document.finished_tiles,
        "image": _image_info(picture, pixels),
        "limits": [list(pair) for pair in limits(pixels)],
        **_course_info(course, document),
        "labels": _rows(sheet, window),
        "show": show if show in sheet.labels else None,
        "next_id": sheet.next_id,
        "undo": len(document.log.past),
        "redo": len(document.log.future),
        "active_s": document.progress.active_s,
        "saved": saved,
        "predicting": predicting,
        "ids": ids,
        "pixels": block,
    }
    return Reply(content, (ids_data,) if pixel_data is None else (ids_data, pixel_data))


def _rows(sheet: Sheet, window: Window) -> list[Row]:
    """Labels that do not touch the window are left out, except those without an area."""
    shown = {*sheet.touching(window), *(n for n, placed in sheet.labels.items() if placed.bounds is None)}
    return [row(number, sheet.labels[number]) for number in sorted(shown)]


def _image_info(picture: Picture, pixels: NDArray[Any]) -> dict[str, Any]:
    return {
        "name": picture.name,
        "width": picture.shape[1],
        "height": picture.shape[0],
        "dtype": str(pixels.dtype),
        "rgb": picture.rgb,
        "channels": _channels(picture.channels, pixels),
        "pixel_size_um": picture.pixel_size_um,
    }


def _course_info(course: Course, document: Document) -> CourseInfo:
    return {
        "classes": [_class_info(each) for each in course.classes],
        "schemes": [{"name": s.name, "human_name": s.human_name} for s in course.schemes],
        "controls": [control.model_dump(mode="json") for control in document.settings.controls],
        "tasks": [{"name": n, "human_name": course.task_names.get(n, n)} for n in document.settings.tasks],
        "completed_tasks": list(document.completed_tasks),
        "models": list(document.settings.models or ()),
    }


def _channels(names: Sequence[str], pixels: NDArray[Any]) -> list[dict[str, Any]]:
    """`range` is what the values of the tile lie between."""
    low, high = np.nanmin(pixels, axis=(0, 1)), np.nanmax(pixels, axis=(0, 1))
    return [
        {
            "name": name,
            "range": [float(low[i]), float(high[i])],
            "colour": _CHANNEL_COLOURS[i % len(_CHANNEL_COLOURS)] if len(names) == 1 else _CHANNEL_COLOURS[1 + i % 6],
        }
        for i, name in enumerate(names)
    ]


def _class_info(label_class: LabelClass) -> ClassInfo:
    colours = {"default": label_class.colour, **label_class.scheme_colours}
    return {
        "name": label_class.name,
        "human_name": label_class.human_name or label_class.name,
        "group": label_class.group,
        "colours": {scheme: list(colour) for scheme, colour in colours.items()},
    }


def geometry(document: Document, numbers: Sequence[int]) -> dict[str, Any]:
    """The outlines of polygons, each ring x0, y0, x1, y1, ... in pixels; labels that are gone are left out."""
    labels = {n: document.sheet.labels[n].label for n in numbers if n in document.sheet.labels}
    return {
        str(number): {"regions": [[value for point in ring for value in point] for ring in label.rings()]}
        for number, label in labels.items()
    }
