"""Reads django-labeller's label objects, old and new. What cannot be read goes to a `Problem` handler.

The handler decides: the project's own files are read strictly (it raises), a file from elsewhere is read with every
problem noted (it returns, and the label is left out or mended).
"""

from __future__ import annotations

import hashlib
import json
import math
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from .errors import SchemaError
from .labels import (
    BoxLabel,
    CompositeLabel,
    EllipseLabel,
    GroupLabel,
    Label,
    OpaqueLabel,
    Point,
    PointLabel,
    PolygonLabel,
    Ring,
)
from .notes import Note
from .pausing import collection_paused

Problem = Callable[[Note], None]

_MAX_DEPTH = 30  # of groups in groups, and of values that are kept without being understood
BROKEN = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError)


def strict(note: Note) -> None:
    """A `Problem` handler that accepts none. Raises SchemaError."""
    if note.done == "dropped":
        raise SchemaError(f"{note.where} cannot be read: {note.why}.")
    raise SchemaError(f"{note.where} cannot be taken as it is: {note.why}.")


def read_labels(items: list[Any], problem: Problem) -> tuple[Label, ...]:
    """The labels of a file. Ids that the file lacks follow from its content: reading twice gives the same labels."""
    reader = _Reader(items, problem)
    with collection_paused():
        return tuple(reader.read_all(items, "label", 0))


class _Reader:
    def __init__(self, items: list[Any], problem: Problem) -> None:
        self.items, self.problem = items, problem
        self.seen: set[str] = set()
        self.spare = 0
        self._content: str | None = None

    def read_all(self, items: list[Any], what: str, depth: int) -> Iterator[Label]:
        for number, item in enumerate(items, start=1):
            where = f"{what} {number} of {len(items)}"
            where = where[0].upper() + where[1:]
            try:
                yield self.read(item, where, depth)
            except SchemaError:  # the handler accepts no problem
                raise
            except BROKEN as error:
                self.problem(Note(where, "dropped", reason(error)))

    def read(self, item: Mapping[str, Any], where: str, depth: int) -> Label:
        kind, label_class = item["label_type"], item.get("label_class")
        if label_class is not None and not isinstance(label_class, str):
            raise ValueError(f"label_class {label_class!r:.40} is no text")
        common: dict[str, Any] = {"label_class": label_class, "source": _source(item.get("source"))}
        if not isinstance(kind, str):
            raise ValueError(f"label_type {kind!r:.40} is no text")
        cls: type[Label]
        cls, keys, geometry = _GEOMETRY.get(kind, (OpaqueLabel, (), _unknown))
        read = geometry(item)
        if cls is GroupLabel:
            if depth >= _MAX_DEPTH:
                raise ValueError(f"groups are nested more than {_MAX_DEPTH} deep")
            read = {"components": tuple(self.read_all(read["components"], f"{where}, component", depth + 1))}
        elif cls is CompositeLabel:
            read = {"components": tuple(self.full_id(part) for part in read["components"])}
        common["object_id"] = self.new_id(item.get("object_id"), where)
        if cls is OpaqueLabel:
            check_plain(read["raw"])
            return OpaqueLabel(**common, **read)
        standard = {"label_type", "label_class", "object_id", "source", "anno_data", *keys}
        extra = {k: v for k, v in item.items() if k not in standard}
        anno_data = item.get("anno_data")
        if anno_data is not None and not isinstance(anno_data, dict):
            raise ValueError(f"anno_data is no object but {anno_data!r:.40}")
        for kept in (extra, anno_data):
            if kept:
                check_plain(kept)
        return cls(extra=extra, anno_data=dict(anno_data or {}), **common, **read)

    def new_id(self, given: Any, where: str) -> str:
        object_id = self.full_id(given) if given is not None else self.spare_id()
        if object_id in self.seen:
            self.problem(Note(where, "given a new id", f"has the id {object_id!r:.60}, which an earlier label has too"))
            while object_id in self.seen:
                object_id = self.spare_id()
        self.seen.add(object_id)
        return object_id

    def full_id(self, given: Any) -> str:
        if isinstance(given, str):
            return given
        if isinstance(given, int) and not isinstance(given, bool):  # the old form numbered labels
            return f"{uuid.uuid5(uuid.NAMESPACE_OID, 'numbered' + self.content())}__{given}"
        raise ValueError(f"the id {given!r:.40} is no text")

    def spare_id(self) -> str:
        self.spare += 1
        return f"{uuid.uuid5(uuid.NAMESPACE_OID, 'missing' + self.content())}__{self.spare}"

    def content(self) -> str:
        if self._content is None:
            text = json.dumps(self.items, sort_keys=True, default=str)
            self._content = hashlib.sha256(text.encode()).hexdigest()
        return self._content


