"""Annotations: all labels of one image, as frozen values in whole-image co-ordinates.

Points are (x, y) in image pixels, origin top-left, pixel (0, 0) spans 0..1 in both directions. The file form
is django-labeller's JSON; labels and keys that this module does not know are kept as they came.
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from .errors import SchemaError

Point = tuple[float, float]
Ring = tuple[Point, ...]


def new_object_id() -> str:
    """A fresh id for a label, in django-labeller's form `<uuid4>__<n>`."""
    return f"{uuid.uuid4()}__1"


@dataclass(frozen=True)
class LabelClass:
    """A class of objects: its name, its (red, green, blue) colour in 0..255 and the group it is listed in."""

    name: str
    colour: tuple[int, int, int]
    group: str = "classes"


@dataclass(frozen=True, kw_only=True)
class Label:
    """One object. `label_class` None means unclassified; `source` says who made it (`manual`, `auto:<model>`).

    `anno_data` holds django-labeller's attributes of a label, `extra` the keys that this module does not know.
    """

    label_type: ClassVar[str] = ""
    label_class: str | None = None
    object_id: str = field(default_factory=new_object_id)
    source: str | None = "manual"
    anno_data: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    def rings(self) -> tuple[Ring, ...]:
        """The outline as rings that are filled by the even-odd rule; empty when nothing is to be filled."""
        return ()

    def geometry(self) -> dict[str, Any]:
        """The keys of the file form that hold the geometry."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """django-labeller's label object."""
        return {
            **self.extra,
            "label_type": self.label_type,
            "label_class": self.label_class,
            "source": self.source,
            "anno_data": dict(self.anno_data),
            "object_id": self.object_id,
            **self.geometry(),
        }


@dataclass(frozen=True, kw_only=True)
class PolygonLabel(Label):
    """Regions under the even-odd rule: holes and islands are both just further regions."""

    label_type: ClassVar[str] = "polygon"
    regions: tuple[Ring, ...]

    def rings(self) -> tuple[Ring, ...]:
        """The regions as they are."""
        return self.regions

    def geometry(self) -> dict[str, Any]:
        """`regions`."""
        return {"regions": [[_point_json(p) for p in ring] for ring in self.regions]}


@dataclass(frozen=True, kw_only=True)
class BoxLabel(Label):
    """An upright box: centre and full (width, height), in pixels."""

    label_type: ClassVar[str] = "box"
    centre: Point
    size: Point

    def rings(self) -> tuple[Ring, ...]:
        """The four corners, clockwise from the top left."""
        (x, y), (w, h) = self.centre, (self.size[0] / 2, self.size[1] / 2)
        return (((x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h)),)

    def geometry(self) -> dict[str, Any]:
        """`centre` and `size`."""
        return {"centre": _point_json(self.centre), "size": _point_json(self.size)}


@dataclass(frozen=True, kw_only=True)
class PointLabel(Label):
    """A single position; it fills nothing."""

    label_type: ClassVar[str] = "point"
    position: Point

    def geometry(self) -> dict[str, Any]:
        """`position`."""
        return {"position": _point_json(self.position)}


@dataclass(frozen=True, kw_only=True)
class EllipseLabel(Label):
    """An ellipse; `radius1` lies along `orientation_radians`, clockwise from +x as y points down."""

    label_type: ClassVar[str] = "oriented_ellipse"
    centre: Point
    radius1: float
    radius2: float
    orientation_radians: float

    def rings(self) -> tuple[Ring, ...]:
        """A polygon with a corner about every pixel, 12 to 4096 of them."""
        n = math.ceil(min(4096, max(12, math.tau * max(self.radius1, self.radius2))))
        cos, sin = math.cos(self.orientation_radians), math.sin(self.orientation_radians)
        ring = []
        for i in range(n):
            u = self.radius1 * math.cos(math.tau * i / n)
            v = self.radius2 * math.sin(math.tau * i / n)
            ring.append((self.centre[0] + u * cos - v * sin, self.centre[1] + u * sin + v * cos))
        return (tuple(ring),)

    def geometry(self) -> dict[str, Any]:
        """`centre`, `radius1`, `radius2` and `orientation_radians`."""
        return {
            "centre": _point_json(self.centre),
            "radius1": self.radius1,
            "radius2": self.radius2,
            "orientation_radians": self.orientation_radians,
        }


