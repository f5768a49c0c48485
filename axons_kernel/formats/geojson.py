"""GeoJSON as QuPath writes and reads it: one `<image>.geojson` per image, co-ordinates in pixels, y pointing down.

Holds: polygons with holes and islands, points, ellipses that lie along the axes (QuPath's `isEllipse`), classes with
colour; ids, sources and attributes in QuPath's `metadata`, which it keeps.
Does not hold: boxes and tilted ellipses as such (their outline is kept), groups, finished tasks, keys of others.
Regions that cross each other are written as the outline of their pixels. Lines are left out at import.
"""

from __future__ import annotations

import json
import math
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from ..annotations import Annotation, EllipseLabel, Label, LabelClass, PointLabel, PolygonLabel, Ring
from ..errors import SchemaError
from ..label_json import finite, finite_all
from ..notes import Note
from .losses import Holds, counted, losses
from .regions import flat, with_holes
from .values import (
    FileIds,
    Hints,
    ImageLabels,
    Reading,
    Writing,
    as_text,
    class_of,
    colour_of,
    dropping,
    parse_label_json,
    restored,
)

SUFFIX = ".geojson"
HOLDS = Holds(
    as_they_are=frozenset({"polygon", "point"}),
    as_outlines=frozenset({"box", "oriented_ellipse"}),
    also=lambda label: isinstance(label, EllipseLabel) and bool(_upright(label)),
)
_ELLIPSE_CORNERS = 96  # a multiple of 4, so that the outline's box is the ellipse's
_MOST_DEPTH = 8  # of collections in collections


def write(images: tuple[ImageLabels, ...], classes: tuple[LabelClass, ...]) -> Writing:
    """One feature collection per image."""
    colours = {c.name: c.colour for c in classes}
    files: dict[str, bytes] = {}
    redrawn: Counter[str] = Counter()
    for image in images:
        features = []
        for label in flat(image.annotation.labels):
            if HOLDS.writes(label):
                geometry, same = _geometry(label)
                features.append(_feature(label, geometry, colours))
                redrawn[image.image] += not same
        files[image.image + SUFFIX] = as_text({"type": "FeatureCollection", "features": features})
    return Writing(files, (*losses(images, HOLDS), *counted(+redrawn, "redrawn", "their regions cross each other")))


def _feature(label: Label, geometry: dict[str, Any], colours: Mapping[str, tuple[int, int, int]]) -> dict[str, Any]:
    properties: dict[str, Any] = {"objectType": "annotation"}
    if label.label_class is not None:
        properties["classification"] = {"name": label.label_class}
        if label.label_class in colours:
            properties["classification"]["color"] = list(colours[label.label_class])
    properties["metadata"] = {"object_id": label.object_id}  # QuPath allows text only
    if label.source is not None:
        properties["metadata"]["source"] = label.source
    if label.anno_data:
        properties["metadata"]["anno_data"] = json.dumps(dict(label.anno_data))
    return {"type": "Feature", "id": _uuid(label.object_id), "geometry": geometry, "properties": properties}


