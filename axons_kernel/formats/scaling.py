"""Labels at another size of their image."""

from __future__ import annotations

from dataclasses import replace

from ..annotations import BoxLabel, EllipseLabel, GroupLabel, Label, Point, PointLabel, PolygonLabel


def scaled(label: Label, factor: Point) -> Label:
    """The label with its co-ordinates multiplied by `factor` (x, y); radii of ellipses take the mean of both."""
    fx, fy = factor
    if isinstance(label, PolygonLabel):
        return replace(label, regions=tuple(tuple([(x * fx, y * fy) for x, y in ring]) for ring in label.regions))
    if isinstance(label, GroupLabel):
        return replace(label, components=tuple(scaled(part, factor) for part in label.components))
    if isinstance(label, PointLabel):
        return replace(label, position=(label.position[0] * fx, label.position[1] * fy))
    if isinstance(label, BoxLabel):
        centre, size = label.centre, label.size
        return replace(label, centre=(centre[0] * fx, centre[1] * fy), size=(size[0] * fx, size[1] * fy))
    if isinstance(label, EllipseLabel):
        mean = (fx + fy) / 2
        centre = (label.centre[0] * fx, label.centre[1] * fy)
        return replace(label, centre=centre, radius1=label.radius1 * mean, radius2=label.radius2 * mean)
    return label
