"""django-labeller's JSON: one file per image, `<image>__labels.json`; the form that projects keep themselves.

Holds everything: all label types, classes, ids, sources, attributes, finished tasks and keys that are not known here.
Does not hold: the image's size, and the colours of classes (see `class_schema`).
"""

from __future__ import annotations

from ..annotations import Annotation, LabelClass
from ..label_json import BROKEN, check_plain, reason
from ..notes import Note
from .values import Hints, ImageLabels, Reading, Writing, parse_label_json

SUFFIX = "__labels.json"


def write(images: tuple[ImageLabels, ...], classes: tuple[LabelClass, ...]) -> Writing:
    """One file per image; nothing is lost."""
    files = {}
    for image in images:
        files[image.image + SUFFIX] = image.annotation.encode()
    return Writing(files)


def read(name: str, data: bytes, hints: Hints) -> Reading:
    """Read the old and the new form. Raises SchemaError when it is no label file."""
    notes: list[Note] = []
    annotation = Annotation.from_json(parse_label_json(data, name), notes.append)
    extra = {}
    for key, value in annotation.extra.items():
        try:
            check_plain(value)
            extra[key] = value
        except BROKEN as error:
            notes.append(Note(f"The key {key!r:.40}", "dropped", reason(error)))
    annotation = Annotation(annotation.labels, annotation.image_filename, annotation.completed_tasks, extra)
    return Reading((ImageLabels(annotation.image_filename or "", annotation),), notes=tuple(notes))