def _uuid(object_id: str) -> str:
    """QuPath's ids are UUIDs, one per object; django-labeller's are longer."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, object_id.encode("utf-8", "replace").decode()))


def _geometry(label: Label) -> tuple[dict[str, Any], bool]:
    if isinstance(label, PointLabel):
        return {"type": "Point", "coordinates": list(label.position)}, True
    if isinstance(label, EllipseLabel) and (upright := _upright(label)):
        return {"type": "Polygon", "coordinates": [_closed(upright)], "isEllipse": True}, True
    polygons, same = with_holes([ring for ring in label.rings() if len(ring) >= 3])
    coordinates = [[_closed(ring) for ring in polygon] for polygon in polygons]
    if len(coordinates) == 1:
        return {"type": "Polygon", "coordinates": coordinates[0]}, same
    return {"type": "MultiPolygon", "coordinates": coordinates}, same


def _upright(label: EllipseLabel) -> Ring:
    """The outline of an ellipse along the axes; empty when it is tilted."""
    quarters = label.orientation_radians / (math.pi / 2)
    if abs(quarters - round(quarters)) > 1e-9:
        return ()
    a, b = (label.radius1, label.radius2) if round(quarters) % 2 == 0 else (label.radius2, label.radius1)
    turns = [math.tau * i / _ELLIPSE_CORNERS for i in range(_ELLIPSE_CORNERS)]
    return tuple((label.centre[0] + a * math.cos(t), label.centre[1] + b * math.sin(t)) for t in turns)


def _closed(ring: Ring) -> list[list[float]]:
    return [[x, y] for x, y in (*ring, ring[0])]


def read(name: str, data: bytes, hints: Hints) -> Reading:
    """Read a feature collection, a feature, or a list of features. Raises SchemaError when it is none of these."""
    document = parse_label_json(data, name)
    kind = document.get("type") if isinstance(document, dict) else None
    features = (
        document.get("features") if kind == "FeatureCollection" else [document] if kind == "Feature" else document
    )
    if not isinstance(features, list):
        raise SchemaError(f"{name} is no GeoJSON of objects: it needs to be a FeatureCollection or a Feature.")
    notes: list[Note] = []
    labels: list[Label] = []
    classes: dict[str, LabelClass] = {}
    ids = FileIds(data)
    for number, feature in enumerate(features, start=1):
        with dropping(notes, f"Feature {number}"):
            properties = feature.get("properties") or {}
            label_class = _class(properties, classes)
            common = {"label_class": label_class, **_facts(feature, properties, ids)}
            labels += list(_labels(feature["geometry"], common))  # all of a feature, or nothing
    return Reading((ImageLabels("", Annotation(tuple(labels))),), tuple(classes.values()), tuple(notes))


def _class(properties: Mapping[str, Any], classes: dict[str, LabelClass]) -> str | None:
    classification = properties.get("classification")
    if classification is None:
        return None
    if "names" in classification:  # QuPath's form for classes made of several names
        name = class_of(": ".join(classification["names"]))
    else:
        name = class_of(classification.get("name"))
    colour = colour_of(classification.get("color"))
    packed = classification.get("colorRGB")
    if colour is None and isinstance(packed, int):  # older QuPath: 0xAARRGGBB as a signed number
        colour = ((packed >> 16) & 255, (packed >> 8) & 255, packed & 255)
    if name and colour:
        classes.setdefault(name, LabelClass(name, colour))
    return name


def _facts(feature: Mapping[str, Any], properties: Mapping[str, Any], ids: FileIds) -> dict[str, Any]:
    kept, own = properties.get("metadata"), feature.get("id")
    if not isinstance(kept, dict) or not isinstance(kept.get("object_id"), str):
        kept = {"object_id": own if isinstance(own, str) else None}
    elif isinstance(own, str) and own != _uuid(kept["object_id"]):  # a copy that QuPath has made
        kept = {**kept, "object_id": own}
    kept = dict(kept)
    if isinstance(kept.get("anno_data"), str):
        kept["anno_data"] = json.loads(kept["anno_data"])
    return restored(kept, ids, "qupath")


def _labels(geometry: Mapping[str, Any], common: dict[str, Any], depth: int = 0) -> Iterator[Label]:
    kind = geometry["type"]
    if kind == "GeometryCollection" and depth < _MOST_DEPTH:
        for n, inner in enumerate(geometry["geometries"]):
            yield from _labels(inner, {**common, "object_id": f"{common['object_id']}-{n}"}, depth + 1)
        return
    coordinates = geometry["coordinates"]
    if kind == "Point":
        yield PointLabel(position=_point(coordinates), **common)
    elif kind == "MultiPoint":
        for n, point in enumerate(coordinates):
            yield PointLabel(position=_point(point), **{**common, "object_id": f"{common['object_id']}-{n}"})
    elif kind == "Polygon" and geometry.get("isEllipse") is True:
        yield _ellipse(_ring(coordinates[0]), common)
    elif kind in ("Polygon", "MultiPolygon"):
        polygons = [coordinates] if kind == "Polygon" else coordinates
        yield PolygonLabel(regions=tuple(_ring(ring) for polygon in polygons for ring in polygon), **common)
    else:
        raise ValueError(f"its geometry {kind!r:.40} is none of an area or a point")


def _point(values: Any) -> tuple[float, float]:
    return (finite(values[0]), finite(values[1]))


def _ring(points: Any) -> Ring:
    ring = tuple(zip(finite_all([p[0] for p in points]), finite_all([p[1] for p in points]), strict=True))
    return ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring


def _ellipse(ring: Ring, common: dict[str, Any]) -> EllipseLabel:
    (x0, y0), (x1, y1) = ([pick(p[axis] for p in ring) for axis in (0, 1)] for pick in (min, max))
    centre, radii = ((x0 + x1) / 2, (y0 + y1) / 2), ((x1 - x0) / 2, (y1 - y0) / 2)
    return EllipseLabel(centre=centre, radius1=radii[0], radius2=radii[1], orientation_radians=0.0, **common)
