"""Labels: one object each, as frozen values in whole-image co-ordinates, and the classes that they belong to.

Points are (x, y) in image pixels, origin top-left, pixel (0, 0) spans 0..1 in both directions. The file form
(`to_json`) is django-labeller's; keys that this module does not know are kept as they came.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

Point = tuple[float, float]
Ring = tuple[Point, ...]
Colour = tuple[int, int, int]


def new_object_id() -> str:
    """A fresh id for a label, in django-labeller's form `<uuid4>__<n>`."""
    return f"{uuid.uuid4()}__1"


@dataclass(frozen=True)
class LabelClass:
    """A class of objects: its name, its (red, green, blue) colour in 0..255 and the group it is listed in.

    `human_name` is what people read where it differs from the name; `scheme_colours` has its colour in further colour
    schemes, by the scheme's name.
    """

    name: str
    colour: Colour
    group: str = "classes"
    human_name: str | None = None
    scheme_colours: Mapping[str, Colour] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class ColourScheme:
    """A further set of colours for the label classes; `human_name` is what people read."""

    name: str
    human_name: str


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

    def parts(self) -> tuple[tuple[Ring, ...], ...]:
        """What to fill: the union of these parts, each of them rings under the even-odd rule."""
        rings = self.rings()
        return (rings,) if rings else ()

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
        return {"regions": [[{"x": x, "y": y} for x, y in ring] for ring in self.regions]}


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
class GroupLabel(Label):
    """Several labels as one object, of a class of its own; it covers what any of its `components` covers."""

    label_type: ClassVar[str] = "group"
    components: tuple[Label, ...]

    def rings(self) -> tuple[Ring, ...]:
        """The outlines of all components; where these overlap, fill `parts` instead."""
        return tuple(ring for component in self.components for ring in component.rings())

    def parts(self) -> tuple[tuple[Ring, ...], ...]:
        """The parts of all components."""
        return tuple(part for component in self.components for part in component.parts())

    def geometry(self) -> dict[str, Any]:
        """`component_models`."""
        return {"component_models": [component.to_json() for component in self.components]}


@dataclass(frozen=True, kw_only=True)
class CompositeLabel(Label):
    """django-labeller's older kind of group: it names the ids of other labels, and fills nothing."""

    label_type: ClassVar[str] = "composite"
    components: tuple[str, ...]

    def geometry(self) -> dict[str, Any]:
        """`components`."""
        return {"components": list(self.components)}


@dataclass(frozen=True, kw_only=True)
class OpaqueLabel(Label):
    """A label of a type that is not known here: its other keys are kept word for word in `raw`; it fills nothing."""

    raw: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The label as it came, with the class and the id that it has now."""
        own = {"label_class": self.label_class, "object_id": self.object_id}
        return {**self.raw, **own} if self.source is None else {**self.raw, **own, "source": self.source}


def _point_json(point: Point) -> dict[str, float]:
    return {"x": point[0], "y": point[1]}
