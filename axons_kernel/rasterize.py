"""Labels to pixels and back: even-odd scan-line fill at pixel centres, and its exact inverse.

A pixel (row, col) belongs to a region when its centre (col + 0.5, row + 0.5) is inside by the even-odd rule.
`mask_to_rings` walks the outline half-way between pixel centres, so filling its rings gives the mask back bit
for bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import find_contours, label, regionprops

from .annotations import Annotation, PolygonLabel, Ring

Window = tuple[int, int, int, int]  # x, y, width, height in image pixels


def fill_rings(rings: Iterable[Ring], window: Window) -> NDArray[np.bool_]:
    """Fill rings by the even-odd rule.

    Shape: returns (height, width) bool for `window`; parts of rings outside the window are cut off. Rings of
    fewer than three points fill nothing.
    """
    x0, y0, width, height = window
    toggles = np.zeros((height, width + 1), dtype=np.int32)
    for ring in rings:
        if len(ring) >= 3:
            _toggle_crossings(toggles, np.asarray(ring, dtype=np.float64), (x0, y0))
    return (np.cumsum(toggles[:, :width], axis=1) & 1).astype(bool)


def _toggle_crossings(toggles: NDArray[np.int32], points: NDArray[np.float64], origin: tuple[int, int]) -> None:
    """Count, for each edge and each row that it crosses, the first pixel centre at or right of the crossing.

    Points stay in image co-ordinates, so that rounding, and with it the result, does not depend on the window.
    """
    x0, y0 = origin
    height, width = toggles.shape[0], toggles.shape[1] - 1
    ends = np.roll(points, -1, axis=0)
    upper = np.where((points[:, 1] < ends[:, 1])[:, None], points, ends)  # the end with the smaller y
    lower = np.where((points[:, 1] < ends[:, 1])[:, None], ends, points)
    # half-open in y (top inclusive), so a vertex on a scan line counts once
    first = np.clip(np.ceil(upper[:, 1] - 0.5) - y0, 0, height).astype(np.int64)
    last = np.clip(np.ceil(lower[:, 1] - 0.5) - y0, 0, height).astype(np.int64)
    counts = last - first
    edge = np.repeat(np.arange(len(points)), counts)
    if edge.size == 0:
        return
    rows = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    run, fall = lower[edge, 0] - upper[edge, 0], lower[edge, 1] - upper[edge, 1]
    # one division at the end: exact on corners in 1/16 pixels, as widget.ink and the browser draw them
    crossing = (upper[edge, 0] - 0.5) * fall + (rows + y0 + 0.5 - upper[edge, 1]) * run
    cols = np.clip(np.ceil(crossing / fall) - x0, 0, width).astype(np.int64)
    np.add.at(toggles, (rows, cols), 1)


def bounding_window(rings: Sequence[Ring], shape: tuple[int, int]) -> Window:
    """The smallest window of whole pixels that holds `rings`, cut to an image of `shape` (H, W)."""
    points = np.asarray([point for ring in rings for point in ring], dtype=np.float64).reshape(-1, 2)
    if points.size == 0:
        return (0, 0, 0, 0)
    limit = np.array([shape[1], shape[0]])
    low = np.clip(np.floor(points.min(axis=0)), 0, limit).astype(int)
    high = np.clip(np.ceil(points.max(axis=0)), 0, limit).astype(int)
    return (int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))


def class_mask(annotation: Annotation, values: Mapping[str, int], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Class per pixel.

    Shape: returns (H, W) uint8; 0 is background, else `values[label_class]`; labels of other classes are not
    drawn; a later label covers an earlier one.
    """
    return _draw(annotation, shape, {name: int(v) for name, v in values.items()}, np.uint8)


def instance_mask(annotation: Annotation, label_class: str, shape: tuple[int, int]) -> NDArray[np.int32]:
    """Object id per pixel for one class.

    Shape: returns (H, W) int32; 0 is background, ids count from 1 in the order of the annotation.
    """
    return _draw(annotation, shape, {label_class: None}, np.int32)


def _draw(
    annotation: Annotation, shape: tuple[int, int], values: Mapping[str, int | None], dtype: type
) -> NDArray[Any]:
    canvas: NDArray[Any] = np.zeros(shape, dtype=dtype)
    count = 0
    for item in annotation.labels:
        parts = item.parts()
        if item.label_class is None or item.label_class not in values or not parts:
            continue
        count += 1
        value = values[item.label_class]
        for rings in parts:
            x, y, w, h = window = bounding_window(rings, shape)
            canvas[y : y + h, x : x + w][fill_rings(rings, window)] = count if value is None else value
    return canvas


def mask_to_rings(mask: NDArray[np.bool_], origin: tuple[int, int] = (0, 0)) -> tuple[Ring, ...]:
    """Outlines (holes too) of a (H, W) bool mask whose top-left pixel is at `origin` (x, y).

    Filling the rings by the even-odd rule gives the mask back exactly.
    """
    contours = find_contours(np.pad(mask, 1).astype(np.float32), 0.5)
    rings = []
    for contour in contours:
        xy = contour[:-1, ::-1] - 0.5 + origin  # -1 for the padding, +0.5 from pixel index to pixel centre
        rings.append(tuple((float(x), float(y)) for x, y in _without_collinear(xy)))
    return tuple(rings)


def _without_collinear(points: NDArray[np.float64]) -> NDArray[np.float64]:
    before = points - np.roll(points, 1, axis=0)
    after = np.roll(points, -1, axis=0) - points
    turn = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    return np.asarray(points[turn != 0])


def mask_to_labels(
    mask: NDArray[np.bool_], label_class: str, *, source: str, min_area: int = 1
) -> tuple[PolygonLabel, ...]:
    """One polygon label per 8-connected object of a (H, W) bool mask; objects under `min_area` pixels are left out."""
    labels = []
    for region in regionprops(label(mask, connectivity=2)):
        if region.area >= min_area:
            row, col = region.bbox[:2]
            rings = mask_to_rings(region.image, (col, row))
            labels.append(PolygonLabel(label_class=label_class, regions=rings, source=source))
    return tuple(labels)
