"""The rasteriser agrees with golden results, with slow arithmetic one pixel at a time, and with `rasterize`."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from axons_kernel.errors import InputError
from axons_kernel.rasterize import Window, fill_rings
from axons_kernel.widget import booleans, ink

DATA = Path(__file__).parents[2] / "data" / "annotate"
RASTER = json.loads((DATA / "raster.json").read_text())
BOOLEANS = json.loads((DATA / "booleans.json").read_text())
named = {"ids": lambda case: case["name"]}

windows = st.tuples(st.integers(-20, 60), st.integers(-20, 60), st.integers(1, 14), st.integers(1, 14))
positions = st.integers(-600, 1600)


def mask(rows: list[str]) -> NDArray[np.bool_]:
    return np.array([[c == "#" for c in row] for row in rows])


def numbers(rows: list[str]) -> NDArray[np.uint32]:
    return np.array([[0 if c == "." else int(c) for c in row] for row in rows], np.uint32)


@pytest.mark.parametrize("case", RASTER["strokes"], **named)
def test_golden_strokes(case: dict[str, Any]) -> None:
    got = ink.stroke(case["points"], case["radii"], tuple(case["window"]))
    np.testing.assert_array_equal(got, mask(case["mask"]))


@pytest.mark.parametrize("case", RASTER["polygons"], **named)
def test_golden_polygons(case: dict[str, Any]) -> None:
    window = tuple(case["window"])
    np.testing.assert_array_equal(ink.polygon(case["rings"], window), mask(case["mask"]))


@pytest.mark.parametrize("case", RASTER["fills"], **named)
def test_golden_fills(case: dict[str, Any]) -> None:
    np.testing.assert_array_equal(ink.fill(numbers(case["ids"]), tuple(case["start"])), mask(case["mask"]))


def on_the_line(x: int, y: int, a: tuple[int, int], b: tuple[int, int], radius: int) -> bool:
    """Whether a pixel centre is at most `radius` away from the line a-b, in Python's own integers."""
    (dx, dy), (ex, ey) = (b[0] - a[0], b[1] - a[1]), (x - a[0], y - a[1])
    along, length = ex * dx + ey * dy, dx * dx + dy * dy
    if along <= 0:
        return ex * ex + ey * ey <= radius**2
    if along >= length:
        return (x - b[0]) ** 2 + (y - b[1]) ** 2 <= radius**2
    return bool((ex * dy - ey * dx) ** 2 <= radius**2 * length)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(positions, positions), min_size=1, max_size=4), st.integers(0, 300), windows)
def test_a_stroke_is_all_that_is_near_its_line(line: list[tuple[int, int]], radius: int, window: Window) -> None:
    x0, y0, width, height = window
    parts = list(itertools.pairwise(line)) or [(line[0], line[0])]
    want = [
        [any(on_the_line(16 * c + 8, 16 * r + 8, a, b, radius) for a, b in parts) for c in range(x0, x0 + width)]
        for r in range(y0, y0 + height)
    ]
    got = ink.stroke([v for point in line for v in point], radius, window)
    np.testing.assert_array_equal(got, np.array(want))


rings = st.lists(st.lists(st.tuples(positions, positions), min_size=3, max_size=9), min_size=1, max_size=3)


@settings(max_examples=200, deadline=None)
@given(rings, windows)
def test_a_polygon_is_filled_as_the_saved_label_is(outlines: list[list[tuple[int, int]]], window: Window) -> None:
    """What is drawn in the browser is what training masks are made of: `rasterize` on the same corners in pixels."""
    saved = fill_rings([tuple((x / 16, y / 16) for x, y in ring) for ring in outlines], window)
    np.testing.assert_array_equal(ink.polygon([[v for p in ring for v in p] for ring in outlines], window), saved)


@pytest.mark.parametrize("case", BOOLEANS["combine"], **named)
def test_golden_booleans(case: dict[str, Any]) -> None:
    ids, window = numbers(BOOLEANS["ids"]), tuple(BOOLEANS["window"])
    options = {key: case[key] for key in ("target", "new", "protect")}
    if case["after"] is None:
        with pytest.raises(InputError, match=r"^[A-Z].*\.$"):
            booleans.combine(ids, mask(case["region"]), case["mode"], **options)
        return
    after = booleans.combine(ids, mask(case["region"]), case["mode"], **options)
    np.testing.assert_array_equal(after, numbers(case["after"]))
    rect = booleans.changed_rect(ids, after, window)
    assert rect == tuple(case["rect"])
    assert booleans.checksum(booleans.cut(after, window, rect)) == case["crc"]


def test_golden_merges() -> None:
    for case in BOOLEANS["merge"]:
        ids = numbers(BOOLEANS["ids"])
        if case["after"] is None:
            with pytest.raises(InputError, match="two or more"):
                booleans.merge(ids, tuple(case["numbers"]))
        else:
            np.testing.assert_array_equal(booleans.merge(ids, tuple(case["numbers"])), numbers(case["after"]))
