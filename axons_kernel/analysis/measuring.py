"""Measure the objects of an image window by window; an object that crosses windows is measured once, and whole.

Each object belongs to the window that has its first pixel (topmost, then leftmost). A window is read with a margin;
where one of its own objects reaches the margin's edge, it is read again with twice the margin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..tiling import Tile
from .fibres import part_fibres, whole_objects
from .scored import ReadClasses
from .shapes import Floats, Shapes, shapes_of

CORE = 1536  # pixels; side of a window without its margin
_MARGIN = 160  # pixels
LEAST_SHEATH = 0.05  # sheath area / axon area below which an axon counts as bare: far under a pixel's width
Columns = dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class What:
    """What is measured: the class numbers of axon and sheath, or one class alone (`sheath` None).

    Axons, and objects of a class, that are less than `smallest_px` across are left out: their form tells nothing.
    """

    axon: int
    sheath: int | None = None
    smallest_px: float = 5.0


@dataclass(frozen=True, eq=False)
class Measured:
    """What one window gives: `rows` of its own objects in pixels, sheaths without an axon, class areas in pixels.

    `shown` holds, for every `stride`-th pixel of the window's core, the value that a picture colours it by, else NaN.
    """

    rows: Columns
    lone: int
    area: int
    sheath_area: int
    core: Tile
    shown: NDArray[np.float32]


def measure_windows(read: ReadClasses, shape: tuple[int, int], what: What, stride: int = 1) -> Iterator[Measured]:
    """Measure an image of `shape` (H, W), whose class numbers `read` gives by windows."""
    for y in range(0, shape[0], CORE):
        for x in range(0, shape[1], CORE):
            core, margin = Tile(x, y, CORE, CORE).clipped(shape), _MARGIN
            while (measured := _measure(read, shape, what, core, margin, stride)) is None:
                margin *= 2
            yield measured


def _measure(
    read: ReadClasses, shape: tuple[int, int], what: What, core: Tile, margin: int, stride: int
) -> Measured | None:
    """Of one window, None when one of its own objects is cut by the margin's edge."""
    grown = Tile(core.x - margin, core.y - margin, core.width + 2 * margin, core.height + 2 * margin)
    window = grown.clipped(shape)
    mask = read(window)
    inner = Tile(core.x - window.x, core.y - window.y, core.width, core.height)
    inside = mask == what.axon
    if what.sheath is None:
        ids = outer = whole_objects(inside, what.smallest_px)
        lone = np.zeros_like(ids)
    else:
        fibres = part_fibres(inside, mask == what.sheath, what.smallest_px)
        ids, outer, lone = fibres.axons, fibres.fibres, fibres.lone
    own, own_lone = _own(ids, inner), _own(lone, inner)
    if _is_cut(outer, own, window, shape) or _is_cut(lone, own_lone, window, shape):
        return None
    shapes = shapes_of(ids)
    rows = _columns(shapes, window) if what.sheath is None else _fibre_columns(shapes, shapes_of(outer), window)
    value = rows["diameter" if what.sheath is None else "g_ratio"]
    rows |= _edges(outer, window, shape)
    shown = inner.cut(outer)[-core.y % stride :: stride, -core.x % stride :: stride]
    return Measured(
        rows={name: values[own] for name, values in rows.items()},
        lone=int(own_lone.sum()),
        area=int(np.count_nonzero(inner.cut(mask) == what.axon)),
        sheath_area=0 if what.sheath is None else int(np.count_nonzero(inner.cut(mask) == what.sheath)),
        core=core,
        shown=np.where(shown > 0, value[shown], np.nan).astype(np.float32),
    )


def _own(ids: NDArray[np.int32], inner: Tile) -> NDArray[np.bool_]:
    """(n + 1,) bool: whether the object's first pixel lies in `inner`."""
    flat = ids.ravel()
    filled = np.flatnonzero(flat)
    first = np.full(int(ids.max(initial=0)) + 1, -1)
    first[flat[filled][::-1]] = filled[::-1]
    rows, cols = np.divmod(first, ids.shape[1])
    within = (inner.y <= rows) & (rows < inner.y + inner.height) & (inner.x <= cols) & (cols < inner.x + inner.width)
    return np.asarray(within & (first >= 0))


def _is_cut(ids: NDArray[np.int32], own: NDArray[np.bool_], window: Tile, shape: tuple[int, int]) -> bool:
    """Whether an own object touches an edge of the window that is not the image's."""
    right, bottom = window.x + window.width < shape[1], window.y + window.height < shape[0]
    edges = ((ids[0], window.y > 0), (ids[-1], bottom), (ids[:, 0], window.x > 0), (ids[:, -1], right))
    return any(inside and own[edge].any() for edge, inside in edges)


def _edges(ids: NDArray[np.int32], window: Tile, shape: tuple[int, int]) -> Columns:
    """Per id: whether it touches the image's edge, and whether the unbiased counting frame counts it.

    The image is the frame: what touches its left or lower edge is not counted (Gundersen 1977).
    """
    count = int(ids.max(initial=0)) + 1
    out, edge = np.zeros(count, bool), np.zeros(count, bool)
    last = window.y + window.height == shape[0], window.x + window.width == shape[1]
    for line, at_image, excluded in (
        (ids[:, 0], window.x == 0, True),
        (ids[-1], last[0], True),
        (ids[0], window.y == 0, False),
        (ids[:, -1], last[1], False),
    ):
        if at_image:
            edge[line] = True
            out[line] |= excluded
    return {"at_edge": edge, "in_frame": ~out}


def _columns(shapes: Shapes, window: Tile, prefix: str = "") -> Columns:
    """Lengths and areas in pixels; `measurements` gives them units."""
    x, y = shapes.centre.T
    place: Columns = {} if prefix else {"x": x + window.x, "y": y + window.y}
    return {
        **place,
        f"{prefix}area": shapes.area,
        f"{prefix}diameter": shapes.diameter,
        f"{prefix}minor_axis": shapes.minor,
        f"{prefix}major_axis": shapes.major,
        f"{prefix}perimeter": shapes.perimeter,
        f"{prefix}eccentricity": shapes.eccentricity,
        f"{prefix}solidity": shapes.solidity,
        f"{prefix}orientation": shapes.orientation,
    }


def _fibre_columns(axons: Shapes, fibres: Shapes, window: Tile) -> Columns:
    x, y = axons.centre.T
    sheath: Floats = fibres.area - axons.area
    with np.errstate(invalid="ignore"):
        return {
            "x": x + window.x,
            "y": y + window.y,
            "g_ratio": axons.diameter / fibres.diameter,
            "myelin_thickness": (fibres.diameter - axons.diameter) / 2,
            "myelin_area": sheath,
            "myelinated": sheath >= LEAST_SHEATH * axons.area,
            **_columns(axons, window, "axon_"),
            **_columns(fibres, window, "fibre_"),
        }
