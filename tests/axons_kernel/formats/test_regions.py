"""Even-odd regions as polygons with holes, islands, and key-holes; and outlines that cross themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axons_kernel.annotations import Ring
from axons_kernel.formats.crossings import crossing
from axons_kernel.formats.regions import are_islands, keyhole, ring_area, with_holes, without_keyholes
from axons_kernel.rasterize import fill_rings

WINDOW = (0, 0, 20, 20)
point = st.tuples(st.integers(0, 40).map(lambda n: n / 2), st.integers(0, 40).map(lambda n: n / 2))
ring = st.lists(point, min_size=3, max_size=6).map(tuple)


def square(x: float, y: float, side: float) -> Ring:
    return ((x, y), (x + side, y), (x + side, y + side), (x, y + side))


OUTER, HOLE, ISLAND = square(1, 1, 15), square(3, 3, 10), square(5, 5, 4)


def test_hole_in_an_island_in_a_hole() -> None:
    polygons, same = with_holes([ISLAND, HOLE, OUTER, square(17, 17, 2)])
    assert same and sorted(polygons) == sorted([(OUTER, HOLE), (ISLAND,), (square(17, 17, 2),)])


@given(st.lists(ring, min_size=1, max_size=4))
def test_polygons_with_holes_cover_the_same(rings: list[Ring]) -> None:
    polygons, same = with_holes(rings)
    depth = np.zeros((20, 20), int)
    for outer, *holes in polygons:
        inside = fill_rings([outer], WINDOW)
        for hole in holes:
            assert not (fill_rings([hole], WINDOW) & ~inside).any()
            inside &= ~fill_rings([hole], WINDOW)
        depth += inside
    np.testing.assert_array_equal(depth, fill_rings(rings, WINDOW))
    if same:
        assert sorted(r for polygon in polygons for r in polygon) == sorted(rings)


def test_islands() -> None:
    assert are_islands([OUTER]) and are_islands([square(0, 0, 4), square(6, 6, 4)]) and are_islands([])
    assert not are_islands([OUTER, HOLE]) and not are_islands([square(0, 0, 6), square(3, 3, 6)])


@given(st.lists(ring, min_size=1, max_size=4))
def test_keyholes_cover_the_same(rings: list[Ring]) -> None:
    np.testing.assert_array_equal(fill_rings([keyhole(rings)], WINDOW), fill_rings(rings, WINDOW))
    np.testing.assert_array_equal(fill_rings(without_keyholes(keyhole(rings)), WINDOW), fill_rings(rings, WINDOW))


def test_keyholes_are_undone() -> None:
    assert without_keyholes(keyhole([OUTER, HOLE, ISLAND])) == (OUTER, HOLE, ISLAND)
    assert without_keyholes(keyhole([OUTER])) == (OUTER,)
    closed = (*OUTER, *HOLE, OUTER[0])
    assert without_keyholes(closed) == (closed[:-1],)  # a ring that is closed, as some programs write it


def test_area() -> None:
    assert ring_area(OUTER) == 225 == ring_area(OUTER[::-1])


def crosses_by_hand(points: Ring) -> bool:
    """Every pair of edges."""

    def side(a: tuple[float, float], b: tuple[float, float], p: tuple[float, float]) -> float:
        return float(np.sign((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])))

    edges = [(points[i], points[(i + 1) % len(points)]) for i in range(len(points))]
    return any(
        side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0
        for i, (a, b) in enumerate(edges)
        for c, d in edges[i + 1 :]
    )


@given(st.lists(ring, min_size=1, max_size=4))
def test_crossing_outlines(rings: list[Ring]) -> None:
    assert crossing(rings).tolist() == [crosses_by_hand(r) for r in rings]


def test_a_spiral_does_not_cross_itself() -> None:
    turns = np.linspace(0, 6 * np.pi, 400)
    out = np.stack([turns * np.cos(turns), turns * np.sin(turns)], axis=1)
    back = np.stack([(turns + 1) * np.cos(turns), (turns + 1) * np.sin(turns)], axis=1)[::-1]
    spiral = tuple((float(x), float(y)) for x, y in np.concatenate([out[20:], back[:-20]]))
    assert not crossing([spiral])[0]
    assert crossing([(*spiral[:50], (0.0, 15.0), *spiral[50:])])[0]


def test_no_outlines() -> None:
    assert crossing([]).shape == (0,)


def test_pieces_of_the_sweep_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long outlines are looked at in pieces; a crossing in any of them counts."""
    monkeypatch.setattr("axons_kernel.formats.crossings._MOST_PAIRS", 50)
    zigzag = tuple((float(x), 10.0 + (x % 2)) for x in range(60)) + tuple((float(x), 0.0) for x in range(60, 0, -1))
    assert not crossing([zigzag])[0]
    for at in (5, 30, 55):
        assert crossing([(*zigzag[:at], (zigzag[at][0], -5.0), *zigzag[at + 1 :])])[0]