def reason(error: Exception) -> str:
    """Why an item is broken, in words for the user; `error` is one of BROKEN."""
    if isinstance(error, KeyError):
        return f"the key {error} is missing"
    if isinstance(error, IndexError):
        return "a list is too short"
    if isinstance(error, OverflowError):
        return "a number is too large"
    if isinstance(error, TypeError | AttributeError):
        return "a part of it has the wrong type"
    return str(error)


def _source(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)[:100]


def check_plain(value: Any) -> None:
    """Values that are kept as they came must be such that they can be written again."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > _MAX_DEPTH:
            raise ValueError(f"a value is nested more than {_MAX_DEPTH} deep")
        following: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                following += item.values()
            elif isinstance(item, list):
                following += item
            elif isinstance(item, float) and not math.isfinite(item):
                raise ValueError("a value is not a finite number")
        level = following


def finite(value: Any) -> float:
    """A number of a file as a float. Raises ValueError when it is none, or not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r:.40} is not a number")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("a co-ordinate is not a finite number")
    return number


def _point(value: Mapping[str, Any]) -> Point:
    return (finite(value["x"]), finite(value["y"]))


def finite_all(values: Sequence[Any]) -> list[float]:
    """Numbers of a file as floats. Raises ValueError or TypeError when one is none, or not finite."""
    try:  # the quick way for a hundred thousand outlines: the sum is finite only when all are numbers and finite
        numbers = [value * 1.0 for value in values]
        if math.isfinite(sum(numbers)):
            return numbers
    except TypeError:
        pass
    return [finite(value) for value in values]


def _ring(points: list[Any]) -> Ring:
    if not isinstance(points, list):
        raise TypeError
    xs, ys = finite_all([p["x"] for p in points]), finite_all([p["y"] for p in points])
    return tuple(zip(xs, ys, strict=True))


def _regions(item: Mapping[str, Any]) -> dict[str, Any]:
    regions = item["regions"] if "regions" in item else [item["vertices"]]
    return {"regions": tuple([_ring(ring) for ring in regions])}


def _components(key: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    def read(item: Mapping[str, Any]) -> dict[str, Any]:
        if not isinstance(item[key], list):
            raise ValueError(f"{key} is no list")
        return {"components": item[key]}

    return read


def _unknown(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"raw": {key: value for key, value in item.items() if key not in ("label_class", "object_id", "source")}}


def _ellipse(item: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {key: finite(item[key]) for key in ("radius1", "radius2", "orientation_radians")}
    return {"centre": _point(item["centre"]), **numbers}


_GEOMETRY: dict[str, tuple[type[Label], tuple[str, ...], Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "polygon": (PolygonLabel, ("regions", "vertices"), _regions),
    "box": (BoxLabel, ("centre", "size"), lambda i: {"centre": _point(i["centre"]), "size": _point(i["size"])}),
    "point": (PointLabel, ("position",), lambda i: {"position": _point(i["position"])}),
    "oriented_ellipse": (EllipseLabel, ("centre", "radius1", "radius2", "orientation_radians"), _ellipse),
    "group": (GroupLabel, ("component_models",), _components("component_models")),
    "composite": (CompositeLabel, ("components",), _components("components")),
}
