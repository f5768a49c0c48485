"""COCO folders of other programs: `annotations/instances_<split>.json`, and pictures in `<split>/` or `images/`.

Each picture is an image of its own; years in names, as in instances_train2017.json, are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ..annotations import Label
from ..errors import InputError
from ..formats import coco
from ..formats.repairs import repaired
from ..formats.values import Hints, ImageLabels, Reading
from ..images import decode_image
from ..label_classes import read_info
from ..notes import Note, summary
from ..storage import Store, name_from_file
from .balance import listed
from .combining import GetImage
from .pairs import SPLIT_NAMES, Given, keep_given, refuse_twice
from .training_set import TrainingSet

_FILE = re.compile(r"(?:instances_)?([a-z]+)(\d*)\.json")


def is_coco_folder(folder: Store) -> bool:
    """Whether it has label files that are named after a split."""
    return bool(_label_files(folder))


def _label_files(folder: Store) -> dict[str, str]:
    """The split's name as the folder writes it, such as train2017 -> key of its label file."""
    found = {}
    for file in folder.names("annotations"):
        match = _FILE.fullmatch(file)
        if match and match[1] in SPLIT_NAMES:
            found[match[1] + match[2]] = f"annotations/{file}"
    return found


def import_coco(
    store: Store,
    folder: Store,
    get_image: GetImage,
    classes: Sequence[str],
    pixel_size_um: float | None,
    name: str,
) -> TrainingSet:
    """Images, labels and the set, of `classes` or of all that the labels have. What was mended in labels is printed.

    Raises InputError, with nothing changed, when pictures are missing, or have another size.
    """
    given: list[Given] = []
    missing: list[str] = []
    readings: list[Reading] = []
    notes: list[Note] = []
    for split, key in _label_files(folder).items():
        readings.append(coco.read(folder.path(key), folder.read(key), Hints()))
        for image in readings[-1].images:
            picture = _picture(folder, split, image.image)
            if picture is None:
                missing.append(image.image)
                continue
            labels = _labels(folder, picture, image, notes)
            kind = SPLIT_NAMES[split.rstrip("0123456789")]
            given.append(Given(name_from_file(image.image), kind, picture, partial(tuple, labels)))
    if missing or not given:
        raise InputError(f"{folder.url} lacks the pictures {listed(missing) or 'of all splits'}: add them first.")
    refuse_twice(folder, [item.name for item in given])
    for line in summary([*(note for reading in readings for note in reading.notes), *notes]):
        print(line)
    coloured = {c.name: c for reading in readings for c in reading.classes}
    used = dict.fromkeys(n for reading in readings for image in reading.images for n in image.annotation.counts() if n)
    known = [c.name for c in read_info(store).classes if c.name in used]
    names = list(classes) or list(dict.fromkeys([*known, *(n for n in coloured if n in used), *used]))
    return keep_given(store, folder, get_image, given, [coloured.get(n, n) for n in names], pixel_size_um, name)


def _picture(folder: Store, split: str, file: str) -> str | None:
    """The key of a picture; only its last name counts, so that it cannot lead elsewhere."""
    short = file.replace("\\", "/").rpartition("/")[2]
    places = (f"{split}/{short}", f"images/{split}/{short}", f"{split}/images/{short}", f"images/{short}")
    return next((key for key in places if short not in ("", ".", "..") and folder.exists(key)), None)


def _labels(folder: Store, key: str, image: ImageLabels, notes: list[Note]) -> tuple[Label, ...]:
    """The labels of a picture, mended where they must be, as `notes` tell. Raises InputError for another size."""
    shape = decode_image(folder.read(key), folder.path(key)).shape
    if image.shape != shape:
        told = f"{image.shape[1]} x {image.shape[0]}" if image.shape else "no size"
        raise InputError(
            f"{folder.path(key)} is {shape[1]} x {shape[0]} pixels, and its labels say {told}: they would lie in the "
            "wrong place."
        )
    own: list[Note] = []
    annotation = repaired(image.annotation, shape, own)
    notes += [replace(note, where=f"{image.image}: {note.where}") for note in own]
    return annotation.labels
