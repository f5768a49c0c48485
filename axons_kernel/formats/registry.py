"""The formats by name, and which of them a file is in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..annotations import LabelClass
from ..errors import InputError, SchemaError
from . import class_mask, coco, django_labeller, geojson, imagej, instance_tiff, labelme, yolo
from .png import MAGIC as PNG_MAGIC
from .values import Hints, ImageLabels, Reading, Writing

Write = Callable[[tuple[ImageLabels, ...], tuple[LabelClass, ...]], Writing]
Read = Callable[[str, bytes, Hints], Reading]
ReadFolder = Callable[[str, Mapping[str, bytes], Hints], Reading]


@dataclass(frozen=True)
class Format:
    """One format. `per_image`: one file per image, whose name without `suffix` is the image's."""

    write: Write
    read: Read | None = None
    read_folder: ReadFolder | None = None
    per_image: bool = True
    suffix: str = ""


FORMATS: dict[str, Format] = {
    "django-labeller": Format(django_labeller.write, django_labeller.read, suffix=django_labeller.SUFFIX),
    "coco": Format(coco.write, coco.read, per_image=False),
    "yolo": Format(yolo.write, read_folder=yolo.read_folder, per_image=False),
    "geojson": Format(geojson.write, geojson.read, suffix=geojson.SUFFIX),
    "labelme": Format(labelme.write, labelme.read, suffix=labelme.SUFFIX),
    "mask": Format(class_mask.write, class_mask.read, suffix=class_mask.SUFFIX),
    "instances": Format(instance_tiff.write, instance_tiff.read, suffix=instance_tiff.SUFFIX),
    "imagej": Format(imagej.write, imagej.read, suffix=imagej.SUFFIX),
}


_KEYS = (  # which a JSON file has, and what it is then; the first that fits
    ((b"shapes",), "labelme"),
    ((b"images", b"annotations"), "coco"),
    ((b"geometry",), "geojson"),
    ((b"features",), "geojson"),
    ((b"label_type",), "django-labeller"),
    ((b"labels",), "django-labeller"),
)


def format_named(name: str) -> Format:
    """The format of that name. Raises InputError that lists them."""
    if name not in FORMATS:
        raise InputError(f"{name!r} is no format for labels; there are: {', '.join(FORMATS)}.")
    return FORMATS[name]


def format_of(name: str, data: bytes) -> str:
    """The name of the format that a file is in, by its first bytes. Raises SchemaError when it is in none."""
    if data.startswith((*imagej.ZIP_MAGIC, imagej.ROI_MAGIC)):
        return "imagej"
    if data.startswith(PNG_MAGIC):
        return "mask"
    if data.startswith(instance_tiff.MAGIC):
        return "instances"
    for needed, found in _KEYS:
        if all(re.search(rb'"%s"\s*:' % key, data) for key in needed):
            return found
    if b'"label_class_groups"' in data:
        raise SchemaError(f"{name} holds label classes, and no labels: use project.import_classes(...).")
    if not data.strip():
        raise SchemaError(f"{name} is empty.")
    raise SchemaError(f"{name} is no label file of a known kind; known are: {', '.join(FORMATS)} and folders of masks.")
