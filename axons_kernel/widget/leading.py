"""Where a view is led to from Python: the tile at a place, and the tile that shows a label."""

from __future__ import annotations

from collections.abc import Sequence

from ..annotations import PointLabel
from ..errors import InputError
from ..rasterize import Window
from .placed import Placed, overlap
from .sheet import Sheet


def tile_at(tiles: Sequence[Window], where: int | tuple[float, float]) -> int:
    """The number of a tile: itself, from 0, or that which holds the pixel (x, y) farthest from its border.

    Raises InputError when there is none.
    """
    if isinstance(where, int):
        if not 0 <= where < len(tiles):
            raise InputError(f"There is no tile {where}: there are {len(tiles)}, counted from 0.")
        return where
    x, y = where
    margins = {n: min(x - left, left + w - x, y - top, top + h - y) for n, (left, top, w, h) in enumerate(tiles)}
    inside = [n for n, (left, top, w, h) in enumerate(tiles) if left <= x < left + w and top <= y < top + h]
    if not inside:
        raise InputError(f"No tile holds the pixel ({x:g}, {y:g}): give x and y inside of a tile, in image pixels.")
    return max(inside, key=lambda n: margins[n])


def tile_of_label(sheet: Sheet, object_id: str, shown: int) -> tuple[int, int]:
    """The tile that shows most of a label, the one that is `shown` if that does, and the label's number.

    Raises InputError for an unknown id, and for a label on no tile.
    """
    found = next((n for n, placed in sheet.labels.items() if placed.label.object_id == object_id), None)
    if found is None:
        raise InputError(f"There is no label with the object id '{object_id:.80}' here.")
    areas = [_shared(sheet.labels[found], tile) for tile in sheet.tiles]
    if not any(areas):
        raise InputError(f"The label '{object_id:.80}' lies on no tile of this image.")
    best = max(areas)
    return (shown if areas[shown] == best else areas.index(best)), found


def _shared(placed: Placed, tile: Window) -> int:
    """The pixels of a label's bounding box that a tile has; 1 for a point on it."""
    if isinstance(placed.label, PointLabel):
        x, y = placed.label.position
        return int(tile[0] <= x < tile[0] + tile[2] and tile[1] <= y < tile[1] + tile[3])
    both = placed.bounds and overlap(placed.bounds, tile)
    return both[2] * both[3] if both else 0
