"""COCO's `instances` JSON: one file for all images; object masks as polygons, or as run lengths where there are holes.

Holds: polygons, boxes (as boxes when read here), points (as keypoints), holes, classes with colour and group, image
sizes; ids, sources and attributes in a key `axons` of ours that other programs pass over.
Does not hold: the form of ellipses (their outline is kept), groups, finished tasks, keys of other programs.
Reads run lengths plain and compressed. Regions with holes come back with the same pixels, not the same points.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..annotations import Annotation, BoxLabel, Label, LabelClass, PointLabel, PolygonLabel, Ring
from ..errors import InputError, SchemaError
from ..label_json import finite, finite_all
from ..notes import Note
from ..rasterize import bounding_window, fill_rings, mask_to_rings
from . import rle
from .losses import HOLES, Holds, counted, losses
from .regions import are_islands, flat, ring_area
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
    colour_of,
    dropping,
    kept_of,
    parse_label_json,
    restored,
)

FILE = "annotations.json"
HOLDS = Holds(as_they_are=frozenset({"polygon", "box", "point"}), as_outlines=frozenset({"oriented_ellipse"}))


def write(images: tuple[ImageLabels, ...], classes: tuple[LabelClass, ...]) -> Writing:
    """`annotations.json`; category ids count from 1 in the order of `classes`."""
    known = {c.name: c for c in classes}
    used = [class_text(label.label_class) for image in images for label in flat(image.annotation.labels)]
    numbers = {name: i for i, name in enumerate(dict.fromkeys([*known, *used]), start=1)}
    document: dict[str, Any] = {
        "info": {"description": "Exported by Axons"},
        "images": [],
        "annotations": [],
        "categories": [_category(name, number, known.get(name)) for name, number in numbers.items()],
    }
    redrawn: Counter[str] = Counter()
    for image_id, image in enumerate(images, start=1):
        if image.shape is None:
            raise InputError(f"The size of {image.image} is not known, and COCO needs it.")
        name = image.annotation.image_filename or image.image
        height, width = image.shape
        document["images"].append({"id": image_id, "file_name": name, "height": height, "width": width})
        for label in flat(image.annotation.labels):
            if HOLDS.writes(label):
                number = len(document["annotations"]) + 1
                head = {"id": number, "image_id": image_id, "category_id": numbers[class_text(label.label_class)]}
                form = _shape_of(label, image.shape)
                document["annotations"].append({**head, **form, "axons": kept_of(label)})
                redrawn[image.image] += isinstance(form["segmentation"], dict)
    return Writing({FILE: as_text(document)}, (*losses(images, HOLDS), *counted(+redrawn, *HOLES)))


def _category(name: str, number: int, known: LabelClass | None) -> dict[str, Any]:
    category: dict[str, Any] = {"id": number, "name": name, "supercategory": known.group if known else "classes"}
    if known:
        category["color"] = list(known.colour)
    return category


def _shape_of(label: Label, shape: Shape) -> dict[str, Any]:
    if isinstance(label, PointLabel):
        x, y = label.position
        return {
            "keypoints": [x, y, 2],
            "num_keypoints": 1,
            "segmentation": [],
            "bbox": [x, y, 0, 0],
            "area": 0,
            "iscrowd": 0,
        }
    rings = [ring for ring in label.rings() if len(ring) >= 3]
    segmentation: Any = [[value for point in ring for value in point] for ring in rings]
    area: float = sum(ring_area(ring) for ring in rings)
    if not are_islands(rings):
        window = bounding_window(rings, shape)
        mask = fill_rings(rings, window)
        area = int(mask.sum())
        segmentation = {"size": list(shape), "counts": rle.compress(rle.encode(mask, window, shape))}
    points = np.array([point for ring in rings for point in ring], dtype=np.float64).reshape(-1, 2)
    low, high = (points.min(axis=0), points.max(axis=0)) if len(points) else (np.zeros(2), np.zeros(2))
    bbox = [float(v) for v in (*low, *(high - low))]
    return {"segmentation": segmentation, "bbox": bbox, "area": area, "iscrowd": 0}


def read(name: str, data: bytes, hints: Hints) -> Reading:
    """Read `instances` files. Raises SchemaError when it is none."""
    document = parse_label_json(data, name)
    if not isinstance(document, dict) or not all(isinstance(document.get(k), list) for k in ("images", "annotations")):
        raise SchemaError(f"{name} is no COCO file: it needs the lists 'images' and 'annotations'.")
    notes: list[Note] = []
    categories, classes = _categories(document.get("categories"), notes)
    images: dict[Any, tuple[str, Shape]] = {}
    for number, item in enumerate(document["images"], start=1):
        with dropping(notes, f"Image {number}"):
            images[_id(item["id"])] = (_text(item["file_name"]), (_size(item["height"]), _size(item["width"])))
    labels: dict[Any, list[Label]] = {image_id: [] for image_id in images}
    ids = FileIds(data)
    for number, item in enumerate(document["annotations"], start=1):
        with dropping(notes, f"Annotation {number}"):
            image_id, category = _id(item["image_id"]), _id(item["category_id"])
            if image_id not in images:
                raise ValueError("it belongs to no image of the file")
            if category not in categories:
                raise ValueError("it belongs to no category of the file")
            labels[image_id].append(_label(item, categories[category], images[image_id][1], ids))
    found = tuple(ImageLabels(n, Annotation(tuple(labels[i]), n), shape) for i, (n, shape) in images.items())
    return Reading(found, classes, tuple(notes))


def _categories(items: Any, notes: list[Note]) -> tuple[dict[Any, str | None], tuple[LabelClass, ...]]:
    names: dict[Any, str | None] = {}
    classes = []
    for number, item in enumerate(items if isinstance(items, list) else [], start=1):
        with dropping(notes, f"Category {number}"):
            names[_id(item["id"])] = name = class_of(_text(item["name"]))
            colour, group = colour_of(item.get("color")), item.get("supercategory")
            if name and colour:
                classes.append(LabelClass(name, colour, group if isinstance(group, str) and group else "classes"))
    return names, tuple(classes)


def _label(item: Mapping[str, Any], label_class: str | None, shape: Shape, ids: FileIds) -> Label:
    kept = item.get("axons")
    common: dict[str, Any] = {"label_class": label_class, **restored(kept, ids, "coco")}
    segmentation = item.get("segmentation")
    if not segmentation and item.get("keypoints"):
        x, y = item["keypoints"][:2]
        return PointLabel(position=(finite(x), finite(y)), **common)
    if not segmentation:  # detection sets have boxes alone
        return _box(item["bbox"], common)
    if isinstance(segmentation, dict):
        return PolygonLabel(regions=_rle_rings(segmentation, shape), **common)
    regions = tuple(_ring(values) for values in segmentation)
    if isinstance(kept, dict) and kept.get("label_type") == "box":
        box = _box(item["bbox"], common)
        if set(regions) == set(box.rings()):
            return box
    return PolygonLabel(regions=regions, **common)


def _box(bbox: Any, common: dict[str, Any]) -> BoxLabel:
    x, y, w, h = (finite(value) for value in bbox)
    return BoxLabel(centre=(x + w / 2, y + h / 2), size=(w, h), **common)


def _ring(values: Any) -> Ring:
    if len(values) % 2:
        raise ValueError("a polygon has an odd number of values")
    numbers = finite_all(values)
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _rle_rings(segmentation: Mapping[str, Any], shape: Shape) -> tuple[Ring, ...]:
    height, width = segmentation["size"]
    if (height, width) != shape:
        raise ValueError("its mask has another size than its image")
    counts = segmentation["counts"]
    mask, origin = rle.decode(rle.expand(counts) if isinstance(counts, str) else counts, shape)
    return mask_to_rings(mask, origin)


def _id(value: Any) -> int | str:
    if not isinstance(value, int | str):
        raise ValueError(f"the id {value!r:.40} is neither a number nor text")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r:.40} is no text")
    return value


def _size(value: Any) -> int:
    if not isinstance(value, int) or not 0 < value < 1 << 24:
        raise ValueError(f"{value!r:.40} is no size in pixels")
    return value