@dataclass(frozen=True, kw_only=True)
class OpaqueLabel(Label):
    """A label of a type that is not drawn yet (`group`, `composite`): kept word for word, fills nothing."""

    raw: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The label as it came."""
        return dict(self.raw)


@dataclass(frozen=True)
class Annotation:
    """All labels of one image, in drawing order: a later label covers an earlier one."""

    labels: tuple[Label, ...] = ()
    image_filename: str | None = None
    completed_tasks: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def adding(self, *labels: Label) -> Annotation:
        """The same annotation with `labels` on top."""
        return replace(self, labels=self.labels + labels)

    def without(self, object_ids: Iterable[str]) -> Annotation:
        """The same annotation without the labels of these ids."""
        gone = set(object_ids)
        return replace(self, labels=tuple(label for label in self.labels if label.object_id not in gone))

    def counts(self) -> dict[str, int]:
        """Labels per class name; unclassified ones are counted under an empty name."""
        counts: dict[str, int] = {}
        for label in self.labels:
            name = label.label_class or ""
            counts[name] = counts.get(name, 0) + 1
        return counts

    def to_json(self) -> dict[str, Any]:
        """django-labeller's object form, with the newer `completed_tasks` key."""
        document = dict(self.extra)
        if self.image_filename is not None:
            document["image_filename"] = self.image_filename
        document["completed_tasks"] = list(self.completed_tasks)
        document["labels"] = [label.to_json() for label in self.labels]
        return document

    @classmethod
    def from_json(cls, document: Any) -> Annotation:
        """Read both of django-labeller's forms, old and new.

        Raises SchemaError that names the label and the key when something cannot be read.
        """
        if isinstance(document, list):
            document = {"labels": document}
        if not isinstance(document, dict) or not isinstance(document.get("labels"), list):
            raise SchemaError(
                "A label file holds a list of labels, or an object with the key 'labels'; this one has neither."
            )
        tasks = document.get("completed_tasks")
        if tasks is None:  # the old form had one boolean
            tasks = ["finished"] if document.get("complete") else []
        known = ("labels", "completed_tasks", "complete", "image_filename")
        if not isinstance(tasks, list) or not all(isinstance(task, str) for task in tasks):
            raise SchemaError(f"completed_tasks should be a list of names, and is {tasks!r:.60}.")
        return cls(
            labels=_labels_from_json(document["labels"]),
            image_filename=document.get("image_filename"),
            completed_tasks=tuple(tasks),
            extra={k: v for k, v in document.items() if k not in known},
        )


def _point_json(point: Point) -> dict[str, float]:
    return {"x": point[0], "y": point[1]}


def _labels_from_json(items: list[Any]) -> tuple[Label, ...]:
    # ids for labels that have none follow from the content: reading a file twice gives the same labels
    content = json.dumps(items, sort_keys=True, default=str)
    prefix, spare = (uuid.uuid5(uuid.NAMESPACE_OID, kind + content) for kind in ("numbered", "missing"))
    labels: list[Label] = []
    seen: set[str] = set()
    for number, item in enumerate(items, start=1):
        try:
            label = _label_from_json(item, prefix=str(prefix), fallback_id=f"{spare}__{number}")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SchemaError(f"Label {number} of {len(items)} cannot be read: {error!r}.") from error
        if label.object_id in seen:
            raise SchemaError(f"Label {number} has the id {label.object_id!r}, which an earlier label has too.")
        seen.add(label.object_id)
        labels.append(label)
    return tuple(labels)


def _label_from_json(item: Mapping[str, Any], *, prefix: str, fallback_id: str) -> Label:
    kind, object_id, label_class = item["label_type"], item.get("object_id"), item.get("label_class")
    if not isinstance(object_id, str | int | None) or not isinstance(label_class, str | None):
        raise ValueError(f"object_id {object_id!r:.40} or label_class {label_class!r:.40} is no text")
    if object_id is None:
        object_id = fallback_id
    elif isinstance(object_id, int):  # the old form numbered labels
        object_id = f"{prefix}__{object_id}"
    geometry = _GEOMETRY.get(kind)
    common: dict[str, Any] = {"label_class": label_class, "object_id": object_id, "source": item.get("source")}
    if geometry is None:
        return OpaqueLabel(raw=dict(item), **common)
    cls: type[Label]
    cls, keys, read = geometry
    standard = {"label_type", "label_class", "object_id", "source", "anno_data", *keys}
    extra = {k: v for k, v in item.items() if k not in standard}
    return cls(extra=extra, anno_data=dict(item.get("anno_data") or {}), **common, **read(item))


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not a finite number")
    return number


def _point(value: Mapping[str, Any]) -> Point:
    return (_number(value["x"]), _number(value["y"]))


def _regions(item: Mapping[str, Any]) -> dict[str, Any]:
    regions = item["regions"] if "regions" in item else [item["vertices"]]
    return {"regions": tuple(tuple(_point(p) for p in ring) for ring in regions)}


_GEOMETRY: dict[str, Any] = {
    "polygon": (PolygonLabel, ("regions", "vertices"), _regions),
    "box": (BoxLabel, ("centre", "size"), lambda i: {"centre": _point(i["centre"]), "size": _point(i["size"])}),
    "point": (PointLabel, ("position",), lambda i: {"position": _point(i["position"])}),
    "oriented_ellipse": (
        EllipseLabel,
        ("centre", "radius1", "radius2", "orientation_radians"),
        lambda i: {
            "centre": _point(i["centre"]),
            **{k: _number(i[k]) for k in ("radius1", "radius2", "orientation_radians")},
        },
    ),
}
