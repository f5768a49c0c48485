"""Clipping, hit tests and the index of labels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from axons_kernel.annotations import BoxLabel, OpaqueLabel, PointLabel, PolygonLabel, Ring
from axons_kernel.rasterize import fill_rings
from axons_kernel.widget.outlines import LabelIndex, Outline, clip_ring, covers_a_pixel, simplify

WINDOW = (0, 0, 20, 15)
coordinates = st.floats(-30, 50)
rings = st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=12).map(tuple)
SQUARE = ((2.0, 2.0), (8.0, 2.0), (8.0, 8.0), (2.0, 8.0))
HOLE = ((4.0, 4.0), (6.0, 4.0), (6.0, 6.0), (4.0, 6.0))


def off_the_edges(ring: Ring) -> NDArray[np.bool_]:
    """(15, 20) bool: the pixel centres that do not lie on an edge, where rounding alone decides."""
    rows, cols = np.mgrid[0:15, 0:20]
    centres = np.stack((cols + 0.5, rows + 0.5), axis=-1)
    clear = np.ones((15, 20), dtype=bool)
    for a, b in zip(np.array(ring), np.roll(ring, -1, axis=0), strict=True):
        along = b - a
        length2 = float(along @ along) or 1.0
        part = np.clip((centres - a) @ along / length2, 0, 1)
        clear &= np.linalg.norm(centres - (a + part[..., None] * along), axis=-1) > 1e-6
    return clear


@given(rings)
def test_clipping_changes_no_pixel_of_the_image(ring: Ring) -> None:
    clipped = clip_ring(ring, WINDOW[2:])
    assert all(0 <= x <= 20 and 0 <= y <= 15 for x, y in clipped)
    different = fill_rings([ring], WINDOW) != fill_rings([clipped], WINDOW)
    assert not np.any(different & off_the_edges(ring))


def test_clipping_far_outside_leaves_nothing_to_fill() -> None:
    assert not covers_a_pixel(clip_ring(((30, 30), (40, 30), (40, 40)), WINDOW[2:]), WINDOW[2:])


@given(rings)
def test_a_point_is_in_an_outline_when_its_pixel_is_filled(ring: Ring) -> None:
    outline = Outline.of(PolygonLabel(label_class="a", regions=(ring,)))
    filled = fill_rings([ring], WINDOW)
    hits = [[outline.contains((col + 0.5, row + 0.5)) for col in range(20)] for row in range(15)]
    assert not np.any((filled != np.array(hits)) & off_the_edges(ring))


def test_simplify_drops_points_on_a_line_and_keeps_corners() -> None:
    dense = ((0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (4, 2), (4, 4), (0, 4))
    assert set(simplify(dense, 0.1)) == {(0, 0), (4, 0), (4, 4), (0, 4)}


def test_index_finds_the_top_label_first_and_respects_holes() -> None:
    below = BoxLabel(label_class="a", centre=(5, 5), size=(10, 10))
    ring = PolygonLabel(label_class="a", regions=(SQUARE, HOLE))
    point = PointLabel(label_class="a", position=(3, 3))
    index = LabelIndex.of((below, ring, point, OpaqueLabel(label_class=None, raw={})))
    assert index.at((3, 3), 1) == (point.object_id, ring.object_id, below.object_id)
    assert index.at((5, 5), 1) == (below.object_id,)
    assert index.at((50, 50), 1) == ()


def test_index_keeps_outlines_of_unchanged_labels_and_reports_what_changed() -> None:
    kept = PolygonLabel(label_class="a", regions=(SQUARE,))
    added = BoxLabel(label_class="a", centre=(12, 10), size=(4, 2))
    before = LabelIndex.of((kept,))
    after = LabelIndex.of((kept, added), before)
    assert after.outlines[0] is before.outlines[0]
    assert after.changed_box(before) == (10, 9, 14, 11) == before.changed_box(after)
    assert after.changed_box(LabelIndex.of((kept, added))) is None
    assert LabelIndex.of((OpaqueLabel(raw={}),)).changed_box(LabelIndex.of(())) is None
