"""Labels as ImageJ's shapes and back: polygon, freehand, traced, rectangle, oval, ellipse, point, composite."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from roifile import ROI_OPTIONS, ROI_SUBTYPE, ROI_TYPE, ImagejRoi

from ..annotations import BoxLabel, EllipseLabel, Label, Point, PointLabel, PolygonLabel, Ring
from ..label_json import finite, finite_all

_AREAS = (ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED)
_VERSION = 228  # of the file form; from 223 on rectangles have parts of pixels
_MOVE, _LINE, _QUAD, _CUBIC, _CLOSE = range(5)  # steps of a composite's path
_CURVE_STEPS = 8


def roi_of(label: Label) -> ImagejRoi | None:
    """The ROI of a polygon, box, ellipse or point; None when it has no outline."""
    if isinstance(label, PointLabel):
        return _from_points((label.position,), ROI_TYPE.POINT)
    if isinstance(label, BoxLabel):
        return _upright(ROI_TYPE.RECT, label.centre, (label.size[0] / 2, label.size[1] / 2))
    if isinstance(label, EllipseLabel):
        quarters = label.orientation_radians / (math.pi / 2)
        radii = label.radius1, label.radius2
        if abs(quarters - round(quarters)) < 1e-9:
            return _upright(ROI_TYPE.OVAL, label.centre, radii if round(quarters) % 2 == 0 else radii[::-1])
        return _tilted(label)
    rings = [ring for ring in label.rings() if len(ring) >= 3]
    if len(rings) > 1:
        return _composite(rings)
    return _from_points(rings[0], ROI_TYPE.POLYGON) if rings else None


def _from_points(points: Ring, kind: ROI_TYPE) -> ImagejRoi:
    roi = ImagejRoi.frompoints(np.asarray(points, dtype=np.float64), name="-")
    roi.roitype, roi.version = kind, _VERSION
    return roi


def _upright(kind: ROI_TYPE, centre: Point, half: Point) -> ImagejRoi:
    roi = ImagejRoi(roitype=kind, version=_VERSION, options=ROI_OPTIONS.SUB_PIXEL_RESOLUTION)
    roi.xd, roi.yd, roi.widthd, roi.heightd = centre[0] - half[0], centre[1] - half[1], 2 * half[0], 2 * half[1]
    return _with_box(roi, (roi.xd, roi.yd), (roi.xd + roi.widthd, roi.yd + roi.heightd))


def _with_box(roi: ImagejRoi, low: Point, high: Point) -> ImagejRoi:
    roi.left, roi.top, roi.right, roi.bottom = (round(value) for value in (*low, *high))
    return roi


def _tilted(label: EllipseLabel) -> ImagejRoi:
    """ImageJ's ellipse: the ends of its long axis, and short by long as a number hidden in three small fields."""
    roi = _from_points(label.rings()[0], ROI_TYPE.FREEHAND)
    roi.subtype = ROI_SUBTYPE.ELLIPSE
    long, short, angle = label.radius1, label.radius2, label.orientation_radians
    if short > long:
        long, short, angle = short, long, angle + math.pi / 2
    (x, y), dx, dy = label.centre, long * math.cos(angle), long * math.sin(angle)
    roi.x1, roi.y1, roi.x2, roi.y2 = x - dx, y - dy, x + dx, y + dy
    packed = struct.pack(">f", short / long)
    roi.arrow_style_or_aspect_ratio, roi.arrow_head_size, roi.rounded_rect_arc_size = struct.unpack(">BBh", packed)
    return roi


def _composite(rings: list[Ring]) -> ImagejRoi:
    path: list[float] = []
    for ring in rings:
        for i, (x, y) in enumerate(ring):
            path += [_LINE if i else _MOVE, x, y]
        path.append(_CLOSE)
    roi = ImagejRoi(roitype=ROI_TYPE.RECT, version=_VERSION)
    roi.multi_coordinates = np.asarray(path, dtype=np.float32)
    roi.shape_roi_size = len(path)
    points = np.array([point for ring in rings for point in ring])
    low, high = points.min(axis=0), points.max(axis=0)
    return _with_box(roi, (float(low[0]), float(low[1])), (float(high[0]), float(high[1])))


