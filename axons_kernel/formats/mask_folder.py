"""A folder of mask pictures, one per image and class, as segmentation data sets come: `<image>_seg-axon-manual.png`.

A file belongs to the image whose name it starts with, and to the class whose name is one of the words that follow;
files whose words name no class are left out. Stray grey levels are put to the nearest class, and told of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ..annotations import Label
from ..errors import InputError
from ..masks import grey_levels, read_mask
from ..notes import Note
from .objects import objects_of_mask
from .values import FileIds

PICTURES = (".png", ".tif", ".tiff", ".bmp", ".jpg", ".jpeg", ".webp")
_WORDS = re.compile(r"[^\w]+|_")


@dataclass(frozen=True)
class MaskFile:
    """A file of the folder and what it is the mask of."""

    path: str
    image: str
    label_class: str


def assign(
    paths: Sequence[str], images: Mapping[str, Sequence[str]], classes: Sequence[str]
) -> tuple[list[MaskFile], list[Note]]:
    """Which file is which mask. `images` gives each image the names that its files may start with.

    Raises InputError when two files would be the mask of the same class and image, or none is a mask at all.
    """
    found: dict[tuple[str, str], MaskFile] = {}
    notes: list[Note] = []
    starts = sorted(((name, image) for image, names in images.items() for name in names), key=lambda s: -len(s[0]))
    for path in paths:
        short = path.rsplit("/", 1)[-1]
        stem = short.rsplit(".", 1)[0]
        match = next(((name, image) for name, image in starts if _starts(stem, name)), None)
        if match is None:
            notes.append(Note(short, "left out", "the project has no image that its name starts with"))
            continue
        words = {word.casefold() for word in _WORDS.split(stem[len(match[0]) :])}
        named = [label_class for label_class in classes if label_class.casefold() in words]
        if len(named) != 1:
            why = "its name names none of the classes" if not named else "its name names more than one class"
            notes.append(Note(short, "left out", why))
            continue
        earlier = found.setdefault((match[1], named[0]), MaskFile(path, match[1], named[0]))
        if earlier.path != path:
            raise InputError(
                f"{earlier.path} and {path} are both the mask of '{named[0]}' for '{match[1]}': keep one of them."
            )
    if not found:
        raise InputError(
            f"None of the {len(paths)} pictures is a mask of {', '.join(classes)} for one of {', '.join(images)}: "
            "a mask's name starts with its image's and then names the class, as in rat6_axon.png."
        )
    return list(found.values()), notes


def _starts(stem: str, name: str) -> bool:
    """Whether a file's name starts with that of an image, and not with that of rat10 where rat1 is meant."""
    return stem.startswith(name) and not stem[len(name) : len(name) + 1].isalnum()


def labels_of(file: MaskFile, pixels: NDArray[Any], data: bytes, notes: list[Note]) -> list[Label]:
    """The objects in the mask of one class, (H, W) or (H, W, C) pixels; `data` is the file, for the ids.

    Raises InputError when it has several grey levels, as a mask of several classes has.
    """
    short = file.path.rsplit("/", 1)[-1]
    levels = [level for level in grey_levels(pixels) if level]
    if len(levels) > 1:
        raise InputError(
            f"{file.path} has the grey levels {levels[:20]} beside 0; the mask of one class has one. "
            f"For several classes in one picture, use project.import_mask('{file.image}', ..., classes=[...])."
        )
    if not levels:
        notes.append(Note(short, "read as empty", "no grey level beside 0 is on 0.1 % of its pixels"))
        return []
    reading = read_mask(pixels, {file.label_class: levels[0]})
    notes += [
        Note(short, f"mended on {count} pixels", f"the stray grey level {value} counts as the nearest one")
        for value, count in reading.strays.items()
    ]
    return objects_of_mask(reading.classes == 1, file.label_class, "mask", FileIds(data))
