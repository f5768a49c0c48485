"""A PNG class mask per image, `<image>_mask.png`: class numbers as palette entries, the names in a text inside the PNG.

Holds: the class of each pixel, for up to 255 classes, with names and colours.
Does not hold: objects (those of one class that touch are one afterwards), what a later label covers, points, labels
without a class, groups, ids, sources, attributes, finished tasks.
"""

from __future__ import annotations

import json

import numpy as np

from ..annotations import Annotation, LabelClass
from ..errors import InputError
from ..masks import grey_levels, read_mask
from ..notes import Note
from ..rasterize import class_mask
from .losses import Holds, losses
from .objects import objects_of_mask
from .png import decode_numbers, encode_indexed, png_shape
from .regions import flat
from .values import FileIds, Hints, ImageLabels, Reading, Writing, colour_of

SUFFIX = "_mask.png"
_TEXT = "axons.classes"
_SPARE_COLOUR = (128, 128, 128)
HOLDS = Holds(
    as_they_are=frozenset(),
    as_outlines=frozenset({"polygon", "box", "oriented_ellipse"}),
    form="pixels",
    object_ids=False,
    sources=False,
    attributes=False,
    unclassified=False,
)


def write(images: tuple[ImageLabels, ...], classes: tuple[LabelClass, ...]) -> Writing:
    """One PNG per image; 0 is background, classes count from 1 in their order."""
    known = {c.name: c.colour for c in classes}
    files: dict[str, bytes] = {}
    for image in images:
        labels = tuple(label for label in flat(image.annotation.labels) if HOLDS.writes(label))
        names = list(dict.fromkeys([*known, *(label.label_class or "" for label in labels)]))
        if image.shape is None or len(names) > 255:
            raise InputError(f"A class mask has room for 255 classes, and {image.image} needs {len(names)}: use TIFF.")
        colours = [known.get(name, _SPARE_COLOUR) for name in names]
        numbers = {name: i for i, name in enumerate(names, start=1)}
        mask = class_mask(Annotation(labels), numbers, image.shape)
        text = json.dumps([{"name": name, "colour": colour} for name, colour in zip(names, colours, strict=True)])
        files[image.image + SUFFIX] = encode_indexed(mask, [(0, 0, 0), *colours], {_TEXT: text})
    merged = tuple(
        Note(image.image, "joined", "in a mask, objects of one class that touch are one object") for image in images
    )
    return Writing(files, (*losses(images, HOLDS), *merged))


def read(name: str, data: bytes, hints: Hints) -> Reading:
    """Read a mask; without names inside, its grey levels in ascending order are `hints.classes`.

    Raises InputError when these are not as many, ImageReadError when it is no PNG.
    """
    size = png_shape(data)
    if size is None:
        raise InputError(f"{name} is no PNG file.")
    if not hints.fits(size):
        raise InputError(f"{name} is {size[1]} x {size[0]} pixels, which is the size of none of the images.")
    pixels, texts = decode_numbers(data, name)
    classes = _named(texts.get(_TEXT, ""))
    if classes:
        levels = {c.name: i for i, c in enumerate(classes, start=1)}
    else:
        found = [level for level in grey_levels(pixels) if level]
        if len(found) != len(hints.classes):
            raise InputError(
                f"{name} has the grey levels {found[:20]} beside 0 and does not name its classes: give one class per "
                f"level, darkest first, as in classes=[...] ({len(hints.classes)} are given)."
            )
        levels = dict(zip(hints.classes, found, strict=True))
    reading = read_mask(pixels, levels)
    notes = tuple(
        Note("The mask", f"mended on {n} pixels", f"the stray grey level {v} counts as the nearest one")
        for v, n in reading.strays.items()
    )
    ids = FileIds(data)
    labels = [
        label
        for number, label_class in enumerate(levels, start=1)
        if np.any(reading.classes == number)
        for label in objects_of_mask(reading.classes == number, label_class, "mask", ids)
    ]
    return Reading((ImageLabels("", Annotation(tuple(labels)), size),), classes, notes)


def _named(text: str) -> tuple[LabelClass, ...]:
    try:
        items = json.loads(text)
        return tuple(LabelClass(str(item["name"]), colour_of(item["colour"]) or _SPARE_COLOUR) for item in items)
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()  # not a text of ours: the file is read as any mask
