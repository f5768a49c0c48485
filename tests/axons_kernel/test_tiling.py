"""Tilings: each edge policy covers what it promises, and places go to a level and back without loss."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axons_kernel.errors import InputError
from axons_kernel.tiling import Edge, Foreground, Tile, Tiling, cut_image, keep_tiles, tile_grid, tile_starts

shapes = st.tuples(st.integers(1, 150), st.integers(1, 150))
sizes = st.integers(16, 64).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size // 2)))
edges = st.sampled_from(("shift", "reflect", "drop"))


def tiling(shape: tuple[int, int] = (100, 160), size: int = 32, overlap: int = 8, **options: Any) -> Tiling:
    return cut_image("a", shape, size=size, overlap=overlap, **{"edge": "shift", **options})


@given(shapes, sizes)
def test_grid_covers_every_pixel_and_stays_inside(shape: tuple[int, int], size_overlap: tuple[int, int]) -> None:
    size, overlap = size_overlap
    tiles = tile_grid(shape, size, overlap)
    covered = np.zeros(shape, int)
    for tile in tiles:
        assert tile.cut(covered).shape == (tile.height, tile.width) == (min(size, shape[0]), min(size, shape[1]))
        tile.cut(covered)[...] += 1
    assert covered.min() >= 1
    assert len(set(tiles)) == len(tiles)
    assert list(tiles) == sorted(tiles, key=lambda t: (t.y, t.x))


@given(shapes, sizes)
def test_reflect_covers_with_whole_tiles_in_step(shape: tuple[int, int], size_overlap: tuple[int, int]) -> None:
    size, overlap = size_overlap
    covered = np.zeros(shape, int)
    for tile in tile_grid(shape, size, overlap, "reflect"):
        assert tile.width == tile.height == size and tile.x % (size - overlap) == tile.y % (size - overlap) == 0
        assert min(tile.clipped(shape)[2:]) > min(overlap, min(shape) - 1)  # each holds pixels that no other has
        tile.clipped(shape).cut(covered)[...] += 1
    assert covered.min() >= 1


@given(shapes, sizes)
def test_drop_keeps_only_whole_tiles_inside(shape: tuple[int, int], size_overlap: tuple[int, int]) -> None:
    size, overlap = size_overlap
    if size > min(shape):
        with pytest.raises(InputError, match="give a smaller size, or edge='shift' or 'reflect'"):
            tile_grid(shape, size, overlap, "drop")
        return
    tiles = tile_grid(shape, size, overlap, "drop")
    assert all(tile.clipped(shape) == tile and tile.width == tile.height == size for tile in tiles)
    last = tiles[-1]
    assert shape[1] - (last.x + size) < size - overlap and shape[0] - (last.y + size) < size - overlap


@given(st.integers(1, 500), sizes)
def test_neighbours_overlap_at_least_as_asked(length: int, size_overlap: tuple[int, int]) -> None:
    size, overlap = size_overlap
    starts = tile_starts(length, size, overlap)
    assert starts[0] == 0 and starts[-1] == max(0, length - size)
    assert all(overlap <= size - (b - a) < size for a, b in pairwise(starts))
    assert len(starts) == max(1, -(-(length - overlap) // (size - overlap)))


@pytest.mark.parametrize(
    ("size", "overlap", "edge", "message"),
    [
        (15, 0, "shift", "Tile size 15 is too small: give 16 pixels or more"),
        (-1, 0, "shift", "Tile size -1 is too small"),
        (64, -1, "shift", "Overlap -1 is not allowed for tiles of 64: give 0 to 32 pixels"),
        (64, 33, "shift", "Overlap 33 is not allowed"),
        (64.5, 0, "shift", "size=64.5 is not allowed: give a whole number of pixels"),
        (64, "8", "shift", "overlap='8' is not allowed: give a whole number"),
        (64, 0, "wrap", "edge='wrap' is not allowed: give one of 'shift', 'reflect', 'drop'"),
        (101, 0, "drop", "No tile of 101 fits into 100 x 100 pixels"),
    ],
)
def test_bad_grid(size: Any, overlap: Any, edge: Edge, message: str) -> None:
    with pytest.raises(InputError, match=message):
        tile_grid((100, 100), size, overlap, edge)


def test_cut_is_a_view() -> None:
    pixels = np.zeros((20, 30, 3))
    Tile(5, 2, 4, 3).cut(pixels)[...] = 1
    assert pixels.sum() == 36 and pixels[2:5, 5:9].all()


# -- levels ---------------------------------------------------------------------------------------------------------


@given(st.builds(Tile, *[st.integers(0, 10**6)] * 4), st.integers(1, 64))
def test_to_the_image_and_back(tile: Tile, scale: int) -> None:
    image_tile = tile.to_image(scale)
    assert image_tile.to_level(scale) == tile
    assert image_tile.contains(tile.x * scale, tile.y * scale) == (tile.width > 0 and tile.height > 0)


@given(st.integers(0, 500), st.integers(2, 16))
def test_a_place_between_a_levels_pixels(x: int, scale: int) -> None:
    tile = Tile(x, 0, scale, scale)
    if x % scale:
        with pytest.raises(InputError, match=f"give multiples of {scale}"):
            tile.to_level(scale)
    else:
        assert tile.to_level(scale) == Tile(x // scale, 0, 1, 1)


@given(shapes, sizes, edges, st.sampled_from((1, 2, 4, 8)))
def test_a_tiling_at_a_level(shape: tuple[int, int], size_overlap: tuple[int, int], edge: Edge, scale: int) -> None:
    if edge == "drop" and size_overlap[0] > min(shape):
        return
    cut = tiling(shape, *size_overlap, edge=edge, level=1, scale=scale)
    assert cut.level_tiles == tile_grid(shape, *size_overlap, edge) and cut.level_shape == shape
    whole = (shape[0] * scale, shape[1] * scale)
    assert all(tile.clipped(whole) == tile for tile in cut.inside_tiles)
    assert (cut.inside_tiles == cut.tiles) == (edge != "reflect" or all(t.clipped(whole) == t for t in cut.tiles))


def test_a_level_must_have_whole_pixels() -> None:
    with pytest.raises(InputError, match=r"Level 2 of 'a' has 3\.5 image pixels per pixel"):
        tiling(level=2, scale=3.5)


# -- neighbours and points ------------------------------------------------------------------------------------------


@given(shapes, sizes, edges, st.data())
def test_the_tile_at_a_point(
    shape: tuple[int, int], size_overlap: tuple[int, int], edge: Edge, data: st.DataObject
) -> None:
    if edge == "drop" and size_overlap[0] > min(shape):
        return
    cut = tiling(shape, *size_overlap, edge=edge)
    x, y = data.draw(st.integers(0, shape[1] - 1)), data.draw(st.integers(0, shape[0] - 1))
    having = [t for t in cut.tiles if t.x <= x < t.x + t.width and t.y <= y < t.y + t.height]
    if not having:
        assert edge == "drop"
        with pytest.raises(InputError, match=f"The point x={x}, y={y} is in no tile of 'a'"):
            cut.tile_at(x, y)
        return
    middle = {t: (t.x + t.width / 2 - x) ** 2 + (t.y + t.height / 2 - y) ** 2 for t in having}
    assert middle[cut.tile_at(x, y)] == min(middle.values())


@given(shapes, sizes, edges)
def test_neighbours_see_each_other(shape: tuple[int, int], size_overlap: tuple[int, int], edge: Edge) -> None:
    if edge == "drop" and size_overlap[0] > min(shape):
        return
    cut = tiling(shape, *size_overlap, edge=edge)
    columns, rows = len({t.x for t in cut.tiles}), len({t.y for t in cut.tiles})
    for number, tile in enumerate(cut.tiles):
        row, column = divmod(number, columns)
        expected = [
            cut.tiles[r * columns + c]
            for r in range(max(0, row - 1), min(rows, row + 2))
            for c in range(max(0, column - 1), min(columns, column + 2))
            if (r, c) != (row, column)
        ]
        assert list(cut.neighbours(tile)) == expected


def test_neighbours_of_a_stranger_and_of_a_dropped_tile() -> None:
    cut = tiling((96, 96), 32, 0)
    with pytest.raises(InputError, match=r"Tile\(x=1, y=0, width=32, height=32\) is no tile of 'a'"):
        cut.neighbours(Tile(1, 0, 32, 32))
    kept = keep_tiles(cut, [1, 0, 1] * 3, Foreground(background="bright", threshold=200, min_share=0.5))
    assert kept.neighbours(Tile(0, 0, 32, 32)) == (Tile(0, 32, 32, 32),)  # x=32 is dropped, x=64 is two away


# -- tissue and the document ------------------------------------------------------------------------------------------


def test_dropped_tiles_are_remembered() -> None:
    cut = tiling((64, 96), 32, 0)
    kept = keep_tiles(cut, [0.0, 0.1, 0.2, 0.3, 0.4, 0.5], Foreground(background="dark", threshold=9, min_share=0.2))
    assert kept.tiles == cut.tiles[2:] and kept.dropped == cut.tiles[:2]
    assert Tiling.decode(kept.encode(), "x") == kept
    with pytest.raises(InputError, match="The point x=3, y=3 is in a tile without tissue"):
        kept.tile_at(3, 3)
    with pytest.raises(InputError, match=r"No tile of 'a' has 60 % tissue \(the most is 50 %\): lower min_share"):
        keep_tiles(cut, [0.5] * 6, Foreground(background="dark", threshold=9, min_share=0.6))


def test_tiling_round_trip_and_what_it_says() -> None:
    cut = tiling((100, 150), 32, 8, edge="reflect", level=2, scale=4)
    again = Tiling.decode(cut.encode(), "x")
    assert again == cut and isinstance(again.tiles[0], Tile)
    assert again.neighbours(again.tiles[0]) == cut.neighbours(cut.tiles[0]) and again == cut
    assert repr(cut) == (
        "tiling of a: 24 tiles of 32 pixels that overlap by 8 at level 2 (4 image pixels per pixel), edge reflect"
    )


def test_numbers_of_numpy_are_stored_as_any_other() -> None:
    cut = tiling((100, 150), np.int64(32), np.uint8(8))  # type: ignore[arg-type]
    assert cut == tiling((100, 150), 32, 8) and cut.encode() == tiling((100, 150), 32, 8).encode()


def test_a_file_from_before_edges_and_levels() -> None:
    old = (
        b'{"schema": "axons.tiling/1", "name": "a", "image": "a", "size": 16, "overlap": 0, "tiles": [[0, 0, 16, 12]]}'
    )
    cut = Tiling.decode(old, "tilings/a.json")
    assert (cut.edge, cut.level, cut.scale, cut.dropped, cut.level_shape) == ("shift", 0, 1, (), (12, 16))
    assert cut.level_tiles == cut.inside_tiles == cut.tiles == (Tile(0, 0, 16, 12),)