def label_shapes(roi: ImagejRoi, common: dict[str, Any]) -> list[Label]:
    """The labels of a ROI: one, or several for a ROI of several points. Raises ValueError for lines and texts."""
    kind = roi.roitype
    if roi.subtype in (ROI_SUBTYPE.TEXT, ROI_SUBTYPE.IMAGE):
        raise ValueError(f"a {roi.subtype.name.lower()} is no area and no point")
    if kind == ROI_TYPE.RECT and roi.composite:
        return [PolygonLabel(regions=tuple(_path_rings(roi)), **common)]
    if kind == ROI_TYPE.RECT or kind == ROI_TYPE.OVAL:
        (x, y), (w, h) = _place(roi)
        if kind == ROI_TYPE.RECT:
            return [BoxLabel(centre=(x + w / 2, y + h / 2), size=(w, h), **common)]
        radii: dict[str, Any] = {"radius1": w / 2, "radius2": h / 2, "orientation_radians": 0.0}
        return [EllipseLabel(centre=(x + w / 2, y + h / 2), **radii, **common)]
    if kind == ROI_TYPE.FREEHAND and roi.subtype == ROI_SUBTYPE.ELLIPSE:
        return [_ellipse(roi, common)]
    if kind != ROI_TYPE.POINT and kind not in _AREAS:
        raise ValueError(f"a {kind.name.lower()} is no area and no point")
    xs, ys = np.asarray(roi.coordinates(), dtype=np.float64).reshape(-1, 2).T.tolist()
    points = tuple(zip(finite_all(xs), finite_all(ys), strict=True))
    if kind in _AREAS:
        return [PolygonLabel(regions=(points,), **common)]
    if len(points) == 1:
        return [PointLabel(position=points[0], **common)]
    own = common.pop("object_id")
    return [PointLabel(position=point, object_id=f"{own}-{n}", **common) for n, point in enumerate(points)]


def _place(roi: ImagejRoi) -> tuple[Point, Point]:
    if roi.subpixelrect:
        return (finite(roi.xd), finite(roi.yd)), (finite(roi.widthd), finite(roi.heightd))
    return (float(roi.left), float(roi.top)), (float(roi.right - roi.left), float(roi.bottom - roi.top))


def _ellipse(roi: ImagejRoi, common: dict[str, Any]) -> EllipseLabel:
    x1, y1, x2, y2 = (finite(value) for value in (roi.x1, roi.y1, roi.x2, roi.y2))
    packed = struct.pack(">BBh", roi.arrow_style_or_aspect_ratio, roi.arrow_head_size, roi.rounded_rect_arc_size)
    long, ratio = math.hypot(x2 - x1, y2 - y1) / 2, finite(struct.unpack(">f", packed)[0])
    turn: dict[str, Any] = {
        "radius1": long,
        "radius2": long * ratio,
        "orientation_radians": math.atan2(y2 - y1, x2 - x1),
    }
    return EllipseLabel(centre=((x1 + x2) / 2, (y1 + y2) / 2), **turn, **common)


def _path_rings(roi: ImagejRoi) -> Iterator[Ring]:
    """The rings of a composite; curves become short lines."""
    values = finite_all([] if roi.multi_coordinates is None else roi.multi_coordinates.tolist())
    ring: list[Point] = []
    at = 0
    while at < len(values):
        step = int(values[at])
        if step not in (_MOVE, _LINE, _QUAD, _CUBIC, _CLOSE):
            raise ValueError("its path has an unknown step")
        count = {_QUAD: 2, _CUBIC: 3, _CLOSE: 0}.get(step, 1)
        end = at + 1 + 2 * count
        if end > len(values):
            raise ValueError("its path is cut off")
        points = list(zip(values[at + 1 : end : 2], values[at + 2 : end : 2], strict=True))
        if step == _MOVE and ring:
            yield tuple(ring)
            ring = []
        ring += points if count < 2 else _curve([ring[-1], *points] if ring else points)
        at = end
    if ring:
        yield tuple(ring)


def _curve(control: list[Point]) -> list[Point]:
    """Points on a Bezier curve after its first one."""
    found = []
    for i in range(1, _CURVE_STEPS + 1):
        points, t = control, i / _CURVE_STEPS
        while len(points) > 1:
            points = [(a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])) for a, b in pairwise(points)]
        found.append(points[0])
    return found
