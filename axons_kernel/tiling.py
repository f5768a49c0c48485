"""Tiles: windows of an image, cut with overlap.

A tile is a rectangle, not a copy of pixels. Positions are whole image pixels, origin top-left. A tiling may be read
at a coarser level of the image: there, `scale` image pixels lie along the side of one pixel, and a tile's place and
size are whole multiples of `scale`, so that going from image to level and back changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from operator import index
from typing import Any, ClassVar, Literal, NamedTuple, get_args

from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from .documents import Document
from .errors import InputError

Edge = Literal["shift", "reflect", "drop"]


class Tile(NamedTuple):
    """A window of an image: left, top, width, height in image pixels."""

    x: int
    y: int
    width: int
    height: int

    def cut(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """The tile's pixels as a view of (H, W) or (H, W, C); what reaches over the edge is left out."""
        return pixels[self.y : self.y + self.height, self.x : self.x + self.width]

    def contains(self, x: float, y: float) -> bool:
        """Whether the point lies in the window; a point on the border of two windows is in the right or lower one."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height

    def clipped(self, shape: tuple[int, int]) -> Tile:
        """The part of the window that is inside an image of `shape` (H, W)."""
        left, top = max(self.x, 0), max(self.y, 0)
        right, bottom = min(self.x + self.width, shape[1]), min(self.y + self.height, shape[0])
        return Tile(left, top, max(0, right - left), max(0, bottom - top))

    def to_image(self, scale: int) -> Tile:
        """This window of a level's pixels in image pixels; `scale` image pixels per pixel."""
        return Tile(*(number * scale for number in self))

    def to_level(self, scale: int) -> Tile:
        """This window in pixels of a level with `scale` image pixels per pixel.

        Raises InputError when it does not begin and end between two of them.
        """
        if any(number % scale for number in self):
            raise InputError(
                f"x={self.x}, y={self.y}, {self.width} x {self.height} is no whole number of pixels at a level of "
                f"{scale} image pixels per pixel: give multiples of {scale}."
            )
        return Tile(*(number // scale for number in self))


class Foreground(BaseModel):
    """How tissue was told from background, as `foreground` does; `threshold` is None where all is tissue."""

    model_config = ConfigDict(frozen=True, extra="allow")
    background: Literal["dark", "bright", "none"]
    threshold: float | None
    min_share: float


class Tiling(Document):
    """tilings/<name>.json: how an image is cut; `tiles` are windows, no pixel is copied.

    `size` and `overlap` are pixels of the level that is read; `tiles` and `dropped` are image pixels. With edge
    "reflect" tiles may reach over the image's right and lower edge.
    """

    kind: ClassVar[str] = "tiling"
    name: str
    image: str
    size: int
    overlap: int
    tiles: tuple[Tile, ...]
    edge: Edge = "shift"
    level: int = 0
    scale: int = 1
    shape: tuple[int, int] | None = None  # (h, w) of the level in its pixels; older files do not tell
    dropped: tuple[Tile, ...] = ()
    foreground: Foreground | None = None

    @property
    def level_shape(self) -> tuple[int, int]:
        """(h, w) of what the tiles cover, in pixels of the level."""
        if self.shape is not None:
            return self.shape
        return max(t.y + t.height for t in self.tiles), max(t.x + t.width for t in self.tiles)

    @property
    def level_tiles(self) -> tuple[Tile, ...]:
        """`tiles` in pixels of the level."""
        return tuple(tile.to_level(self.scale) for tile in self.tiles)

    @property
    def inside_tiles(self) -> tuple[Tile, ...]:
        """`tiles` without what reaches over the image's edge."""
        height, width = (side * self.scale for side in self.level_shape)
        return tuple(tile.clipped((height, width)) for tile in self.tiles)

    def tile_at(self, x: float, y: float) -> Tile:
        """The tile that has the point, in image pixels; where several have it, that with the nearest centre.

        Raises InputError when none has it.
        """
        having = [tile for tile in self.tiles if tile.contains(x, y)]
        if not having:
            why = "is in a tile without tissue" if any(t.contains(x, y) for t in self.dropped) else "is in no tile"
            raise InputError(f"The point x={x:g}, y={y:g} {why} of '{self.name}'.")
        return min(having, key=lambda t: (t.x + t.width / 2 - x) ** 2 + (t.y + t.height / 2 - y) ** 2)

    def neighbours(self, tile: Tile) -> tuple[Tile, ...]:
        """The tiles beside this one, up to eight, row by row; dropped tiles are left out.

        Raises InputError when it is no tile of this tiling.
        """
        if tile not in self._tile_set:
            raise InputError(f"{tile} is no tile of '{self.name}': take one of its tiles, as in tiling.tiles[0].")
        xs, ys = self._columns_and_rows
        column, row = xs.index(tile.x), ys.index(tile.y)
        near_x, near_y = (set(starts[max(0, i - 1) : i + 2]) for starts, i in ((xs, column), (ys, row)))
        return tuple(t for t in self.tiles if t.x in near_x and t.y in near_y and t != tile)

    @cached_property
    def _tile_set(self) -> frozenset[Tile]:
        return frozenset(self.tiles)

    @cached_property
    def _columns_and_rows(self) -> tuple[list[int], list[int]]:
        every = (*self.tiles, *self.dropped)
        return sorted({tile.x for tile in every}), sorted({tile.y for tile in every})

    def __repr__(self) -> str:
        dropped = f", {len(self.dropped)} dropped" if self.dropped else ""
        level = f" at level {self.level} ({self.scale} image pixels per pixel)" if self.level else ""
        return (
            f"tiling of {self.image}: {len(self.tiles)} tiles of {self.size} pixels that overlap by {self.overlap}"
            f"{level}, edge {self.edge}{dropped}"
        )

    __str__ = __repr__  # a document would print all its tiles


def tile_starts(length: int, size: int, overlap: int, edge: Edge = "shift") -> list[int]:
    """Starts of the tiles along one side of `length` pixels.

    "shift": every pixel is covered; the last tile is shifted inwards so that it ends at the edge, and a side shorter
    than `size` gets one tile at 0. "reflect": the last tile stays in step and may reach over the edge. "drop": only
    tiles in step that are inside.
    """
    stride = size - overlap
    if edge == "drop":
        return list(range(0, length - size + 1, stride))
    count = max(0, -(-(length - size) // stride)) + 1  # ceil: the last tile covers the rest
    if edge == "reflect":
        return [i * stride for i in range(count)]
    return [max(0, min(i * stride, length - size)) for i in range(count)]


def tile_grid(shape: tuple[int, int], size: int, overlap: int, edge: Edge = "shift") -> tuple[Tile, ...]:
    """Tiles of `size` x `size` pixels over an image of `shape` (H, W), row by row; `overlap` in pixels.

    Raises InputError when size < 16, overlap is not in 0..size/2, one is no whole number, or "drop" leaves no tile.
    """
    size, overlap = _whole(size, "size"), _whole(overlap, "overlap")
    if size < 16:
        raise InputError(f"Tile size {size} is too small: give 16 pixels or more, as in tile(image, size=512).")
    if not 0 <= overlap <= size // 2:
        raise InputError(f"Overlap {overlap} is not allowed for tiles of {size}: give 0 to {size // 2} pixels.")
    if edge not in get_args(Edge):
        raise InputError(f"edge={edge!r} is not allowed: give one of {', '.join(map(repr, get_args(Edge)))}.")
    height, width = shape
    if edge == "drop" and size > min(shape):
        raise InputError(
            f"No tile of {size} fits into {width} x {height} pixels: give a smaller size, or edge='shift' or 'reflect'."
        )
    size_in = (lambda side: size) if edge == "reflect" else (lambda side: min(size, side))
    return tuple(
        Tile(x, y, size_in(width), size_in(height))
        for y in tile_starts(height, size, overlap, edge)
        for x in tile_starts(width, size, overlap, edge)
    )


def _whole(number: int, name: str) -> int:
    """As a Python int, also from numpy's."""
    try:
        return index(number)
    except TypeError as error:
        raise InputError(f"{name}={number!r} is not allowed: give a whole number of pixels.") from error


def cut_image(
    image: str, shape: tuple[int, int], *, size: int, overlap: int, edge: Edge, level: int = 0, scale: float = 1
) -> Tiling:
    """Cut the level of an image that has `shape` (h, w) in its pixels and `scale` image pixels per pixel.

    Raises InputError as `tile_grid` does, and when `scale` is no whole number.
    """
    if scale != int(scale):
        raise InputError(
            f"Level {level} of '{image}' has {scale:g} image pixels per pixel: choose a level with a whole number."
        )
    tiles = tuple(tile.to_image(int(scale)) for tile in tile_grid(shape, size, overlap, edge))
    return Tiling(
        name=image,
        image=image,
        size=int(size),
        overlap=int(overlap),
        tiles=tiles,
        edge=edge,
        level=level,
        scale=int(scale),
        shape=shape,
    )


def keep_tiles(tiling: Tiling, shares: Sequence[float], foreground: Foreground) -> Tiling:
    """The tiling with the tiles whose share of foreground reaches `foreground.min_share`; the others are dropped.

    Raises InputError when none is left.
    """
    kept = tuple(t for t, share in zip(tiling.tiles, shares, strict=True) if share >= foreground.min_share)
    if not kept:
        raise InputError(
            f"No tile of '{tiling.image}' has {100 * foreground.min_share:g} % tissue (the most is "
            f"{100 * max(shares):.3g} %): lower min_share, or keep all with keep='all'."
        )
    dropped = tuple(t for t, share in zip(tiling.tiles, shares, strict=True) if share < foreground.min_share)
    return tiling.model_copy(update={"tiles": kept, "dropped": dropped, "foreground": foreground})
