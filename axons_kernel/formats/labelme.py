"""labelme's JSON: one `<image>.json` per image, without the pixels (`imageData` is null).

Holds: polygons, boxes (rectangle), circles, points, classes; islands as shapes of one `group_id`, holes as a mask (a
PNG inside the JSON); ids, sources and attributes in a key `axons` of ours, which labelme keeps.
Does not hold: ellipses that are no circles (their outline is kept), groups, finished tasks, colours.
Lines are left out at import. A label with holes comes back with the same pixels, not the same points.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..annotations import Annotation, BoxLabel, EllipseLabel, Label, LabelClass, PointLabel, PolygonLabel, Ring
from ..errors import InputError, SchemaError
from ..label_json import finite_all
from ..notes import Note
from ..rasterize import bounding_window, fill_rings, mask_to_rings
from .losses import HOLES, Holds, counted, losses
from .png import mask_from_base64, mask_to_base64
from .regions import are_islands, flat, window_of
from .values import (
    FileIds,
    Hints,
    ImageLabels,
    Reading,
    Shape,
    Writing,
    as_text,
    class_of,
    class_text,
    dropping,
    kept_of,
    parse_label_json,
    restored,
)

SUFFIX = ".json"
HOLDS = Holds(
    as_they_are=frozenset({"polygon", "box", "point"}),
    as_outlines=frozenset({"oriented_ellipse"}),
    also=lambda label: isinstance(label, EllipseLabel) and label.radius1 == label.radius2,
)
_MOST_WORK = 1 << 28  # pixels drawn to see whether the shapes of a group overlap
VERSION = "5.5.0"  # of labelme, whose form this is


def write(images: tuple[ImageLabels, ...], classes: tuple[LabelClass, ...]) -> Writing:
    """One file per image."""
    files: dict[str, bytes] = {}
    redrawn: Counter[str] = Counter()
    without: list[Note] = []
    for image in images:
        if image.shape is None:
            raise InputError(f"The size of {image.image} is not known, and labelme needs it.")
        shapes: list[dict[str, Any]] = []
        groups = 0
        for label in flat(image.annotation.labels):
            if HOLDS.writes(label):
                forms = _forms(label, image.shape)
                groups += len(forms) > 1
                redrawn[image.image] += any(form["shape_type"] == "mask" for form in forms)
                shapes += [_shape(label, form, groups if len(forms) > 1 else None) for form in forms]
        document: dict[str, Any] = {
            "version": VERSION,
            "flags": {},
            "shapes": shapes,
            "imagePath": image.annotation.image_filename or image.image,
            "imageData": None,
            "imageHeight": image.shape[0],
            "imageWidth": image.shape[1],
        }
        files[image.image + SUFFIX] = as_text(document)
        needs = (
            f"labelme needs '{document['imagePath']}', of {image.shape[1]} x {image.shape[0]} pixels, beside the file"
        )
        without.append(Note(image.image, "written without its pixels", needs))
    return Writing(files, (*losses(images, HOLDS), *counted(+redrawn, *HOLES), *without))


def _shape(label: Label, form: Mapping[str, Any], group_id: int | None) -> dict[str, Any]:
    head: dict[str, Any] = {
        "label": class_text(label.label_class),
        "group_id": group_id,
        "description": "",
        "flags": {},
        "mask": None,
    }
    return {**head, **form, "axons": kept_of(label)}


def _forms(label: Label, size: Shape) -> list[dict[str, Any]]:
    """The shapes that a label is written as: several only for islands."""
    if isinstance(label, PointLabel):
        return [_form("point", [label.position])]
    if isinstance(label, BoxLabel):
        corners = label.rings()[0]
        return [_form("rectangle", [corners[0], corners[2]])]
    if isinstance(label, EllipseLabel) and label.radius1 == label.radius2:
        x, y = label.centre
        return [_form("circle", [(x, y), (x + label.radius1, y)])]
    rings = [ring for ring in label.rings() if len(ring) >= 3]
    x, y, w, h = window = bounding_window(rings, size) if len(rings) > 1 else (0, 0, 0, 0)
    if w * h == 0 or are_islands(rings):
        return [_form("polygon", ring) for ring in rings]
    mask = mask_to_base64(fill_rings(rings, window))
    return [{**_form("mask", [(x, y), (x + w - 1, y + h - 1)]), "mask": mask}]


def _form(shape_type: str, points: Sequence[tuple[float, float]]) -> dict[str, Any]:
    return {"shape_type": shape_type, "points": [list(point) for point in points]}


def read(name: str, data: bytes, hints: Hints) -> Reading:
    """Read a labelme file. Raises SchemaError when it is none."""
    document = parse_label_json(data, name)
    if not isinstance(document, dict) or not isinstance(document.get("shapes"), list):
        raise SchemaError(f"{name} is no labelme file: it needs the list 'shapes'.")
    notes: list[Note] = []
    labels: list[tuple[Any, Label]] = []
    ids = FileIds(data)
    for number, shape in enumerate(document["shapes"], start=1):
        with dropping(notes, f"Shape {number}"):
            label, group = _label(shape, ids), shape.get("group_id")
            joins = isinstance(label, PolygonLabel) and isinstance(group, int | str)
            labels.append(((group, label.label_class) if joins else None, label))
    path, height, width = document.get("imagePath"), document.get("imageHeight"), document.get("imageWidth")
    size = (height, width) if isinstance(height, int) and isinstance(width, int) else None
    image = ImageLabels(path if isinstance(path, str) else "", Annotation(_joined(labels, notes)), size)
    return Reading((image,), notes=tuple(notes))


def _joined(labels: Sequence[tuple[Any, Label]], notes: list[Note]) -> tuple[Label, ...]:
    """Polygons of one class and `group_id` as islands of one label."""
    groups: dict[Any, list[Ring]] = {}
    for key, label in labels:
        if key is not None:
            groups.setdefault(key, []).extend(label.rings())
    for key, rings in list(groups.items()):
        _, _, w, h = window_of(rings)
        if w * h * len(rings) > _MOST_WORK or not are_islands(rings):
            notes.append(
                Note(f"Group {key[0]!r:.40}", "kept apart", "its shapes overlap, or are too many to be one label")
            )
            del groups[key]
    found: list[Label] = []
    for key, label in labels:
        if key not in groups or not isinstance(label, PolygonLabel):
            found.append(label)
        elif rings := groups[key]:
            found.append(replace(label, regions=tuple(rings)))
            groups[key] = []  # the first of a group stands for all
    return tuple(found)


def _label(shape: Mapping[str, Any], ids: FileIds) -> Label:
    kind = shape.get("shape_type", "polygon")  # the oldest files have polygons alone
    given = shape["points"]
    points: Ring = tuple(zip(finite_all([p[0] for p in given]), finite_all([p[1] for p in given]), strict=True))
    common: dict[str, Any] = {"label_class": class_of(shape["label"]), **restored(shape.get("axons"), ids, "labelme")}
    if kind == "polygon":
        return PolygonLabel(regions=(points,), **common)
    if kind == "point" and points:
        return PointLabel(position=points[0], **common)
    if kind == "mask":
        mask = mask_from_base64(shape["mask"])
        return PolygonLabel(regions=mask_to_rings(mask, (round(points[0][0]), round(points[0][1]))), **common)
    if kind in ("rectangle", "circle") and len(points) != 2 and not (kind == "rectangle" and len(points) == 4):
        raise ValueError(f"a {kind} needs 2 points and has {len(points)}")
    if kind == "rectangle":
        low, high = np.min(points, axis=0), np.max(points, axis=0)
        centre, size = (low + high) / 2, high - low
        return BoxLabel(centre=(float(centre[0]), float(centre[1])), size=(float(size[0]), float(size[1])), **common)
    if kind == "circle":
        radius = math.dist(*points)
        return EllipseLabel(centre=points[0], radius1=radius, radius2=radius, orientation_radians=0.0, **common)
    raise ValueError(f"a shape of type {kind!r:.40} is none of an area or a point")
