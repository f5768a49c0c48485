"""A 16-bit TIFF per image, `<image>_instances.tif`: the object per pixel by number, with a list of the objects inside.

Holds: which pixels belong to which object; and in the description, which other programs pass over, each object's class,
id, source and attributes.
Does not hold: what a later label covers, points, groups, finished tasks, the points of outlines (the pixels are kept).
More than 65535 objects make it a 32-bit TIFF.
"""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..annotations import Annotation, Label, LabelClass, PolygonLabel
from ..errors import ImageReadError, InputError
from ..notes import Note
from ..rasterize import bounding_window, fill_rings
from .losses import Holds, losses
from .objects import rings_of_instances
from .regions import flat
from .values import FileIds, Hints, ImageLabels, Reading, Shape, Writing, class_of, dropping, kept_of, restored

SUFFIX = "_instances.tif"
MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_KEY = "axons.instances"
_MOST_SHORT = 65535  # what 16 bits count to
HOLDS = Holds(as_they_are=frozenset(), as_outlines=frozenset({"polygon", "box", "oriented_ellipse"}), form="pixels")


def write(images: tuple[ImageLabels, ...], classes: tuple[LabelClass, ...]) -> Writing:
    """One TIFF per image; 0 is background, objects count from 1 in drawing order."""
    files: dict[str, bytes] = {}
    notes: list[Note] = []
    for image in images:
        if image.shape is None:
            raise InputError(f"The size of {image.image} is not known, and a mask needs it.")
        labels = [label for label in flat(image.annotation.labels) if HOLDS.writes(label)]
        dtype = np.uint16 if len(labels) <= _MOST_SHORT else np.uint32
        if dtype is np.uint32:
            notes.append(Note(image.image, "written with 32 bits", "it has more than 65535 objects"))
        numbers = _drawn(labels, image.shape, dtype)
        hidden = len(labels) - len(np.setdiff1d(np.unique(numbers), [0]))
        if hidden:
            notes.append(Note(image.image, "lost", "no pixel of them is on top", hidden))
        listed = [{"id": i, "class": label.label_class, **kept_of(label)} for i, label in enumerate(labels, start=1)]
        files[image.image + SUFFIX] = _encode(numbers, json.dumps({_KEY: listed}))
    return Writing(files, (*losses(images, HOLDS), *notes))


def _drawn(labels: list[Label], shape: Shape, dtype: type) -> NDArray[Any]:
    numbers: NDArray[Any] = np.zeros(shape, dtype=dtype)
    for number, label in enumerate(labels, start=1):
        for rings in label.parts():
            x, y, w, h = window = bounding_window(rings, shape)
            numbers[y : y + h, x : x + w][fill_rings(rings, window)] = number
    return numbers


def _encode(numbers: NDArray[Any], description: str) -> bytes:
    import tifffile

    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, bigtiff=numbers.nbytes > 1 << 31) as writer:
        writer.write(numbers, compression="zlib", description=description, metadata=None)
    return buffer.getvalue()


def read(name: str, data: bytes, hints: Hints) -> Reading:
    """Read a mask of object numbers. Without a list inside, all objects are of the only class of `hints`, or of none.

    Raises ImageReadError when it is no such TIFF, InputError when no image has its size.
    """
    numbers, description = _decode(name, data, hints)
    notes: list[Note] = []
    listed = _listed(description, notes)
    only = hints.classes[0] if len(hints.classes) == 1 else None
    ids = FileIds(data)
    labels: list[Label] = []
    for number, rings in rings_of_instances(numbers):
        with dropping(notes, f"Object {number}"):
            item = listed.get(number)
            label_class = class_of(item.get("class")) if item is not None else only
            labels.append(PolygonLabel(label_class=label_class, regions=rings, **restored(item, ids, "mask")))
    shape = (numbers.shape[0], numbers.shape[1])
    return Reading((ImageLabels("", Annotation(tuple(labels)), shape),), notes=tuple(notes))


def _decode(name: str, data: bytes, hints: Hints) -> tuple[NDArray[Any], str]:
    import tifffile

    try:
        with tifffile.TiffFile(io.BytesIO(data)) as tiff:
            page = tiff.pages[0]
            shape, dtype, description = page.shape, page.dtype, tiff.pages.first.description
            fits = len(shape) == 2 and hints.fits((shape[0], shape[1]))
            numbers = page.asarray() if fits else None
    except Exception as error:  # decoders raise whatever they like on broken bytes
        raise ImageReadError(f"{name} is a broken TIFF ({str(error)[:100]}): export it again.") from error
    if numbers is None:
        raise InputError(f"{name} has the shape {shape}, which is the size of none of the images.")
    if dtype is None or dtype.kind not in "ui":
        raise ImageReadError(f"{name} holds values of type {dtype}; whole numbers, one per object, are needed.")
    return numbers, description


def _listed(description: str, notes: list[Note]) -> dict[int, dict[str, Any]]:
    try:
        items = json.loads(description)[_KEY]
        return {item["id"]: item for item in items if isinstance(item["id"], int)}
    except (ValueError, TypeError, KeyError, RecursionError):
        if _KEY in description:
            notes.append(Note("The list of objects", "left out", "it is broken; classes and ids are lost"))
        return {}
